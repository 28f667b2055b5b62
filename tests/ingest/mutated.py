"""Deliveries that go wrong in ways nobody thought of: valid ones, changed at random from a seed.

Belongs here: valid deliveries of some feeds in every format, and which change a seed makes of them.
Does not belong here: the changes themselves (mutated_content, mutated_bytes), judging what became
of them (test_ingest_mutated).
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from mutated_bytes import change_bytes
from mutated_content import Table, change_content
from mutated_formats import write

FORMATS = ("csv", "xlsx", "sav", "parquet")
ADDRESS = "geheim.persoon@voorbeeld.nl"
TELEPHONE = "06-98765432"
SECRETS = ("geheim.persoon", "98765432")
"""What is looked for wherever it may not be."""
NRS = ("637", "GM0637", "14", "GM0014")


@dataclass(frozen=True)
class Mutated:
    """One changed delivery; `rows` is how many it has if it can be read, None if nobody knows."""

    seed: int
    feed: str
    extension: str
    content: bytes
    rows: int | None
    how: tuple[str, ...]

    @property
    def file(self) -> str:
        """Where it lies below landing."""
        return f"{self.feed}/20210105 {self.seed}.{self.extension}"


def mutated(seed: int) -> Mutated:
    """Make the delivery of a seed; formats take turns, half of the changes are to bytes."""
    chance = random.Random(seed)  # noqa: S311
    extension = FORMATS[seed % len(FORMATS)]
    feed = chance.choice(tuple(FEEDS))
    table = valid(feed, chance)
    if chance.random() < 0.5:
        how = change_content(table, extension, chance)
        content = write(table, extension, chance)
        return Mutated(seed, feed, extension, content, table.expected, how)
    content = write(table, extension, chance)
    other = write(valid(chance.choice(tuple(FEEDS)), chance), chance.choice(FORMATS), chance)
    content, how = change_bytes(content, other, extension, chance)
    return Mutated(seed, feed, extension, content, None, how)


def valid(feed: str, chance: random.Random) -> Table:
    """Make a delivery of 10 to 30 rows that would be accepted, with some columns left out."""
    required, optional = FEEDS[feed]
    names = [*required, *chance.sample(sorted(optional), chance.randint(0, len(optional)))]
    if chance.random() < 0.3:
        names.append("intern")
    chance.shuffle(names)
    values = {**required, **optional, "intern": ("x", "y", "")}
    count = chance.choice((10, 20, 30))
    rows: list[list[object]] = [
        [_value(values[name], chance, number) for name in names] for number in range(count)
    ]
    return Table(names, rows, form={"extension": "csv"})


def _value(choices: tuple[str, ...], chance: random.Random, number: int) -> str:
    return f"{choices[0][:-1]}{number}" if choices[0].endswith("#") else chance.choice(choices)


GRADES = ("1", "6", "7,5", "8", "10", "", "99", "geen oordeel")
CODES = ("1", "2", "3", "4", "5", "", "weet niet")
RATINGS = ("1", "2", "3", "4", "5", "0", "6", "Blank")
TEXTS = (
    "",
    "Prima geholpen",
    f"Mail mij op {ADDRESS}",
    f"Bel {TELEPHONE} a.u.b.",
    'Één café; \'t was "goed"',
    "Twee\nregels",
)
DAYS = ("01-10-2020", "2020-10-15", "2020-11-30T12:30:00", "31-12-2020 09:15")
LATER = ("01-01-2021", "2021-01-02", "2021-01-03T08:00:00+01:00")
RESPONSE = {
    "respons_id": ("r#",),
    "gemeentecode": NRS,
    "product": ("paspoort", "rijbewijs", "overig"),
    "datum_contact": DAYS,
    "datum_invul": LATER,
}
ANY_RESPONSE = {
    "uitnodiging_id": ("u#",),
    "totaaloordeel": GRADES,
    "moeite": CODES,
    "toelichting": TEXTS,
    "verbetertip": TEXTS,
}
FEEDS: dict[str, tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]] = {
    "counter": (
        RESPONSE,
        ANY_RESPONSE | {"wachttijd": GRADES, "privacy": GRADES, "in_een_keer": ("1", "2", "9")},
    ),
    "digital": (
        RESPONSE,
        ANY_RESPONSE | {"vindbaar": CODES, "informatie_vooraf": ("1", "1|2", "3|4|5", "")},
    ),
    "invitations": (
        {
            "uitnodiging_id": ("u#",),
            "gemeentecode": NRS,
            "kanaal": ("counter", "digital"),
            "product": ("paspoort", "rijbewijs"),
            "verzonden_op": DAYS,
        },
        {
            "batch_id": ("b1", "b2"),
            "methode": ("inviter", "zuil", ""),
            "email": (ADDRESS, "", f"2{ADDRESS}"),
            "status": ("verzonden", "bezorgd", ""),
            "herinnerd_op": LATER,
        },
    ),
    "sfo_2016": (
        {
            "RESPNUM": ("#",),
            "INTDATE": ("5/21/2016 12:00:00 AM", "5/3/2016 3:15:00 PM"),
            "METHOD": ("1", "2"),
            "BAREA": ("A", "B", "G"),
            "WEIGHT": ("0.9", "1.25", "1"),
        },
        {"Q7ALL": RATINGS, "Q7ART": RATINGS, "Q9ALL": RATINGS, "Q10SAFE": RATINGS},
    ),
    "burgerpeiling": (
        {
            "respondent": ("#",),
            "gemnr": ("637", "14", "GM0637"),
            "jr": ("2018", "2019", "2020"),
            "weging": ("1", "0,75", "1,2"),
        },
        {"dv01": ("1", "7", "10", ""), "dv06": ("1", "7", "10", ""), "dv02": ("1", "2", "")},
    ),
}

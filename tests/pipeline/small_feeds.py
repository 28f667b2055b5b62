"""One small quarter, as three municipalities would deliver it: checked by hand in every number.

Most of it is of GM0637: twelve answers at the desk and ten by telephone. GM0363 has twelve answers
to thirty invitations, GM0518 nine answers on line, which is one too few.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
import polars as pl

from dagster_project.common.settings import Settings
from dagster_project.orchestration.pipeline import refresh
from dagster_project.release.order import Order, Selection

ITEMS = (
    "deskundigheid",
    "bereidheid",
    "inleving",
    "verantwoordelijkheid",
    "meedenken",
    "vertegenwoordiging",
)

# grade, effort, the six items: one line per respondent at the desk
DESK = (
    ("8", "1", "999999"),
    ("8", "1", "999999"),
    ("8", "1", "888888"),
    ("8", "1", "888888"),
    ("8", "2", "777777"),
    ("8", "2", "777777"),
    ("6", "2", "666666"),
    ("6", "3", "666666"),
    ("6", "3", "555555"),
    ("10", "4", "987987"),
    ("10", "4", "987   "),
    ("", "5", "99    "),
)


def counter() -> pl.DataFrame:
    """Twelve answers at the desk of GM0637, and twelve at that of GM0363."""
    return pl.concat([desk(), elsewhere()], how="diagonal").fill_null("")


def desk() -> pl.DataFrame:
    """Twelve answers: ten on one product, two on another; ten were invited."""
    rows = []
    for number, (grade, effort, items) in enumerate(DESK, start=1):
        rows.append(
            {
                "respons_id": f"b{number}",
                "gemeentecode": "GM0637",
                "product": "paspoort" if number <= 10 else "rijbewijs",
                "datum_contact": f"2020-10-{number:02d}",
                "datum_invul": f"2020-10-{number + 1:02d}",
                "uitnodiging_id": f"u{number}" if number <= 10 else "",
                "totaaloordeel": grade,
                "moeite": effort,
                **{item: digit.strip() for item, digit in zip(ITEMS, items, strict=True)},
                "toelichting": "Prima geholpen, één keer één loket" if number <= 3 else "",
                "verbetertip": "geen oordeel" if number == 4 else "",
            }
        )
    return pl.DataFrame(rows)


def elsewhere() -> pl.DataFrame:
    """Twelve answers on one product, everybody invited: six grades of 7 and six of 9."""
    return pl.DataFrame(
        [
            {
                "respons_id": f"a{number}",
                "gemeentecode": "GM0363",
                "product": "paspoort",
                "datum_contact": "2020-10-20",
                "datum_invul": "2020-10-21",
                "uitnodiging_id": f"a{number}",
                "totaaloordeel": "7" if number % 2 else "9",
                "moeite": "1",
            }
            for number in range(1, 13)
        ]
    )


def digital() -> pl.DataFrame:
    """Nine answers on line, of GM0518: one too few to show."""
    return pl.DataFrame(
        [
            {
                "respons_id": f"d{number}",
                "gemeentecode": "GM0518",
                "product": "paspoort",
                "datum_contact": "2020-11-02",
                "datum_invul": "2020-11-03",
                "totaaloordeel": "7",
                "moeite": "2",
                "taal_duidelijk": str(1 + number % 5),
                "informatie_vooraf": "1|3" if number % 2 else "",
            }
            for number in range(9)
        ]
    )


def telephone() -> pl.DataFrame:
    """Ten answers by telephone, of GM0637."""
    return pl.DataFrame(
        [
            {
                "respons_id": f"t{number}",
                "gemeentecode": "GM0637",
                "product": "verhuismelding",
                "datum_contact": "2020-12-01",
                "datum_invul": "2020-12-01",
                "totaaloordeel": "9",
                "moeite": "1",
                "in_een_keer": "1" if number < 6 else "9" if number == 6 else "2",
            }
            for number in range(10)
        ]
    )


def invitations() -> pl.DataFrame:
    """Twenty invitations: two came back, one opted out, ten were answered. Thirty of GM0363.

    Four of the ten answered at a kiosk, and how the last one of the twenty was approached is not
    said. In GM0363 nobody answered to a card.
    """
    status = {"u18": "onbestelbaar", "u19": "onbestelbaar", "u20": "afgemeld"}
    method = dict.fromkeys(("u1", "u2", "u3", "u4", "u11", "u18"), "zuil") | {"u20": ""}
    method |= dict.fromkeys((f"a{number}" for number in range(16, 31)), "kaartje")
    places = [("GM0637", f"u{number}") for number in range(1, 21)]
    places += [("GM0363", f"a{number}") for number in range(1, 31)]
    return pl.DataFrame(
        [
            {
                "uitnodiging_id": invitation,
                "gemeentecode": municipality,
                "kanaal": "counter",
                "product": "paspoort",
                "methode": method.get(invitation, "inviter"),
                "verzonden_op": "2020-10-13",
                "email": f"klant-{invitation}@example.org",
                "status": status.get(invitation, "bezorgd"),
            }
            for municipality, invitation in places
        ]
    )


def quarter() -> dict[str, pl.DataFrame]:
    """Every feed of the quarter."""
    return {
        "counter": counter(),
        "digital": digital(),
        "telephone": telephone(),
        "invitations": invitations(),
    }


def deliver(settings: Settings, feeds: Mapping[str, pl.DataFrame], name: str) -> None:
    """Land each feed as one CSV file with semicolons."""
    for feed, frame in feeds.items():
        folder = settings.landing / feed
        folder.mkdir(exist_ok=True)
        frame.write_csv(folder / f"{name}.csv", separator=";")


YEARS = ("2020", "2021", "2022")
AS_IS = Order(as_is=Selection(periods=YEARS), reason="nothing else will come")
"""Publish years too of which some quarters were never delivered."""


def preview(settings: Settings) -> None:
    """Take in and build what was landed, and publish nothing."""
    refresh(settings, order=Order(publish=False))


def released(settings: Settings, sql: str, *, preview: bool = False) -> list[dict[str, Any]]:
    """Run a query on the current release, as a BI tool would; or on the preview."""
    folder = settings.preview if preview else settings.published / "current"
    path = folder / "kto.duckdb"
    with duckdb.connect(path, read_only=True) as connection:
        return connection.sql(sql).to_arrow_table().to_pylist()


def released_tables(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """Every published table, from its Parquet file."""
    folder = settings.published / "current" / "parquet"
    return {file.stem: pl.read_parquet(file).to_dicts() for file in sorted(folder.glob("*"))}

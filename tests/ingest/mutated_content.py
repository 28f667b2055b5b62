"""Changes to what a delivery says: its names, its rows and its cells.

Belongs here: changes after which it is known how many rows there are. Does not belong here: changes
to the bytes of the file (mutated_bytes), writing a format (mutated_formats).
"""

from __future__ import annotations

import random
import re
import string
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

SPREADSHEET = frozenset({"xlsx"})
TEXT = frozenset({"csv"})
TABLES = frozenset({"csv", "xlsx"})
TYPED = frozenset({"xlsx", "parquet"})
ALL = frozenset({"csv", "xlsx", "sav", "parquet"})


@dataclass
class Table:
    """A header, rows under it and rows above it.

    `form` says how it is written: what a format does with it is up to the writer.
    """

    header: list[str]
    rows: list[list[object]]
    above: list[list[object]] = field(default_factory=list)
    form: dict[str, object] = field(default_factory=dict)

    @property
    def expected(self) -> int | None:
        """Rows that must be read if the delivery can be: those with something in any column.

        None where line breaks are not quoted, so that a row is two.
        """
        if self.form.get("quotes") in {"single", "never"} or self.form.get("last line end"):
            return None
        beyond = self.form["extension"] in {"csv", "xlsx"}
        widest = None if beyond else len(self.header)
        return sum(
            any(cell is not None and str(cell).strip() for cell in row[:widest])
            for row in self.rows
        )


def sav_name(name: str) -> str:
    """Make of a name what a SAV file can have, so that a misspelt one may come out right."""
    return re.sub(r"\W|^[\d_]+", "", name.strip())[:60]


Change = Callable[[Table, random.Random], None]


def change_content(table: Table, extension: str, chance: random.Random) -> tuple[str, ...]:
    """Apply one to three changes that this format can hold; give their names."""
    table.form["extension"] = extension
    possible = [change for change, formats in CHANGES.items() if extension in formats]
    chosen = [chance.choice(possible) for _ in range(chance.choice((1, 1, 2, 3)))]
    for change in chosen:
        change(table, chance)
    return tuple(change.__name__ for change in chosen)


def _any_row(table: Table, chance: random.Random) -> list[object]:
    return chance.choice(table.rows) if table.rows else []


def _put(table: Table, chance: random.Random, values: tuple[object, ...]) -> None:
    """Put values in some cells of one column, or in cells anywhere."""
    if not table.rows:
        return
    column = chance.randrange(len(table.header))
    everywhere = chance.random() < 0.3
    for row in chance.sample(table.rows, min(len(table.rows), chance.choice((1, 1, 2, 5, 30)))):
        place = chance.randrange(len(row)) if everywhere and row else column
        if place < len(row):
            row[place] = chance.choice(values)


def misspell_a_name(table: Table, chance: random.Random) -> None:
    place = chance.randrange(len(table.header))
    name = table.header[place]
    at = chance.randrange(max(len(name), 1))
    table.header[place] = chance.choice(
        (
            name[:at] + name[at + 1 :],
            name[:at] + chance.choice(string.printable) + name[at:],
            name.replace("o", "\u043e"),
            name + "\u0301",
            unicodedata.normalize("NFD", name + "é"),
            f"\u200b{name}",
            f"\ufeff{name}",
            f"{name}\n(1-10)",
            name * 50,
            "naam@voorbeeld.nl",
            "0612345678",
            f'"{name}"',
            "row",
            "",
            "   ",
        )
    )


def respell_names(table: Table, chance: random.Random) -> None:
    spell = chance.choice(
        (str.upper, str.title, lambda name: f"  {name} ", lambda name: f"{name}\t")
    )
    table.header = [spell(name) for name in table.header]


def double_a_name(table: Table, chance: random.Random) -> None:
    first, second = (chance.randrange(len(table.header)) for _ in range(2))
    table.header[first] = table.header[second]


def swap_names(table: Table, chance: random.Random) -> None:
    first, second = (chance.randrange(len(table.header)) for _ in range(2))
    names = table.header
    names[first], names[second] = names[second], names[first]


def drop_a_column(table: Table, chance: random.Random) -> None:
    if len(table.header) == 1:
        return
    place = chance.randrange(len(table.header))
    del table.header[place]
    for row in table.rows:
        del row[place : place + 1]


def add_a_column(table: Table, chance: random.Random) -> None:
    name = chance.choice(("extra", "Extra ", "", "row", "x" * 300, "1", "\u0301", "extra\r\n2"))
    table.header.append(name)
    for row in table.rows:
        row.append(chance.choice(("", "", "iets", "2")))


def put_a_title_above(table: Table, chance: random.Random) -> None:
    width = len(table.header)
    for _ in range(chance.choice((1, 1, 2, 5, 30))):
        title = chance.choice(("Export KTO", "", "2020", "Totaal 8,2"))
        table.above.append([title, *[""] * (width - 1)])


def take_the_names_away(table: Table, chance: random.Random) -> None:
    table.header = [str(cell) for cell in _any_row(table, chance)] or [""]


def repeat_the_names(table: Table, chance: random.Random) -> None:
    table.rows.insert(chance.randint(0, len(table.rows)), list(table.header))


def double_a_row(table: Table, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 2, 20))):
        table.rows.append(list(_any_row(table, chance)))


def shuffle_rows(table: Table, chance: random.Random) -> None:
    chance.shuffle(table.rows)


def empty_rows(table: Table, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 2, 40))):
        blank: list[object] = [chance.choice(("", "", "  "))] * len(table.header)
        table.rows.insert(chance.randint(0, len(table.rows)), blank)


def no_rows(table: Table, chance: random.Random) -> None:
    del table.rows[chance.choice((0, 1)) :]


def blank_all_but_one(table: Table, chance: random.Random) -> None:
    row = _any_row(table, chance)
    if row:
        kept = chance.randrange(len(row))
        row[:] = [cell if place == kept else "" for place, cell in enumerate(row)]


def blank_a_column(table: Table, chance: random.Random) -> None:
    place = chance.randrange(len(table.header))
    for row in table.rows:
        row[place : place + 1] = [""]


def shift_cells(table: Table, chance: random.Random) -> None:
    row = _any_row(table, chance)
    if row:
        row[:] = [*row[1:], row[0]]


def cut_a_row_short(table: Table, chance: random.Random) -> None:
    row = _any_row(table, chance)
    if len(row) > 2 and any(str(cell).strip() for cell in row[:2]):
        del row[chance.randint(2, len(row) - 1) :]


def lengthen_a_row(table: Table, chance: random.Random) -> None:
    row = _any_row(table, chance)
    if any(str(cell).strip() for cell in row):
        row += [chance.choice(("x", "", "8"))] * chance.choice((1, 1, 5))


def odd_numbers(table: Table, chance: random.Random) -> None:
    _put(table, chance, NUMBERS)


def odd_days(table: Table, chance: random.Random) -> None:
    _put(table, chance, DAYS)


def odd_texts(table: Table, chance: random.Random) -> None:
    _put(table, chance, TEXTS)


def odd_types(table: Table, chance: random.Random) -> None:
    _put(table, chance, TYPES)


def a_very_long_cell(table: Table, chance: random.Random) -> None:
    _put(table, chance, ("x" * chance.choice((5_000, 33_000, 70_000, 300_000, 1_100_000)),))


def another_separator(table: Table, chance: random.Random) -> None:
    table.form["delimiter"] = chance.choice((";", ",", "\t", "|", ":", " "))


def another_encoding(table: Table, chance: random.Random) -> None:
    table.form["encoding"] = chance.choice(
        ("utf-8-sig", "cp1252", "latin-1", "utf-16", "utf-16-le", "utf-32", "cp037", "mac_roman")
    )


def other_line_ends(table: Table, chance: random.Random) -> None:
    table.form["line end"] = chance.choice(("\r\n", "\r", "\n", "\n\n", "\r\r\n"))


def other_quotes(table: Table, chance: random.Random) -> None:
    table.form["quotes"] = chance.choice(("all", "single", "never"))


def no_last_line_end(table: Table, chance: random.Random) -> None:
    table.form["last line end"] = chance.choice(("", "\n\n\n", "\x1a", ";;;\n"))


def merge_cells(table: Table, chance: random.Random) -> None:
    table.form["merge"] = chance.choice(("A1:B1", "A2:A3", "B5:D5"))


def more_sheets(table: Table, chance: random.Random) -> None:
    table.form["sheets"] = chance.choice(
        (
            ("Voorblad",),
            ("=",),
            ("geheim.persoon@voorbeeld.nl",),
            ("Blad\u0301", "Leeg"),
            ("0698765432",),
        )
    )
    table.form["first"] = chance.random() < 0.5


def hide_sheets(table: Table, chance: random.Random) -> None:
    more_sheets(table, chance)
    table.form["hidden"] = chance.choice(("hidden", "veryHidden"))


def begin_elsewhere(table: Table, chance: random.Random) -> None:
    table.form["offset"] = chance.choice(((1, 0), (0, 1), (3, 2), (30, 0)))


def other_column_types(table: Table, chance: random.Random) -> None:
    table.form["types"] = chance.getrandbits(32)


NUMBERS: tuple[object, ...] = (
    *("8,0", "8.00", "7,25", "1e1", "-1", "0", "11", "+7", " 8 ", "8'", "'8", "7½", "1/2", "0x8"),
    *(
        "\u0663",
        "\uff18",
        "2\u0660\u0661\u0668",
        "1.234,5",
        "1,234.5",
        "NaN",
        "inf",
        "-inf",
        "1e400",
    ),
    *("99999999999999999999", "9" * 400, "-9223372036854775809", "0," + "3" * 300, "1_000", "8 %"),
    *("€ 8", "08", "8-", "--8", "8..0", ",5", "5,", "1,23457E+15", "2020,0", "1E+999", "0e0", "-0"),
)
DAYS: tuple[object, ...] = (
    *("1-10-2020", "01/10/2020", "2020/10/01", "20201001", "01-10-20", "oktober 2020", "44105"),
    *("2020-10-01T22:30:00Z", "2020-10-01T22:30:00+0200", "2020-10-01 25:00", "31-02-2020"),
    *("2020-10-01T10:00:00.\u0663", "\u0662\u0660\u0662\u0660-\u0661\u0660-\u0660\u0661"),
    *("0000-00-00", "0001-01-01", "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59"),
    *("2020-10-01T10:00+99:99", "2020-10-01T10:00-99:99", "2020-10-01T24:00:00", "0000-01-01"),
    *("2020-10-25T02:30:00", "2020-03-29T02:30:00", "2020-10-01T10:00:60", "2020-W40-4"),
    *(
        "12/31/2016 11:59:59 PM",
        "13/13/2016 1:00:00 AM",
        "1583-01-01",
        "2020-10-01T10:00:00,123456789",
    ),
    *(
        "1 okt. 2020",
        "2020-10-1",
        "2020-10-01T",
        "2020-10-01Z",
        "-2020-10-01",
        "2020\u201110\u201101",
    ),
    *(
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T12:00+\u0660\u0661:00",
        "2020-10-01T10:\u0660\u0660",
    ),
)
TEXTS: tuple[object, ...] = (
    *("\0", "a\0b", "\ufeff", "\u200b", "e\u0301", "\u202eabc", "日本語", "😀" * 50, "\u0301", "ŉ"),
    *(
        '"',
        '""',
        '"a',
        'a"',
        'a"b"c',
        "a;b",
        "a,b",
        "a\tb",
        "a\nb",
        "a\r\nb",
        "a\rb",
        "\n",
        "|",
        "||",
    ),
    *("=1+1", "@SUM(A1)", "#N/A", "#DIV/0!", "NULL", "None", "NA", "nan", "n.v.t."),
    *("\x1a", "\x0b", "\x0c", "\x85", "\u2028", "\x1b[31m", "\x7f", "%s%n", "{0}", "$HOME", "\\"),
    *("1|2|9", "1|1", "1|", "GM9999", "GM00637", "0637.0", "geheim.persoon@voorbeeld.nl"),
    *(
        "True",
        "ja",
        "İ",
        "ß",
        "ﬁ",
        "K",
        "\u2126",
        "Paspoort",
        "PASPOORT ",
        "pas poort",
        "\xa0",
        "\u3000",
    ),
)
TYPES: tuple[object, ...] = (
    *(8, 8.5, -1, 0, 1e300, 1e-300, 2**53 + 1, float("nan"), float("inf"), True, False, None),
    *(date(2020, 10, 1), datetime(2020, 10, 1, 10, 30), time(10, 30), timedelta(days=400)),
    *(date(1900, 1, 1), date(9999, 12, 31), Decimal("7.50"), Decimal("1e20"), 10**17, -(10**12)),
    *("=1+1", "=A1", "#N/A", "#REF!", '=HYPERLINK("x","y")', "=SUM(B1:B9)"),
)
CHANGES: dict[Change, frozenset[str]] = {
    misspell_a_name: ALL,
    respell_names: ALL,
    double_a_name: ALL - {"sav"},
    swap_names: ALL,
    drop_a_column: ALL,
    add_a_column: ALL,
    put_a_title_above: TABLES,
    take_the_names_away: TABLES,
    repeat_the_names: ALL,
    double_a_row: ALL,
    shuffle_rows: ALL,
    empty_rows: ALL,
    no_rows: ALL,
    blank_all_but_one: ALL,
    blank_a_column: ALL,
    shift_cells: ALL,
    cut_a_row_short: TABLES,
    lengthen_a_row: TABLES,
    odd_numbers: ALL,
    odd_days: ALL,
    odd_texts: ALL,
    odd_types: TYPED | {"sav"},
    a_very_long_cell: ALL,
    another_separator: TEXT,
    another_encoding: TEXT,
    other_line_ends: TEXT,
    other_quotes: TEXT,
    no_last_line_end: TEXT,
    merge_cells: SPREADSHEET,
    more_sheets: SPREADSHEET,
    hide_sheets: SPREADSHEET,
    begin_elsewhere: SPREADSHEET,
    other_column_types: frozenset({"parquet", "sav", "xlsx"}),
}

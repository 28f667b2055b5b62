"""What one cell of a file of printed figures may hold: text in, exact value out.

Belongs here: parsers that know one cell and nothing else; all raise BadCellError. Does not belong
here: rules about several cells.
"""

from __future__ import annotations

import csv
import re
from fractions import Fraction
from functools import cache
from pathlib import Path

from dagster_project.codebook.cells import BadCellError
from dagster_project.codebook.folding import fold
from dagster_project.report_check.figure import Kind, Printed, Role

KINDS = Path(__file__).with_name("kinds.csv")
LONGEST = 40
"""Characters of a cell that holds numbers: what is longer is no figure of a report."""
MOST_N = 100
"""Numbers that one `n` may list; with that many, one nearly always fits and nothing is found."""
NOTHING = frozenset({"", "-", "--", "\N{EN DASH}", "\N{EM DASH}", "."})
"""What stands where a report prints nothing."""
YES = frozenset({"yes", "ja", "true", "1"})
NO = frozenset({"", "no", "nee", "false", "0"})

_BLANKS = re.compile(r"\s")
_MINUS = str.maketrans({"\N{MINUS SIGN}": "-", "\N{EN DASH}": "-"})
_DECIMAL = re.compile(r"[+-]?\d+(?:[.,](\d+))?", re.ASCII)
_THOUSANDS = re.compile(r"\d{1,3}(?:([.,' ])\d{3})(?:\1\d{3})*", re.ASCII)
_RATIO = re.compile(r"(\d+)/(\d+)", re.ASCII)
_RANGE = re.compile(r"([^-]+)-([^-]+)")


def kind(cell: str) -> Kind:
    """Find the kind that a word stands for."""
    words = _kinds()
    if fold(cell) not in words:
        raise BadCellError(_said(cell, "a kind of figure", f"use {' or '.join(Kind)}"))
    return words[fold(cell)]


@cache
def _kinds() -> dict[str, Kind]:
    with KINDS.open(encoding="utf-8", newline="") as handle:
        return {row["word"]: Kind(row["kind"]) for row in csv.DictReader(handle)}


def role(cell: str) -> Role | None:
    """Read how a part belongs to its whole; blank is None."""
    word = fold(cell)
    if not word:
        return None
    if word not in set(Role):
        raise BadCellError(_said(cell, "a role", f"use {', '.join(Role)}"))
    return Role(word)


def yes_or_no(cell: str) -> bool:
    """Read yes or no, in English or Dutch; blank is no."""
    if fold(cell) in YES | NO:
        return fold(cell) in YES
    raise BadCellError(_said(cell, "yes or no", "write yes or no"))


def printed(cell: str) -> Printed | None:
    """Read a rounded figure with its decimals: `7,8`, `71%`, `+20`; None where nothing stands."""
    text = cell.strip()
    if text in NOTHING:
        return None
    number = _bare(text).removesuffix("%").strip()
    value, decimals = _decimal(number, text)
    return Printed(text, value, decimals, Fraction(1, 2 * 10**decimals))


def printed_count(cell: str, *, weighted: bool) -> Printed | None:
    """Read a count, thousands apart or not; only a weighted one has decimals and is rounded."""
    text = cell.strip()
    if text in NOTHING:
        return None
    if not weighted:
        return Printed(text, Fraction(whole(text)), 0, Fraction(0))
    value, decimals = _number(text)
    return Printed(text, value, decimals, Fraction(1, 2 * 10**decimals))


def numerator(cell: str) -> Fraction | None:
    """Read a count or a sum: whole with thousands apart or not, or with decimals; blank is None."""
    return _number(cell)[0] if cell.strip() else None


def whole(cell: str) -> int:
    """Read a whole number of 0 or more: `2540`, `2.540`, `2,540` and `2 540` are the same."""
    text = _short(cell)
    if _THOUSANDS.fullmatch(text):
        return int(re.sub(r"\D", "", text))
    if text.isascii() and text.isdigit():
        return int(text)
    raise BadCellError(_said(cell, "a whole number", "write digits only, such as 255"))


def numbers(cell: str) -> tuple[int, ...]:
    """Read the n that a figure may rest on: `58`, `58|60`, `1-9`; ascending, () when blank."""
    found: set[int] = set()
    for piece in cell.split("|") if cell.strip() else ():
        ends = _RANGE.fullmatch(piece.translate(_MINUS))
        first, last = (whole(end) for end in ends.groups()) if ends else (whole(piece),) * 2
        if first > last:
            raise BadCellError(f"'{cell}' runs backwards; write the lower number first")
        found.update(range(first, min(last, first + MOST_N) + 1))
        if len(found) > MOST_N:
            raise BadCellError(
                f"'{cell}' lists more than {MOST_N} numbers; list those that the figure may rest on"
            )
    return tuple(sorted(found))


def score(cell: str) -> Fraction | None:
    """Read the lowest or highest answer; blank is None."""
    return _decimal(_bare(cell), cell)[0] if cell.strip() else None


def step(cell: str) -> Fraction | None:
    """Read the distance between two answers: `1`, `0,5`, `1/60`; blank is None."""
    if not cell.strip():
        return None
    ratio = _RATIO.fullmatch(_short(cell))
    if ratio and int(ratio[2]):
        value = Fraction(int(ratio[1]), int(ratio[2]))
    else:
        value = _decimal(_bare(cell), cell)[0]
    if value <= 0:
        raise BadCellError(f"'{cell.strip()}' is no step; write a number above 0, such as 1 or 0.5")
    return value


def _number(cell: str) -> tuple[Fraction, int]:
    """Value and decimals; three digits behind a mark are thousands, not decimals."""
    text = _bare(cell)
    sign = -1 if text.startswith("-") else 1
    if _THOUSANDS.fullmatch(text.lstrip("+-")):
        return Fraction(sign * whole(text.lstrip("+-"))), 0
    return _decimal(text, cell)


def _decimal(text: str, cell: str) -> tuple[Fraction, int]:
    found = _DECIMAL.fullmatch(text)
    if not found:
        raise BadCellError(_said(cell, "a number", "write it as printed, such as 7.8 or 71%"))
    return Fraction(text.replace(",", ".")), len(found[1] or "")


def _bare(cell: str) -> str:
    return _short(cell).translate(_MINUS)


def _short(cell: str) -> str:
    """Trimmed, with one kind of blank inside."""
    text = _BLANKS.sub(" ", cell.strip())
    if len(text) > LONGEST:
        raise BadCellError(f"'{text[:LONGEST]}...' is too long for a number; write one figure")
    return text


def _said(cell: str, what: str, instead: str) -> str:
    shown = cell.strip()[:LONGEST]
    return f"'{shown}' is not {what}; {instead}" if shown else f"the cell is blank; {instead}"

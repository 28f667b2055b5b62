"""How much of a file's path is shown: all of it but addresses and numbers of persons.

Belongs here: endings of files, and what in a name is an address or a number of a person. Does not
belong here: which files are deliveries; what a masked text looks like (`masking`).

Names hold days, times and numbers of exports, so the rule is narrower than for values: days and
times are set aside first (docs/decisions.md says why).
"""

from __future__ import annotations

import re

from dagster_project.ingest.masking import MASK, is_bsn, shape_of

EXTENSIONS = frozenset({".csv", ".xlsx", ".parquet", ".sav"})
UNFINISHED = ".part"
DAY = r"(?:(?:19|20)\d\d([-_.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])"
DAY += r"|(?:0[1-9]|[12]\d|3[01])([-_.]?)(?:0[1-9]|1[0-2])\2(?:19|20)\d\d)"
TIME = r"(?:[ T_-]?(?:[01]\d|2[0-3])([:.-]?)[0-5]\d(?:\3[0-5]\d)?(?![ :._-]?\d))?"
DAY_AND_TIME = re.compile(rf"(?<!\d){DAY}{TIME}(?!\d)")
FIRST_DAY = re.compile(rf"^{DAY}(?!\d)")
ADDRESS = re.compile(
    r"[@\uff20]|[(\[{]at[)\]}]|\w[ _.-]at[ _.-][\w.-]+[ _.-](?:nl|com|org|net|eu|be|de)\b", re.I
)
BETWEEN = r"[ .()/_-]{0,2}"
TELEPHONE = re.compile(
    rf"(?:(?<![^\W_])0|(?<!\d)0(?=6)|(?:\+|(?<!\d)00)31{BETWEEN}0?{BETWEEN})[1-9](?:{BETWEEN}\d){{8}}(?!\d)"
    rf"|\+[1-9](?:{BETWEEN}\d){{7,}}"
)
NUMBER = re.compile(
    r"(?<!\d)(?:\d{8,9}|\d{4}[ ._-]\d\d[ ._-]\d{3}|\d{3}([ ._-])\d{3}\1\d{3})(?!\d)"
)


def open_path(path: str) -> str:
    """Give a path fit for messages and the register: of what names a person only the shape.

    The day with which a name begins and its ending stay. Two paths may come out as one.
    """
    return "/".join(_open_part(part) for part in path.split("/"))


def _open_part(part: str) -> str:
    if not _tells_of_a_person(part):
        return part
    stem, dot, ending = part.rpartition(".")
    if f".{ending.lower()}" not in EXTENSIONS | {UNFINISHED}:
        stem, dot, ending = part, "", ""
    day = found[0] if (found := FIRST_DAY.match(stem)) else ""
    blank = " " if stem[len(day) :].startswith(" ") else ""
    rest = stem[len(day) :].strip()
    return f"{day}{blank}{MASK if ADDRESS.search(rest) else shape_of(rest)}{dot}{ending}"


def _tells_of_a_person(name: str) -> bool:
    left = DAY_AND_TIME.sub("#", name)
    return bool(
        ADDRESS.search(left)
        or TELEPHONE.search(left)
        or any(is_bsn(re.sub(r"\D", "", found[0])) for found in NUMBER.finditer(left))
    )

"""How much of a delivered value may be seen: what the codebook expects in its column, or its shape.

Belongs here: telling values that are no secret from others, and the shape of those. Does not belong
here: what is wrong with a value.

People end up in columns that are not meant for them: a telephone number as an id, a name as a
product. So a value is shown only if it is one that its column may hold, is a short number, a day of
this century or an error of a spreadsheet; of any other only the shape: x for a letter, 9 for a
digit. Ids are shown unless they look like an address, a number of a person or words.
"""

from __future__ import annotations

import re

import polars as pl

MASK = "***"
LONGEST_SHAPE = 24
SHORT_NUMBER = r"^[+-]?\d{1,4}([.,]\d{1,4})?$"
DAY = (
    r"^(20\d{2}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]20\d{2})"
    r"([t ]+[\d:.,]{4,18}\s*(am|pm|z|[+-]\d{2}(:?\d{2})?)?)?$"
)
SPREADSHEET_ERROR = (
    r"(?i)^#(n/a|ref!|value!|div/0!|name\?|num!|null!|spill!|calc!|getting_data|field!|blocked!)$"
)
ADDRESS = r"@|\uff20|\(at\)|\[at\]|\{at\}|\bat\b|\.(nl|com|org|net|eu|be|de)\b"
TELEPHONE = r"^\(?(\+|00)\d{2}|^\(?0\d{1,3}\)?[ -]?\d{6,8}$|^0\d([ -]?\d){8}$"
TELEPHONE_WITHIN = r"\d(?:[ .()/-]{0,2}\d){8,}"
"""Nine or more digits, however they are written, among other words."""
DUTCH_NUMBER = r"(?:^|[^\p{L}\d])(?:0|(?:\+|00)31[ .()/-]{0,4})[1-9](?:[ .()/-]{0,2}\d){8}(?:$|\D)"
"""A telephone number among other words."""
WORDS = r"\p{L}{2,}[\s,]+\p{L}{2,}"
DIGITS_OF_PERSON = 9
WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)
"""Of the digits of a citizen service number (BSN): their weighted sum is a multiple of 11."""


def shape(text: pl.Expr) -> pl.Expr:
    """Give the shape of a text: x for letters, 9 for digits, a blank for any blank; shortened.

    Of an address not even that.
    """
    shaped = (
        text.str.slice(0, LONGEST_SHAPE)
        .str.replace_all(r"\d", "9")
        .str.replace_all(r"[\p{L}\p{M}]", "x")
        .str.replace_all(r"\s", " ")
        .str.replace_all(r"[^x9 .,;:/()+#%&*'\"=|_-]", "?")
    )
    is_address = text.str.to_lowercase().str.contains(ADDRESS)
    return pl.when(is_address).then(pl.lit(MASK)).otherwise(shaped)


def looks_personal(text: pl.Expr) -> pl.Expr:
    """Whether a text looks like an address, a telephone number, a BSN or a name of two words."""
    digits = text.str.replace_all(r"[ .-]", "")
    nine = digits.str.contains(rf"^\d{{{DIGITS_OF_PERSON - 1},{DIGITS_OF_PERSON}}}$")
    padded = digits.str.zfill(DIGITS_OF_PERSON)
    weighted = [
        padded.str.slice(place, 1).cast(pl.Int64, strict=False).fill_null(0) * weight
        for place, weight in enumerate(WEIGHTS)
    ]
    is_bsn = nine & (pl.sum_horizontal(weighted) % 11 == 0)
    return (
        text.str.to_lowercase().str.contains(ADDRESS)
        | text.str.contains(TELEPHONE)
        | text.str.contains(DUTCH_NUMBER)
        | is_bsn
        | text.str.contains(WORDS)
    )


def open_name(name: str, longest: int) -> str:
    """Give a name of a column or sheet fit for messages: the shape of it if it may be a person's.

    A file without a header has a respondent's answers where the names should be. A line break in a
    name is a blank, any other character that does not print is a question mark.
    """
    words = " ".join(name.split())
    short = "".join(mark if mark.isprintable() else "?" for mark in words)[:longest]
    personal = (
        re.search(ADDRESS, short.lower()) or re.search(TELEPHONE_WITHIN, short) or is_bsn(short)
    )
    return shape_of(short) if personal else short


def shape_of(text: str) -> str:
    """Give the shape of one text."""
    return str(pl.select(shape(pl.lit(text))).item())


def is_bsn(text: str) -> bool:
    """Whether a text is a citizen service number."""
    digits = re.sub(r"[ .-]", "", text)
    if not re.fullmatch(r"\d{8,9}", digits):
        return False
    padded = digits.zfill(DIGITS_OF_PERSON)
    return sum(int(d) * w for d, w in zip(padded, WEIGHTS, strict=True)) % 11 == 0

"""Texts of one column turned into numbers, codes and moments, each distinct text once.

Belongs here: what a text means, column by column; a text without meaning becomes null. Does not
belong here: whether the row is acceptable; that is `schema.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import polars as pl

from dagster_project.codebook import Organisation

ZONE = "Europe/Amsterdam"
MOMENT = (
    r"^(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})"
    r"(?:[T ]+(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r"\s*(?P<zone>[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?$"
)
"""Not `\\d`, which other scripts' digits match as well: no cast knows those."""
DAY_FIRST = r"^([0-9]{1,2})-([0-9]{1,2})-([0-9]{4})"
CALENDAR = (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))
"""Instants that have a date in every zone: years have four digits, and none is 0."""
TRAILING_ZEROS = r"[.,]0+$"
RAW = "raw"


def by_distinct(
    texts: Sequence[pl.Series], read: Callable[[pl.Series], pl.DataFrame]
) -> list[pl.DataFrame]:
    """Read each text that occurs in any of some columns once.

    Args:
        texts: columns that mean the same by the same texts.
        read: gives a frame of as many rows as its argument.

    Returns:
        What each column means, with as many rows as it has.

    """
    distinct = pl.concat(text.rename(RAW) for text in texts).unique(maintain_order=True)
    key = distinct.to_frame().hstack(read(distinct))
    return [
        text.to_frame(RAW)
        .join(key, on=RAW, how="left", nulls_equal=True, maintain_order="left")
        .drop(RAW)
        for text in texts
    ]


def read_number(text: pl.Series, decimals: int | None) -> pl.Series:
    """Float64; null for what is no number or has more than `decimals` decimals (None: any)."""
    fraction = r"[0-9]+" if decimals is None else rf"[0-9]{{0,{decimals}}}0*"
    exponent = r"(?:[eE][+-]?[0-9]+)?" if decimals is None else ""
    good = text.str.contains(rf"^[+-]?[0-9]+(?:[.,]{fraction})?{exponent}$") & ~text.str.contains(
        r"[.,]$"
    )
    number = text.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    return number.set(~good.fill_null(value=False), None)


def read_year(text: pl.Series) -> pl.Series:
    """Four digits as text; null for what is no year."""
    return text.str.replace(TRAILING_ZEROS, "").str.extract(r"^([12][0-9]{3})$")


def nearest_code(number: pl.Series) -> pl.Series:
    """Give the nearest whole number as text, half away from zero; null where it is too large.

    Why a distribution counts 7.3 as 7: see docs/decisions.md.
    """
    nearest = number.sign() * (number.abs() + 0.5).floor()
    return nearest.cast(pl.Int64, strict=False).cast(pl.String)


def read_code(text: pl.Series, codes: Mapping[str, str] | None) -> pl.Series:
    """Find the code of each text, without regard to case; null for a text that has none."""
    if codes is None:
        return text
    folded = text.str.to_lowercase()
    return _mapped(folded, codes).fill_null(_mapped(folded.str.replace(TRAILING_ZEROS, ""), codes))


def read_codes(text: pl.Series, codes: Mapping[str, str] | None) -> pl.Series:
    """List of the distinct codes in texts joined by `|`; null where one of them has no code."""
    parts = (
        pl.DataFrame({"text": text})
        .with_row_index("at")
        .with_columns(part=pl.col("text").str.split("|"))
        .explode("part")
        .with_columns(pl.col("part").str.strip_chars())
    )
    read = parts.with_columns(code=read_code(parts["part"], codes))
    return (
        read.group_by("at", maintain_order=True)
        .agg(
            pl.when(pl.col("code").is_not_null().all())
            .then(pl.col("code").unique(maintain_order=True).implode())
            .otherwise(None)
            .first()
            .alias("codes")
        )
        .get_column("codes")
    )


def answers(raw: pl.Series, no_answer: frozenset[str]) -> pl.Series:
    """Give the texts as the codebook's are compared; null for blanks and those for no answer."""
    text = raw.str.normalize("NFC").str.strip_chars()
    blank = text == ""
    if no_answer:
        blank = blank | is_no_answer(text, no_answer)
    return text.set(blank.fill_null(value=True), None)


def is_no_answer(text: pl.Series, no_answer: frozenset[str]) -> pl.Series:
    """Whether a text is one of those that mean no answer."""
    folded = text.str.to_lowercase()
    listed = pl.Series(sorted(no_answer), dtype=pl.String).implode()
    return folded.is_in(listed) | folded.str.replace(TRAILING_ZEROS, "").is_in(listed)


def read_moment(text: pl.Series, pattern: str | None) -> pl.DataFrame:
    """Columns `date` (Date, Amsterdam), `at` (Datetime us UTC) and `timed` (has a time of day).

    `pattern` is a strptime format; without one the contract's forms are read. A local time that
    does not exist (summer time begins) is null, one that exists twice is its first occurrence.
    """
    if pattern is None:
        return _iso_moments(text.str.replace(DAY_FIRST, "$3-$2-$1"))
    local = text.str.to_datetime(pattern, time_unit="us", strict=False)
    by_pattern = _moments(local, pl.repeat(None, len(text), dtype=pl.Int64, eager=True))
    typed = _iso_moments(text)
    return by_pattern.select(pl.coalesce(pl.col(n), typed[n]) for n in by_pattern.columns)


def _iso_moments(text: pl.Series) -> pl.DataFrame:
    found = text.str.extract_groups(MOMENT).struct.unnest()
    part = {name: found[name].fill_null("0") for name in ("hour", "minute", "second")}
    day = found["year"] + "-" + found["month"] + "-" + found["day"]
    stamp = day + " " + part["hour"] + ":" + part["minute"] + ":" + part["second"]
    local = stamp.str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False)
    micros = found["fraction"].fill_null("0").str.pad_end(6, "0").str.slice(0, 6).cast(pl.Int64)
    return _moments(local + micros.cast(pl.Duration("us")), _offset(found["zone"]))


def _offset(zone: pl.Series) -> pl.Series:
    """Minutes east of Greenwich, null without a zone."""
    digits = zone.str.replace_all(r"[^0-9]", "").str.pad_end(4, "0").cast(pl.Int64, strict=False)
    minutes = digits // 100 * 60 + digits % 100
    return pl.select(
        pl.when(zone.str.starts_with("-")).then(-minutes).otherwise(minutes)
    ).to_series()


def _moments(local: pl.Series, offset: pl.Series) -> pl.DataFrame:
    here = local.dt.replace_time_zone(ZONE, ambiguous="earliest", non_existent="null")
    there = (local - (offset * 60_000_000).cast(pl.Duration("us"))).dt.replace_time_zone("UTC")
    frame = pl.DataFrame({"here": here.dt.convert_time_zone("UTC"), "there": there, "zone": offset})
    either = pl.when(pl.col("zone").is_null()).then("here").otherwise("there")
    at = pl.when(either.is_between(*CALENDAR)).then(either)
    midnight = pl.lit(local).dt.time() == pl.time(0, 0, 0)
    return frame.select(
        date=at.dt.convert_time_zone(ZONE).dt.date(),
        at=at,
        timed=at.is_not_null() & (pl.col("zone").is_not_null() | ~midnight),
    ).with_columns(timed=pl.when(pl.col("at").is_not_null()).then("timed"))


def read_organisation(
    text: pl.Series,
    organisations: Sequence[Organisation],
    prefix: str | None,
    digits: int | None,
    codes: Mapping[str, str] | None,
) -> pl.DataFrame:
    """Columns `code` (null when unknown), `from` and `to` (the days on which it exists)."""
    text = read_code(text, codes) if codes else text
    folded = text.str.strip_chars().str.to_lowercase()
    if prefix and digits:
        number = folded.str.replace(TRAILING_ZEROS, "").str.extract(
            rf"^(?:{prefix.lower()})?0*([0-9]{{1,{digits}}})$"
        )
        folded = prefix.lower() + number.str.zfill(digits)
    known = pl.DataFrame(
        [
            (o.organisation_code.lower(), o.organisation_code, o.valid_from, o.valid_to)
            for o in organisations
        ],
        schema={"": pl.String, "code": pl.String, "from": pl.Date, "to": pl.Date},
        orient="row",
    )
    return folded.to_frame("").join(known, on="", how="left", maintain_order="left").drop("")


def _mapped(text: pl.Series, codes: Mapping[str, str]) -> pl.Series:
    return text.replace_strict(
        list(codes), list(codes.values()), default=None, return_dtype=pl.String
    )

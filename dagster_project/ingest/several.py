"""Several answers to one question as files have them, brought into one column with `|` between.

Belongs here: columns of which each stands for one answer, and other separators. Does not belong
here: which answers there are (codebook), reading codes (values).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from dagster_project.codebook import SEPARATOR, fold

CHOSEN = frozenset({"1", "1.0", "x", "ja", "yes", "true", "waar"})
NOT_CHOSEN = frozenset({"", "0", "0.0", "nee", "no", "false", "onwaar"})
"""What a cell of such a column may hold, folded, besides the name of its answer if it is chosen."""


def joined(frame: pl.DataFrame, answers: Mapping[str, str]) -> pl.Series:
    """Join the answers chosen in each row; blank where none is.

    Args:
        frame: texts of the file.
        answers: by column, the code of the answer that it stands for.

    Returns:
        The codes joined; a text that is neither yes nor no stands among them as it is.

    """
    codes = [_code_or_text(frame[header], header, code) for header, code in answers.items()]
    return (
        pl.DataFrame(codes)
        .select(pl.concat_str(pl.all(), separator=SEPARATOR, ignore_nulls=True))
        .to_series()
    )


def _code_or_text(text: pl.Series, header: str, code: str) -> pl.Series:
    meaning: dict[str | None, str | None] = {None: None}
    for one in text.unique().drop_nulls().to_list():
        folded = fold(one)
        if folded in NOT_CHOSEN:
            meaning[one] = None
        else:
            # a column of labels has the name of the answer, or its code, where it is chosen
            chosen = folded in CHOSEN or folded in {fold(header), fold(code)}
            meaning[one] = code if chosen else one
    return text.replace_strict(list(meaning), list(meaning.values()), return_dtype=pl.String)


def separated(text: pl.Series, separator: str) -> pl.Series:
    """Put `|` between answers that a file separates otherwise."""
    return text.str.replace_all(separator, SEPARATOR, literal=True)

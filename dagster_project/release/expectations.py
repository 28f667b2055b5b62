"""The expectations that a release must meet, derived from the contract and the codebook.

Belongs here: which Great Expectations class is put on which table, and the sentence that says so.
Does not belong here: running them; a name of a study, channel or metric. Great Expectations takes
seconds to import, so this module does not import it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from dagster_project.release.comparisons import VALUES
from dagster_project.release.contract import Priority, Publication, Rules, TableContract
from dagster_project.release.described import (
    NEARLY,
    Described,
    between,
    equal,
    in_set,
    not_below,
    where,
)

PUBLISHED, SUPPRESSED = "published", "suppressed"
SHOWN_WHEN_SUPPRESSED = frozenset({"period_type", "period_start", "answer", "status"})
BASES = {
    "n": False,
    "responses": True,
    "responses_invited": True,
    "asked": False,
    "answered": False,
}
"""Columns that count respondents; True: 0 may be shown."""
MAY_BE_HIDDEN_BESIDE = {"responses_invited": "responses"}
"""Columns of `BASES` that a published row may leave out where it has the other one."""
SHARE = re.compile(r"(^|_)(share|rate)$")
QUADRANTS = ("high_priority", "low_priority", "strength", "maintain")
COUNT_TYPE = re.compile(r"^(hugeint|bigint|int|integer|smallint)$", re.IGNORECASE)
PERSONAL_COLUMN = (
    r"(?i)e_?mail|pseudonym|respons(?:e)?_id|invitation_id|uitnodiging|row_?number|masked"
    r"|(?:^|_)(?:text|tekst|remark|toelichting|phone|bsn|ip_address)(?:_|$)"
)
PERSONAL_TEXT = (
    r"[^\s@]+@[^\s@]+\.[^\s@]+",
    r"(?:^|\D)\d{9}(?:\D|$)",
    r"(?:^|\D)06[- ]?\d{8}(?:\D|$)",
)
OF_EACH_COLUMN = {
    "null_in_key": "is part of the key and never null",
    "told_when_suppressed": "is null in suppressed rows",
    "unknown_when_published": "is known in published rows",
}
"""What is expected of each of many columns, by the column of evidence that counts rows without."""
TOO_FEW = "too_few_answers"
REASONS = ("always_published", "enough_answers", "enough_response", TOO_FEW)
ROUNDING = 1e-9
DIFFERENCE = 1e-6


def table_expectations(
    name: str, table: pd.DataFrame, contract: TableContract, rules: Rules
) -> Iterator[Described]:
    """Yield what one published table must meet by itself."""
    kinds = dict(contract.columns)
    yield from _key_expectations(name, contract.key)
    for column, kind in contract.columns:
        if SHARE.search(column):
            yield f"{column} lies between 0 and 100", *between(column, -NEARLY, 100 + NEARLY)
        if COUNT_TYPE.match(kind) or column == "margin":
            yield f"{column} is not negative", *between(column, 0, None)
    # Periods come from the answers, and there may be none yet; all else is the codebook's.
    if name.startswith("dim_") and "period" not in kinds:
        yield f"{name} is not empty", "ExpectTableRowCountToBeBetween", {"min_value": 1}
    if "status" in kinds:
        yield from _suppression_expectations(table, contract, rules)
    if {"importance", "quadrant"} <= set(kinds):
        yield from _priority_expectations(table, rules)
    if {"published", "reason", "norm"} <= set(kinds):
        yield from _publication(_studies(table), rules)


def rules_of_columns(contract: TableContract) -> dict[str, tuple[list[str], str]]:
    """Say of which columns each of `OF_EACH_COLUMN` is expected, and what a row without it is."""
    rules = {"null_in_key": (list(contract.key), '"{column}" is null')}
    kinds = dict(contract.columns)
    if "status" not in kinds:
        return rules
    hidden = [one for one in kinds if one not in {*contract.key, *SHOWN_WHEN_SUPPRESSED}]
    rules["told_when_suppressed"] = (
        hidden,
        f"\"{{column}}\" is not null and status = '{SUPPRESSED}'",
    )
    rules["unknown_when_published"] = (
        [one for one in BASES if one in kinds and MAY_BE_HIDDEN_BESIDE.get(one) not in kinds],
        f"\"{{column}}\" is null and status = '{PUBLISHED}'",
    )
    return rules


def _key_expectations(name: str, key: tuple[str, ...]) -> Iterator[Described]:
    unique: dict[str, Any] = {"column_list": list(key)}
    if len(key) == 1:
        yield f"{name} has one row per {key[0]}", "ExpectColumnValuesToBeUnique", {"column": key[0]}
    else:
        yield f"{name} has one row per key", "ExpectCompoundColumnsToBeUnique", unique


def _suppression_expectations(
    table: pd.DataFrame, contract: TableContract, rules: Rules
) -> Iterator[Described]:
    """Yield what keeps a hidden figure hidden."""
    kinds = dict(contract.columns)
    yield "status is never null", "ExpectColumnValuesToNotBeNull", {"column": "status"}
    yield "status is published or suppressed", *in_set("status", [PUBLISHED, SUPPRESSED])
    bases = [base for base in BASES if base in kinds]
    if bases and "study" in kinds:
        yield "study is one of the codebook", *in_set("study", sorted(rules.min_n))
        for base in bases:
            yield from _enough(base, BASES[base], _studies(table), rules.min_n)


def _enough(
    base: str, may_be_none: bool, studies: list[str], min_n: Mapping[str, int]
) -> Iterator[Described]:
    """Yield the least number of respondents in a published row, per study."""
    for study in studies:
        least = max(1, min_n.get(study, 1))
        rows = where(status=PUBLISHED, study=study)
        if may_be_none:
            rows["where"] += ((base, "!=", 0),)
        none = " or 0" if may_be_none else ""
        kind, arguments = between(base, least, None)
        yield (
            f"{base} is {least} or more{none} where published, study {study}",
            kind,
            {
                **arguments,
                **rows,
            },
        )


def _priority_expectations(table: pd.DataFrame, rules: Rules) -> Iterator[Described]:
    """Yield what importance may be, and on how many it rests, per study."""
    yield "quadrant is one of four", *in_set("quadrant", list(QUADRANTS))
    for study in _studies(table):
        rule = rules.priorities.get(study, Priority(1, 1.0))
        kind, arguments = between("n", rule.min_n, None)
        rows = where(status=PUBLISHED, study=study)
        sentence = f"an importance rests on {rule.min_n} or more, study {study}"
        yield sentence, kind, {**arguments, **rows}
        kind, arguments = between("importance", -rule.most, rule.most)
        sentence = f"importance lies between {-rule.most:.3g} and {rule.most:.3g}, study {study}"
        yield sentence, kind, {**arguments, **rows}


def evidence_expectations(subject: str) -> Iterator[Described]:
    """Yield what must hold between tables; `subject` is a frame of `read_evidence`."""
    yield from EVIDENCE[subject]()


def _files() -> Iterator[Described]:
    yield "every table is in the contract", *in_set("in_contract", [True])
    yield "row counts agree with the manifest", *equal("rows_parquet", "rows_manifest")
    yield "Parquet files are those of the manifest", *equal("sha256_parquet", "sha256_manifest")
    yield "DuckDB file and Parquet hold the same", *equal("content_database", "content_parquet")
    yield "no figure is infinite or not a number", *in_set("not_finite", [0])


def _columns() -> Iterator[Described]:
    yield "columns and their order are the contract's", *equal("column", "contract_column")
    yield "types are the contract's", *equal("type", "contract_type")
    yield (
        "no column is named like personal data",
        "ExpectColumnValuesToNotMatchRegex",
        {"column": "column", "regex": PERSONAL_COLUMN},
    )
    for rule, sentence in OF_EACH_COLUMN.items():
        yield f"every column that must be so {sentence}", *in_set(rule, [0])


def _references() -> Iterator[Described]:
    yield "every reference to a dimension is known there", *in_set("known", [True])


def _figures() -> Iterator[Described]:
    for bound in ("lower", "upper"):
        yield "every metric is in the codebook", "ExpectColumnValuesToNotBeNull", {"column": bound}
    yield "value is known where published", "ExpectColumnValuesToNotBeNull", {"column": "value"}
    for value in VALUES:
        yield f"{value} is not below its scale", *not_below(value, "lower")
        yield f"{value} is not above its scale", *not_below("upper", value)
    yield "value_rounded is known", "ExpectColumnValuesToNotBeNull", {"column": "value_rounded"}
    yield "value_rounded is value, rounded", *between("rounding_error", 0, ROUNDING)
    yield "change is value - previous_value", *between("change_error", 0, DIFFERENCE)
    yield "year_ago_change is value - year_ago_value", *between("year_ago_error", 0, DIFFERENCE)


def _periods() -> Iterator[Described]:
    yield (
        "every quarter has rows",
        "ExpectColumnValuesToBeBetween",
        {"column": "rows", "min_value": 1, **where(period_type="quarter")},
    )
    rows = where(period_type="year")
    rows["where"] += (("closed", "==", False),)
    yield (
        "a year has rows once it is closed",
        "ExpectColumnValuesToBeInSet",
        {
            "column": "rows",
            "value_set": [0],
            **rows,
        },
    )


def _texts() -> Iterator[Described]:
    yield (
        "no text looks like an e-mail address, a citizen service or a mobile number",
        "ExpectColumnValuesToNotMatchRegexList",
        {"column": "text", "regex_list": list(PERSONAL_TEXT)},
    )


EVIDENCE = {
    "files": _files,
    "columns": _columns,
    "references": _references,
    "figures": _figures,
    "periods": _periods,
    "texts": _texts,
}


def _studies(table: pd.DataFrame) -> list[str]:
    found = table["study"].dropna().unique() if "study" in table else ()
    return sorted(str(study) for study in found)


def _publication(studies: Iterable[str], rules: Rules) -> Iterator[Described]:
    """Yield what a verdict must look like, and per study which norm it is by."""
    yield "reason is one of four", *in_set("reason", list(REASONS))
    for column in ("published", "reason"):
        yield (
            f"{column} is known in published rows",
            "ExpectColumnValuesToNotBeNull",
            {"column": column, **where(status="published")},
        )
    for reason in REASONS:
        verdict = reason != TOO_FEW
        kind, arguments = in_set("published", [verdict])
        sentence = f"published is {str(verdict).lower()} where the reason is {reason}"
        yield sentence, kind, {**arguments, **where(reason=reason)}
    yield "study is one with a rule of publication", *in_set("study", sorted(rules.publications))
    for study in studies:
        if rule := rules.publications.get(study):
            yield from _of_study_published(study, rule, rules)


def _of_study_published(study: str, rule: Publication, rules: Rules) -> Iterator[Described]:
    rows = where(study=study, status="published")["where"]
    for comparison, whole, norm in (
        ("==", "over all products", rule.norm_overall),
        ("!=", "of a product", rule.norm_per_product),
    ):
        sentence = f"norm {whole} is that of the codebook, study {study}"
        these = (*rows, ("product_code", comparison, "all"))
        if norm is None:
            yield sentence, "ExpectColumnValuesToBeNull", {"column": "norm", "where": these}
        else:
            kind, arguments = in_set("norm", [norm])
            yield sentence, kind, {**arguments, "where": these}
    for column, metric in (("value", rule.judged), ("value_second_judgement", rule.second)):
        figure = rules.figures.get((study, metric or ""))
        if figure is None:
            continue
        kind, arguments = between(column, figure.lower - NEARLY, figure.upper + NEARLY)
        sentence = f"{column} lies on the scale of what is judged, study {study}"
        yield sentence, kind, {**arguments, "where": rows}

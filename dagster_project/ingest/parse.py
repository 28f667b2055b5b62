"""A batch of texts turned into typed columns, field by field.

Belongs here: which helper columns a field gets. Does not belong here: how a text is read
(`values.py`), whether a row is acceptable (`schema.py`).

Of a field `f` the parsed frame has `f` (String: the trimmed text, null for blank and for texts that
mean no answer) and, by kind, `f:code`, `f:number`, `f:codes`, `f:date`, `f:at`, `f:timed`,
`f:wave`, `f:from`, `f:to`; a helper is null where the text has no meaning.
"""

from __future__ import annotations

from functools import partial

import polars as pl

from dagster_project.ingest import values
from dagster_project.ingest.plan import Kind, Plan, Rule

AS_IT_IS = frozenset({Kind.IDENTIFIER, Kind.TEXT, Kind.EMAIL})
"""Kinds that have hardly any text twice, so that reading distinct texts would only cost time."""


def parse(frame: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """Columns `row` and those of every field in the plan; as many rows as `frame`."""
    found: dict[str, pl.DataFrame] = {}
    for rules in plan.read_alike:
        texts = [frame[rule.header] for rule in rules]
        read = partial(_read, rule=rules[0], plan=plan)
        if rules[0].kind in AS_IT_IS:
            meanings = [read(text) for text in texts]
        else:
            meanings = values.by_distinct(texts, read)
        for rule, meaning in zip(rules, meanings, strict=True):
            found[rule.field] = _named(meaning, rule.field)
    parts = [frame.select("row"), *(found[rule.field] for rule in plan.rules)]
    return pl.concat(parts, how="horizontal")


def _named(meaning: pl.DataFrame, field: str) -> pl.DataFrame:
    return meaning.rename({name: f"{field}:{name}" if name else field for name in meaning.columns})


def _read(raw: pl.Series, rule: Rule, plan: Plan) -> pl.DataFrame:
    """Give the text in a column without a name, and its helpers."""
    text = values.answers(raw, rule.no_answer).alias("")
    helpers = _helpers(text, rule, plan)
    return (
        pl.concat([text.to_frame(), helpers], how="horizontal")
        if helpers.width
        else text.to_frame()
    )


def _helpers(text: pl.Series, rule: Rule, plan: Plan) -> pl.DataFrame:
    match rule.kind:
        case Kind.ORGANISATION:
            prefix, digits = plan.study.code_prefix, plan.study.code_digits
            return values.read_organisation(text, plan.organisations, prefix, digits, rule.codes)
        case Kind.MOMENT:
            return values.read_moment(text, rule.format)
        case Kind.CODE:
            code = values.read_code(text, rule.codes)
            helpers = {"code": code, "number": _numbers(code, rule)}
        case Kind.MULTIPLE:
            helpers = {"codes": values.read_codes(text, rule.codes)}
        case Kind.NUMBER:
            number = values.read_number(text, rule.decimals)
            helpers = {"code": values.nearest_code(number), "number": number}
        case Kind.YEAR:
            helpers = {"wave": values.read_year(text)}
        case Kind.WEIGHT:
            helpers = {"number": values.read_number(text, None)}
        case _:
            helpers = {}
    return pl.DataFrame(helpers)


def _numbers(code: pl.Series, rule: Rule) -> pl.Series:
    return code.replace_strict(
        list(rule.numbers), list(rule.numbers.values()), default=None, return_dtype=pl.Float64
    )

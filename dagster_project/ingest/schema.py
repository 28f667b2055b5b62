"""What a row may be: the Pandera schema of a feed, built from its codebook rows.

Belongs here: every rule that is judged on one row by itself. Does not belong here: rows compared
with other rows (`duplicates.py`), reading of texts (`values.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandera.polars as pa
import polars as pl

from dagster_project.ingest.masking import DUTCH_NUMBER, SPREADSHEET_ERROR
from dagster_project.ingest.plan import Kind, Plan, Rule
from dagster_project.ingest.reasons import Reason

IS_AN_ERROR = "is an error of the spreadsheet; mend or empty the cell"
SCIENTIFIC = r"^[+-]?\d([.,]\d+[eE]\+?|[eE]\+)\d{1,3}$"
"""1,23457E+15: a number of more digits than a cell shows, with the rest lost."""
FAILURES = pl.Schema({"at": pl.Int64, "field": pl.String, "reason": pl.String, "says": pl.String})


@dataclass(frozen=True)
class Must:
    """One rule: rows for which `passes` is not true have `reason`; `says` ends "the value ..."."""

    reason: Reason
    passes: pl.Expr
    says: str

    def check(self) -> pa.Check:
        """Give the rule as Pandera knows it."""
        return pa.Check(
            lambda data: data.lazyframe.select(self.passes.fill_null(value=True)),
            error=self.reason.value,
            ignore_na=False,
        )


@dataclass(frozen=True)
class RowContract:
    """A feed's schema with the sentence that belongs to each of its checks."""

    schema: pa.DataFrameSchema
    says: pl.DataFrame

    def failures(self, parsed: pl.DataFrame) -> pl.DataFrame:
        """Judge all rows: `at` (position in `parsed`), `field`, `reason`, `says`, one per fault."""
        try:
            self.schema.validate(parsed, lazy=True)
        except pa.errors.SchemaErrors as errors:
            cases: pl.DataFrame = errors.failure_cases
        else:
            return pl.DataFrame(schema=FAILURES)
        return (
            cases.select(
                at=pl.col("index").cast(pl.Int64),
                field="column",
                number=pl.col("check_number").fill_null(-1).cast(pl.Int64),
            )
            .join(self.says, on=["field", "number"], how="left", maintain_order="left")
            .select(list(FAILURES))
        )


def row_contract(plan: Plan, received_on: date) -> RowContract:
    """Build the schema for the columns of one delivery that was received on a day."""
    columns: dict[str, pa.Column] = {}
    says: list[tuple[str, int, str, str]] = []
    for rule in plan.rules:
        musts = _musts(rule, plan, received_on)
        columns[rule.field] = pa.Column(
            pl.String,
            [must.check() for must in musts],
            nullable=not (rule.required or rule.kind is Kind.WEIGHT),
        )
        says.append(
            (rule.field, -1, Reason.MISSING_REQUIRED, "is empty; every row needs a value here")
        )
        says += [(rule.field, i, must.reason, must.says) for i, must in enumerate(musts)]
    names = {"field": pl.String, "number": pl.Int64, "reason": pl.String, "says": pl.String}
    return RowContract(
        pa.DataFrameSchema(columns, strict=False), pl.DataFrame(says, schema=names, orient="row")
    )


def _musts(rule: Rule, plan: Plan, received_on: date) -> list[Must]:
    match rule.kind:
        case Kind.IDENTIFIER:
            musts = [*_nobody(rule), *_as_delivered(rule)]
        case Kind.ORGANISATION:
            musts = _organisation(rule, plan)
        case Kind.CODE | Kind.MULTIPLE:
            musts = [*_nobody(rule), *_as_delivered(rule)] if rule.codes is None else _code(rule)
        case Kind.NUMBER:
            musts = _number(rule)
        case Kind.WEIGHT:
            musts = _weight(rule)
        case Kind.MOMENT:
            musts = _moment(rule, plan, received_on)
        case Kind.YEAR:
            musts = _year(rule, plan, received_on)
        case _:
            musts = []
    return musts


def _code(rule: Rule) -> list[Must]:
    error = pl.col(rule.field).str.contains(SPREADSHEET_ERROR).fill_null(value=False)
    no_error = Must(Reason.BAD_TYPE, ~error, IS_AN_ERROR)
    if rule.kind is Kind.MULTIPLE:
        says = "holds a code that the codebook does not list; several codes are joined by |"
        return [no_error, Must(rule.unknown, _read_as(rule, "codes") | error, says)]
    kind = "product" if rule.unknown is Reason.UNKNOWN_PRODUCT else "code"
    says = f"is not a {kind} that the codebook lists for this column"
    return [no_error, Must(rule.unknown, _read_as(rule, "code") | error, says)]


def _as_delivered(rule: Rule) -> list[Must]:
    """Refuse an id that a spreadsheet damaged: others may have come to the same text."""
    text = pl.col(rule.field)
    return [
        Must(Reason.BAD_TYPE, ~text.str.contains(SPREADSHEET_ERROR), IS_AN_ERROR),
        Must(
            Reason.BAD_TYPE,
            ~text.str.contains(SCIENTIFIC),
            "is an id that a spreadsheet cut short; format its column as text before it is filled",
        ),
    ]


def _read_as(rule: Rule, helper: str) -> pl.Expr:
    """There is no text, or it has a meaning."""
    return pl.col(rule.field).is_null() | pl.col(f"{rule.field}:{helper}").is_not_null()


def _nobody(rule: Rule) -> list[Must]:
    """Refuse an id that is an address or number of a person: it would be stored unmasked."""
    text = pl.col(rule.field)
    words = text.str.contains(r"\s") & text.str.contains(DUTCH_NUMBER)
    return [
        Must(
            Reason.BAD_TYPE,
            ~text.str.contains("@", literal=True),
            "is an e-mail address where an id is expected",
        ),
        Must(Reason.BAD_TYPE, ~words, "holds a telephone number where an id is expected"),
    ]


def _organisation(rule: Rule, plan: Plan) -> list[Must]:
    known = Must(
        Reason.UNKNOWN_ORGANISATION,
        _read_as(rule, "code"),
        "is not an organisation that the codebook knows",
    )
    first, last = pl.col(f"{rule.field}:from"), pl.col(f"{rule.field}:to")
    if plan.numbered_by_year:
        when = pl.col("year:wave").cast(pl.Int32)
        first, last, moment = first.dt.year(), last.dt.year(), "in the year"
    elif plan.rule(plan.event):
        when, moment = pl.col(f"{plan.event}:date"), "on the day"
    else:
        return [known]
    exists = (first.is_null() | (when >= first)) & (last.is_null() | (when <= last))
    says = f"is an organisation that did not exist {moment} of this row"
    return [known, Must(Reason.UNKNOWN_ORGANISATION, exists, says)]


def _number(rule: Rule) -> list[Must]:
    plural = "" if rule.decimals == 1 else "s"
    kind = (
        f"a number with at most {rule.decimals} decimal{plural}"
        if rule.decimals
        else "a whole number"
    )
    number = pl.col(f"{rule.field}:number")
    return [
        Must(Reason.BAD_TYPE, _read_as(rule, "number"), f"is not {kind}"),
        Must(
            Reason.OUT_OF_RANGE,
            number.is_between(pl.lit(rule.minimum), pl.lit(rule.maximum)),
            f"is not from {rule.minimum:g} to {rule.maximum:g}",
        ),
    ]


def _weight(rule: Rule) -> list[Must]:
    number = pl.col(f"{rule.field}:number")
    return [
        Must(Reason.BAD_TYPE, _read_as(rule, "number"), "is not a number"),
        Must(Reason.OUT_OF_RANGE, number.is_finite() & (number > 0), "is not above 0"),
    ]


def _moment(rule: Rule, plan: Plan, received_on: date) -> list[Must]:
    form = (
        "a date in the form that the codebook gives"
        if rule.format
        else ("a date: dd-mm-yyyy, yyyy-mm-dd or an ISO timestamp that the Dutch clock knows")
    )
    musts = [Must(Reason.BAD_TYPE, _read_as(rule, "date"), f"is not {form}")]
    day = pl.col(f"{rule.field}:date")
    if rule.field == plan.event:
        says = f"is before {plan.starts_on}, where this study starts"
        musts.append(Must(Reason.OUT_OF_RANGE, day >= plan.starts_on, says))
    if rule.field == "contact_date":
        says = f"is after {received_on}, the day on which this delivery came"
        musts.append(Must(Reason.CONTACT_IN_FUTURE, day <= received_on, says))
    if rule.field == "submitted_at" and plan.rule("contact_date"):
        musts.append(_in_order())
    return musts


def _year(rule: Rule, plan: Plan, received_on: date) -> list[Must]:
    year = pl.col(f"{rule.field}:wave").cast(pl.Int32)
    first, last = plan.starts_on.year, received_on.year
    return [
        Must(Reason.BAD_TYPE, _read_as(rule, "wave"), "is not a year in four digits"),
        Must(Reason.OUT_OF_RANGE, year >= first, f"is before {first}, where this study starts"),
        Must(
            Reason.CONTACT_IN_FUTURE,
            year <= last,
            f"is after {last}, the year in which this delivery came",
        ),
    ]


def _in_order() -> Must:
    both_timed = pl.col("submitted_at:timed") & pl.col("contact_date:timed")
    passes = (
        pl.when(both_timed)
        .then(pl.col("submitted_at:at") >= pl.col("contact_date:at"))
        .otherwise(pl.col("submitted_at:date") >= pl.col("contact_date:date"))
    )
    return Must(Reason.SUBMITTED_BEFORE_CONTACT, passes, "is earlier than the contact")

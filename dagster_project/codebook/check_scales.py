"""Rules for scales, their values and the questions that use them.

Belongs here: what makes raw answers readable without doubt. Does not belong here: columns, metrics.
"""

from __future__ import annotations

from collections.abc import Iterator

from dagster_project.codebook.codebook import Codebook
from dagster_project.codebook.faults import Fault, row_of
from dagster_project.codebook.folding import SEPARATOR, fold
from dagster_project.codebook.grid import grid_of
from dagster_project.codebook.model import Scale, ScaleValue
from dagster_project.codebook.roles import ALL_ROLES

UNKNOWN = "unknown"
"""The value of a segment for respondents who gave no answer to its question."""
METHOD = "method"
"""What breaks down the people invited by how they were approached."""


def scales_are_complete(codebook: Codebook) -> Iterator[Fault]:
    """Check that number scales, and no others, have bounds; the others have values."""
    for scale in codebook.scales:
        bounds = {name: getattr(scale, name) for name in ("minimum", "maximum", "decimals")}
        if scale.kind == "number":
            yield from _number_scale_faults(scale)
            continue
        for name, value in bounds.items():
            if value is not None:
                yield Fault(
                    scale, name, f"a scale of kind {scale.kind} has no {name}; clear the cell"
                )
        if not codebook.values_of(scale.scale):
            yield Fault(
                scale,
                "scale",
                f"'{scale.scale}' has no values; list its raw answers in scale_values.csv",
            )


def segments_have_codes(codebook: Codebook) -> Iterator[Fault]:
    """Check that each segment is by one code per respondent, and that no name has a set meaning."""
    for segment in codebook.segments:
        if segment.segment == METHOD:
            yield Fault(
                segment,
                "segment",
                f"'{METHOD}' stands for how people were invited; use another name",
            )
        try:
            scale = codebook.scale(codebook.question(segment.study, segment.question).scale)
        except KeyError:
            continue  # a reference that is wrong is told of elsewhere
        if scale.kind != "code":
            yield Fault(
                segment,
                "question",
                f"'{segment.question}' has a scale of kind {scale.kind}; a segment needs one of "
                "kind code",
            )
        for value in codebook.values_of(scale.scale):
            if value.code == UNKNOWN:
                yield Fault(
                    value,
                    "code",
                    f"'{UNKNOWN}' stands for respondents without an answer in segment "
                    f"'{segment.segment}'; use another code",
                )


def _number_scale_faults(scale: Scale) -> Iterator[Fault]:
    complete = True
    for name in ("minimum", "maximum", "decimals"):
        if getattr(scale, name) is None:
            complete = False
            yield Fault(scale, name, f"a scale of kind number needs a {name}; fill it in")
    if not complete or scale.minimum is None or scale.maximum is None:
        return
    if scale.minimum >= scale.maximum:
        yield Fault(
            scale,
            "maximum",
            f"{scale.maximum:g} is not above minimum {scale.minimum:g}; raise it",
        )
    elif grid_of(scale, ()) is None:
        yield Fault(
            scale,
            "decimals",
            f"minimum or maximum has more than {scale.decimals} decimals; allow more or round them",
        )


def values_fit_their_scale(codebook: Codebook) -> Iterator[Fault]:
    """Check that answers have a code, and texts that mean no answer neither code nor number."""
    scales = {scale.scale: scale for scale in codebook.scales}
    for value in codebook.scale_values:
        scale = scales.get(value.scale)
        if scale is None:
            continue
        if scale.kind == "no_answer":
            for name in ("code", "number"):
                if getattr(value, name) is not None:
                    yield Fault(value, name, "a text that means no answer has none; clear the cell")
        elif value.code is None:
            yield Fault(
                value, "code", f"scale '{scale.scale}' needs a code for each raw answer; add it"
            )
        elif scale.kind == "number":
            yield from _number_value_faults(scale, value)
        if scale.kind == "multiple" and SEPARATOR in value.raw:
            yield Fault(
                value,
                "raw",
                f"'{value.raw}' holds '{SEPARATOR}', which separates answers; write each apart",
            )


def _number_value_faults(scale: Scale, value: ScaleValue) -> Iterator[Fault]:
    """Check that an answer option listed for a number scale is a whole number within it."""
    grid = grid_of(scale, ())
    if value.number is None or value.code != f"{value.number:.0f}" or value.number % 1:
        yield Fault(
            value,
            "code",
            f"code '{value.code}' and number differ; on a number scale make both one whole number",
        )
    elif grid is not None and grid.place(value.number) is None:
        low, high = grid.ends
        yield Fault(
            value, "number", f"{value.number:g} is outside {low} to {high}; correct or remove it"
        )


def codes_mean_one_thing(codebook: Codebook) -> Iterator[Fault]:
    """Check that several raw texts for one code agree on its number and labels."""
    first: dict[tuple[str, str], ScaleValue] = {}
    for value in codebook.scale_values:
        if value.code is None:
            continue
        other = first.setdefault((value.scale, value.code), value)
        for name in ("number", "label_nl", "label_en"):
            if getattr(value, name) != getattr(other, name):
                yield Fault(
                    value,
                    name,
                    f"'{value.code}' has another {name} in {row_of(other, value)}; "
                    "make them the same",
                )


def no_answers_are_no_answers(codebook: Codebook) -> Iterator[Fault]:
    """Check that no-answer lists are of that kind and hold no text that is an answer."""
    scales = {scale.scale: scale for scale in codebook.scales}
    for scale in codebook.scales:
        listed = scales.get(scale.no_answer or "")
        if listed is None:
            continue
        if listed.kind != "no_answer" or scale.kind == "no_answer":
            yield Fault(
                scale,
                "no_answer",
                f"'{listed.scale}' is no list for '{scale.scale}'; refer an answerable scale "
                "to one of kind no_answer",
            )
            continue
        for text in sorted(_read_as_answers(codebook, scale) & codebook.no_answers_of(scale.scale)):
            yield Fault(
                scale,
                "no_answer",
                f"'{text}' is an answer on this scale and means no answer in '{listed.scale}'; "
                "remove it from one of the two",
            )


def _read_as_answers(codebook: Codebook, scale: Scale) -> frozenset[str]:
    """Select the no-answer texts, and raw texts, that the scale itself would accept."""
    raws = frozenset(fold(value.raw) for value in codebook.values_of(scale.scale))
    grid = grid_of(scale, ())
    if scale.kind != "number" or grid is None:
        return raws
    numbers = (text for text in codebook.no_answers_of(scale.scale) if _is_number(text))
    return raws | frozenset(text for text in numbers if grid.place(float(text)) is not None)


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal()


def questions_are_answerable(codebook: Codebook) -> Iterator[Fault]:
    """Check that a question has a scale with answers, and an id that is not the name of a role."""
    kinds = {scale.scale: scale.kind for scale in codebook.scales}
    for question in codebook.questions:
        if kinds.get(question.scale) == "no_answer":
            yield Fault(
                question,
                "scale",
                f"'{question.scale}' lists what is no answer; choose a scale that can be answered",
            )
        if question.question in ALL_ROLES:
            yield Fault(
                question,
                "question",
                f"'{question.question}' is the name of a role of columns; choose another id",
            )

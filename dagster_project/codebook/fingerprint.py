"""Hashes of what decides how the deliveries of a feed are judged, and of what a metric means.

Belongs here: which rows those are, and their canonical form. Row order and labels do not take part,
so that wording may change without judging every delivery again, or making a metric another one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dagster_project.codebook.folding import fold
from dagster_project.codebook.model import Metric, ScaleValue

if TYPE_CHECKING:
    from dagster_project.codebook.codebook import Codebook

_DISTRIBUTION = "distribution"


def fingerprint(codebook: Codebook, feed: str) -> str:
    """Return the SHA-256 (hex) over the rows that judge this feed; KeyError for an unknown feed."""
    return _hash(_parts(codebook, feed))


def definition(codebook: Codebook, metric: Metric) -> str:
    """Return the SHA-256 (hex) over the rows that say what a metric means.

    Those are its family, base, decimals, fewest items, overall metric and bands, and its questions
    with the answers that their scales know. A distribution is of the question of its own name.
    """
    study = metric.study
    alone = metric.family == _DISTRIBUTION
    names = (metric.metric,) if alone else codebook.questions_of_metric(study, metric.metric)
    scales = {name: codebook.scale(codebook.question(study, name).scale) for name in names}
    bands = () if alone else codebook.bands_of(study, metric.metric)
    return _hash(
        {
            "metric": [
                [
                    metric.study,
                    metric.metric,
                    metric.family,
                    metric.base,
                    metric.decimals,
                    metric.min_items,
                    metric.overall_metric,
                ]
            ],
            "questions": [
                [name, scale.kind, scale.minimum, scale.maximum, scale.decimals]
                for name, scale in scales.items()
            ],
            "answers": [
                (name, *answer)
                for name, scale in scales.items()
                for answer in _answers(codebook.values_of(scale.scale))
            ],
            "bands": [[band.lower, band.upper, band.points] for band in bands],
        }
    )


def _answers(values: Sequence[ScaleValue]) -> set[tuple[Any, ...]]:
    """Give each code with its number, and which code a raw text that looks like a code is.

    One more spelling of an answer changes nothing; turning a scale round, so that a raw 1 is code
    5, does.
    """
    coded = [value for value in values if value.code]
    codes = {value.code for value in coded}
    return {(value.code, value.number) for value in coded} | {
        (fold(value.raw), "is code", value.code) for value in coded if fold(value.raw) in codes
    }


def _hash(parts: Mapping[str, Iterable[Sequence[Any]]]) -> str:
    canonical = {
        name: sorted(json.dumps(row, default=str, ensure_ascii=False) for row in rows)
        for name, rows in parts.items()
    }
    text = json.dumps(canonical, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _parts(codebook: Codebook, feed: str) -> dict[str, list[list[Any]]]:
    """Select the deciding cells of the deciding rows, by file."""
    found = codebook.feed(feed)
    study = codebook.study(found.study)
    columns = codebook.columns_of(feed)
    fields = {column.field for column in columns}
    questions = [q for q in codebook.questions_of(found.study) if q.question in fields]
    named = {q.scale for q in questions} | {c.scale for c in columns if c.scale}
    scales = {codebook.scale(name) for name in named}
    scales |= {codebook.scale(scale.no_answer) for scale in scales if scale.no_answer}
    return {
        "feeds": [
            [
                found.feed,
                found.study,
                found.kind,
                found.channel,
                found.organisation_code,
                found.period_source,
                found.period,
                found.sheet,
            ]
        ],
        "studies": [
            [
                study.timing,
                study.organisation_kind,
                study.code_prefix,
                study.code_digits,
                study.starts_on,
                study.max_bad_rows_pct,
            ]
        ],
        "constants": [[field, value] for field, value in codebook.constants_of(feed).items()],
        "inclusions": [
            [header, sorted(values)] for header, values in codebook.inclusions_of(feed).items()
        ],
        "columns": [[c.field, fold(c.header), c.required, c.format, c.scale] for c in columns],
        "questions": [[q.question, q.scale] for q in questions],
        "scales": [
            [s.scale, s.kind, s.minimum, s.maximum, s.decimals, s.no_answer] for s in scales
        ],
        "scale_values": [
            [v.scale, fold(v.raw), v.code, v.number]
            for s in scales
            for v in codebook.values_of(s.scale)
        ],
        "products": [[p.product_code] for p in codebook.products_of(found.study)],
        "organisations": [
            [o.organisation_code, o.valid_from, o.valid_to]
            for o in codebook.organisations_of(found.study)
        ],
        "channels": [[c.channel] for c in codebook.channels_of(found.study)],
    }

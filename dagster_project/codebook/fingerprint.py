"""A hash of everything that decides how the deliveries of one feed are judged.

Belongs here: which rows those are, and their canonical form. Row order and labels do not take part,
so that wording may change without judging every delivery again.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from dagster_project.codebook.folding import fold

if TYPE_CHECKING:
    from dagster_project.codebook.codebook import Codebook


def fingerprint(codebook: Codebook, feed: str) -> str:
    """Return the SHA-256 (hex) over the rows that judge this feed; KeyError for an unknown feed."""
    parts = _parts(codebook, feed)
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

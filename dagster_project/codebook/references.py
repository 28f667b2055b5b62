"""Which cells refer to a row of another file, and the one check that all of them resolve.

Belongs here: the list of references. Does not belong here: what a row that was found must be like.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dagster_project.codebook.codebook import Codebook
from dagster_project.codebook.faults import Fault
from dagster_project.codebook.model import Row


@dataclass(frozen=True)
class Reference:
    """Columns of `source` that name a row of `target`, by columns of the same names or `named`."""

    source: str
    columns: tuple[str, ...]
    target: str
    named: tuple[str, ...] = ()

    def faults(self, codebook: Codebook) -> Iterator[Fault]:
        """Find the rows whose reference leads nowhere; blank references are left alone."""
        targets: Sequence[Row] = getattr(codebook, self.target)
        known = {_cells(row, self.named or self.columns) for row in targets}
        rows: Sequence[Row] = getattr(codebook, self.source)
        for row in rows:
            sought = _cells(row, self.columns)
            if None not in sought and sought not in known:
                *of, last = sought
                within = f" of {self.columns[0]} '{of[0]}'" if of else ""
                yield Fault(
                    row,
                    self.columns[-1],
                    f"'{last}'{within} is not in {self.target}.csv; correct it or add it there",
                )


def _cells(row: Row, columns: Sequence[str]) -> tuple[str | None, ...]:
    return tuple(getattr(row, column) for column in columns)


REFERENCES = (
    Reference("waves", ("study",), "studies"),
    Reference("channels", ("study",), "studies"),
    Reference("feeds", ("study",), "studies"),
    Reference("feeds", ("study", "channel"), "channels"),
    Reference("feeds", ("organisation_code",), "organisations"),
    Reference("columns", ("feed",), "feeds"),
    Reference("columns", ("scale",), "scales"),
    Reference("constants", ("feed",), "feeds"),
    Reference("inclusions", ("feed",), "feeds"),
    Reference("questions", ("study",), "studies"),
    Reference("questions", ("scale",), "scales"),
    Reference("segments", ("study",), "studies"),
    Reference("segments", ("study", "question"), "questions"),
    Reference("scales", ("no_answer",), "scales", ("scale",)),
    Reference("scale_values", ("scale",), "scales"),
    Reference("metrics", ("study",), "studies"),
    Reference("metrics", ("study", "overall_metric"), "metrics", ("study", "metric")),
    Reference("metric_questions", ("study", "metric"), "metrics"),
    Reference("metric_questions", ("study", "question"), "questions"),
    Reference("metric_bands", ("study", "metric"), "metrics"),
    Reference("publication_rules", ("study",), "studies"),
    Reference("publication_rules", ("study", "judged_metric"), "metrics", ("study", "metric")),
    Reference(
        "publication_rules", ("study", "second_judgement_metric"), "metrics", ("study", "metric")
    ),
    Reference("organisation_mergers", ("from_code",), "organisations", ("organisation_code",)),
    Reference("organisation_mergers", ("to_code",), "organisations", ("organisation_code",)),
    Reference("products", ("study",), "studies"),
)

"""The attack on a staged release, before anyone may read it; it fails closed.

Belongs here: bringing the release, all earlier ones and the truth to the attacker, keeping what he
found. Does not belong here: the attack itself (disclosure.attack). What he found names cells and
figures, so it stays in the internal audit and out of logs, check results and reports.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa

from dagster_project.codebook import Codebook
from dagster_project.disclosure import CELL, LedgerStore, shrunk_since, vintage_of
from dagster_project.disclosure.attack import (
    Finding,
    Intervals,
    Limits,
    Violation,
    attack,
    audit_derived,
    audit_files,
    count_extreme_shares,
    judge,
    read_release,
    targets_of,
)
from dagster_project.progress import Progress, silent
from dagster_project.release.export import StagedRelease
from dagster_project.release.manifest import ReleaseError
from dagster_project.release.public_rules import priorities_of, publications_of
from dagster_project.release.restatement import read_figures
from dagster_project.settings import Settings

SCORED = ("mean", "net", "share", "distribution")
AUDIT_FILE = "attack.json"
INTERVALS_FILE = "intervals.parquet"

Tables = Mapping[str, pa.Table]


@dataclass(frozen=True)
class Verdict:
    """What came of an attack: counts only, nothing that names a cell.

    `intervals` counts the hidden figures attacked, `smallest_n` and `smallest_mean` are the widths
    of the narrowest intervals for the respondents and the mean of a cell that is too small.
    """

    leaks: int
    findings: int
    intervals: int
    extreme_shares: int
    smallest_n: float | None
    smallest_mean: float | None
    programs: int
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether nothing hidden can be worked out, and everything derived follows."""
        return not self.leaks and not self.findings

    def in_words(self, audit: Path) -> str:
        """Say it in a line without naming a cell."""
        if self.passed:
            widths = (("n", self.smallest_n), ("a mean", self.smallest_mean))
            known = [f"{width:.2g} in {what}" for what, width in widths if width is not None]
            narrowest = f"; narrowest interval {', '.join(known)}" if known else ""
            return (
                f"{self.intervals} hidden figures attacked, none worked out{narrowest} "
                f"({self.seconds:.0f} s)"
            )
        return (
            f"{self.leaks} hidden figures can be worked out and {self.findings} published ones do "
            f"not follow from the release; which and how is in {audit} (internal)"
        )


def attack_release(
    settings: Settings, codebook: Codebook, staged: StagedRelease, progress: Progress = silent
) -> Verdict:
    """Attack a staged release with every earlier one in hand, and keep what was found.

    Raises:
        ReleaseError: the release, the ledger or a rule cannot be read, or the disk does not allow
            the audit to be written.

    """
    figures = read_figures(settings)
    try:
        released = read_release(staged.path)
        earlier = _earlier_releases(settings)
        limits = {one.study: Limits(min_n=one.min_n) for one in codebook.studies}
        ledger, back = figures.ledger, len(earlier)
        scales = scales_of(figures.cells, ledger.cells)
        pattern = pl.read_parquet(settings.pattern).to_arrow()
        targets = targets_of(
            figures.cells,
            limits,
            touched=ledger.touched,
            history=ledger.cells,
            releases=back,
        )
        vintage = vintage_of(figures.cells, pattern, ledger, back)
        intervals = attack(
            released,
            earlier,
            figures.hierarchies,
            scales,
            targets=targets,
            vintage=vintage,
            shrunk=shrunk_since(figures.cells, ledger),
            workers=figures.workers,
            progress=progress,
        )
        violations = judge(
            intervals,
            released,
            earlier,
            figures.cells,
            hierarchies=figures.hierarchies,
            scales=scales,
            limits=limits,
            touched=ledger.touched,
            history=ledger.cells,
            vintage=vintage,
        )
        fewest = {one.study: one.benchmark_min_organisations for one in codebook.studies}
        findings = [
            *audit_derived(
                released,
                benchmark_minimum=fewest,
                priorities=priorities_of(codebook),
                publications=publications_of(codebook),
            ),
            *audit_files(staged.path, released),
        ]
    except (OSError, ValueError, duckdb.Error, pl.exceptions.PolarsError) as fault:
        first_line = str(fault).partition("\n")[0]
        raise ReleaseError(
            f"The attack on the staged release could not be carried out: {first_line}; nothing is "
            "published without it"
        ) from fault
    _keep(settings, staged, intervals, violations, findings)
    return _verdict(targets, scales, intervals, violations, findings)


def scales_of(cells: pa.Table, released: pa.Table) -> pa.Table:
    """Read off what the codebook tells everybody: the kind and the scale of each metric.

    A metric that the codebook has no more is as it was when it was released.
    """
    columns = ["study", "measure", "kind", "low", "high"]
    return (
        pl.concat([pl.DataFrame(cells.select(columns)), pl.DataFrame(released.select(columns))])
        .filter(pl.col("kind").is_in(SCORED))
        .rename({"measure": "metric"})
        .unique(["study", "metric"], keep="first", maintain_order=True)
        .sort("study", "metric")
        .to_arrow()
    )


def _earlier_releases(settings: Settings) -> list[Tables]:
    """Read the tables of every earlier release, oldest first."""
    paths = LedgerStore(settings.ledger).released_tables()
    return [
        {path.stem: pl.read_parquet(path).to_arrow() for path in tables}
        for _, tables in groupby(paths, key=lambda path: path.parent)
    ]


def _keep(
    settings: Settings,
    staged: StagedRelease,
    intervals: Intervals,
    violations: list[Violation],
    findings: list[Finding],
) -> None:
    audit = {
        "release": staged.id,
        "leaks": [asdict(violation) for violation in violations],
        "findings": [asdict(finding) for finding in findings],
        "programs": intervals.programs,
        "undecided": intervals.undecided,
        "seconds": round(intervals.seconds, 3),
    }
    settings.audit.mkdir(parents=True, exist_ok=True)
    text = json.dumps(audit, indent=2, ensure_ascii=False) + "\n"
    draft = settings.audit / f"{AUDIT_FILE}.part"
    draft.write_text(text, encoding="utf-8")
    draft.replace(settings.audit / AUDIT_FILE)
    draft = settings.audit / f"{INTERVALS_FILE}.part"
    pl.DataFrame(intervals.table).write_parquet(draft)
    draft.replace(settings.audit / INTERVALS_FILE)


def _verdict(
    targets: pa.Table,
    scales: pa.Table,
    intervals: Intervals,
    violations: list[Violation],
    findings: list[Finding],
) -> Verdict:
    on = [*CELL, "measure", "figure"]
    small = (
        pl.DataFrame(targets)
        .filter(pl.col("release") == 0)
        .select(*on, truth=(pl.col("low") + pl.col("high")) / 2)
    )
    # where the search ended early, the attacker's interval holds what he saw, and the truth
    seen = (pl.col("low"), pl.col("high"), pl.col("truth"))
    widths = (
        pl.DataFrame(intervals.table)
        .filter(pl.col("release") == 0)
        .join(small, on=on)
        .with_columns(width=pl.max_horizontal(seen) - pl.min_horizontal(seen))
    )
    return Verdict(
        leaks=len(violations),
        findings=len(findings),
        intervals=intervals.table.num_rows,
        extreme_shares=count_extreme_shares(intervals, scales),
        smallest_n=_smallest(widths, "n"),
        smallest_mean=_smallest(widths, "mean"),
        programs=intervals.programs,
        seconds=intervals.seconds,
    )


def _smallest(widths: pl.DataFrame, figure: str) -> float | None:
    smallest = widths.filter(pl.col("figure") == figure)["width"].min()
    return None if smallest is None else float(smallest)  # type: ignore[arg-type]

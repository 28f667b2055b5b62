"""The attack on a staged release or preview, before it is published; an error stops the release.

Belongs here: bringing what is published, earlier vintages and the truth to the attacker, keeping
what was found. Does not belong here: the attack itself (disclosure.attack). What it found names
cells and figures, so it stays in the internal audit and out of logs, check results and reports.
Only blocks with something new are attacked: the others passed when they were published.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa

from dagster_project.codebook import Codebook
from dagster_project.common.durable import replacing
from dagster_project.common.progress import Progress, silent
from dagster_project.common.settings import Settings
from dagster_project.disclosure.attack import Attack, Layout, attack, figures_of, read_release
from dagster_project.disclosure.audit import Finding, audit_derived, audit_files
from dagster_project.disclosure.judge import (
    Limits,
    Violation,
    apart_of,
    count_extreme_shares,
    judge,
    scales_of,
    targets_of,
)
from dagster_project.release.export import SEMANTIC, StagedRelease
from dagster_project.release.history import NOW, History
from dagster_project.release.manifest import ReleaseError
from dagster_project.release.protected import Figures, read_figures
from dagster_project.release.public_rules import priorities_of, publications_of
from dagster_project.release.vintages import KEY, MARTS, kept

ATTACKED = ("mart_kpi", "mart_distribution", "mart_response", "mart_response_funnel")
AUDIT_FILE = "attack.json"
INTERVALS_FILE = "intervals.parquet"
EXACT = "exact"

Tables = Mapping[str, pa.Table]


@dataclass(frozen=True)
class Verdict:
    """What came of an attack: counts only, nothing that names a cell.

    `intervals` counts the hidden figures attacked, `smallest_n` and `smallest_mean` are the widths
    of the narrowest intervals for the respondents and the mean of a cell that is too small.
    `of_quarters` counts hidden figures of years that follow from their quarters alone.
    """

    leaks: int
    findings: int
    of_quarters: int
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


@dataclass(frozen=True)
class Found:
    """An attack with what it was made on."""

    attack: Attack
    targets: pa.Table
    scales: pa.Table
    violations: list[Violation]
    of_quarters: int


def attack_staged(
    settings: Settings,
    codebook: Codebook,
    staged: StagedRelease,
    audit: Path,
    progress: Progress = silent,
    *,
    released: bool = True,
) -> Verdict:
    """Attack what is new in a staged release, or what a preview has beyond it.

    Args:
        settings: where the cells and earlier vintages are.
        codebook: the rules of every study.
        staged: a staged release or preview.
        audit: folder in which to keep what was found.
        progress: called with how far the attack is.
        released: whether the periods of the release are meant, or those that are not in it.

    Raises:
        ReleaseError: the release or a rule cannot be read, or the disk does not allow the audit to
            be written.

    """
    try:
        tables = read_release(staged.path)
        figures = read_figures(settings)
        found = _attack(settings, codebook, tables, figures, progress, released=released)
        fixed = {SEMANTIC.name: SEMANTIC.read_bytes()}
        findings = [*_audit(codebook, tables), *audit_files(staged.path, tables, fixed)]
        _keep(audit, staged, found, findings)
    except (OSError, ValueError, duckdb.Error, pl.exceptions.PolarsError) as fault:
        first_line = str(fault).partition("\n")[0]
        raise ReleaseError(
            f"The attack on the staged release could not be carried out: {first_line}; nothing is "
            "published without it"
        ) from fault
    return _verdict(found, findings)


def _audit(codebook: Codebook, tables: Tables) -> list[Finding]:
    return audit_derived(
        tables,
        benchmark_minimum={one.study: one.benchmark_min_organisations for one in codebook.studies},
        priorities=priorities_of(codebook),
        publications=publications_of(codebook),
    )


def _attack(
    settings: Settings,
    codebook: Codebook,
    tables: Tables,
    figures: Figures,
    progress: Progress,
    *,
    released: bool,
) -> Found | None:
    """Attack the blocks with something new; None if there are none."""
    meant = pl.col("is_released") if released else ~pl.col("is_released")
    periods = figures.periods.filter(meant).select(KEY)
    cells = figures.cells.join(periods, on=KEY, how="semi")
    if cells.is_empty():
        return None
    history = figures.history.of(cells) if figures.history and released else None
    limits = {one.study: Limits(min_n=one.min_n) for one in codebook.studies}
    truth = cells.with_columns(vintage=pl.lit(NOW, dtype=pl.Int32))
    if history:
        truth = pl.concat([truth, history.cells], how="diagonal_relaxed")
    scales = scales_of(truth.to_arrow())
    shown = [figures_of(_of_periods(tables, periods.join(cells, on=KEY, how="semi")), scales)]
    shown += _earlier(settings, history, scales) if history else []
    rows = pa.concat_tables(shown)
    targets = targets_of(truth.to_arrow(), limits)
    changes = (history.changed, history.moved) if history else (None, None)
    changed, moved = (None if table is None else table.to_arrow() for table in changes)

    def attacked(figures_of_release: pa.Table) -> tuple[Attack, list[Violation]]:
        found = attack(
            figures_of_release,
            figures.hierarchies,
            scales,
            min_n={one.study: one.min_n for one in codebook.studies},
            targets=targets,
            changed=changed,
            moved=moved,
            apart=apart_of(cells.to_arrow()),
            workers=figures.workers,
            progress=progress,
        )
        return found, judge(
            found,
            figures_of_release,
            truth.to_arrow(),
            hierarchies=figures.hierarchies,
            scales=scales,
            limits=limits,
        )

    found, violations = attacked(rows)
    known = _of_quarters(violations, rows, figures.hierarchies)
    if known is not None:
        _, without_years = attacked(known)
        told = {_named(one) for one in without_years}
        left = [one for one in violations if one.rule != EXACT or _named(one) not in told]
        return Found(found, targets, scales, left, len(violations) - len(left))
    return Found(found, targets, scales, violations, 0)


def _named(violation: Violation) -> tuple[object, ...]:
    return violation.rule, violation.cell, violation.measure, violation.vintage, violation.what


def _of_quarters(
    violations: list[Violation], rows: pa.Table, hierarchies: pa.Table
) -> pa.Table | None:
    """Return the figures of organisations with a hidden year that follows, with no year shown.

    Quarters are decided when they are published. What their figures tell of the year, such as the
    sum of cells in which everybody answered, was conceded then, and no choice in the year changes
    it. What does not follow without the year is a leak of the year. None if no year follows.
    """
    time = Layout().dimensions.index("period")
    years = set(
        pl.DataFrame(hierarchies).filter(pl.col("dimension") == "period")["parent"].to_list()
    )
    suspects = {
        one.cell[:2]
        for one in violations
        if one.rule == EXACT and one.vintage == NOW and one.cell[1 + time] in years
    }
    if not suspects:
        return None
    names = pl.DataFrame(sorted(suspects), schema=["study", "organisation_code"], orient="row")
    frame = pl.DataFrame(rows).join(names, on=["study", "organisation_code"], how="semi")
    is_year = pl.col("period").is_in(sorted(years))
    figures = [name for name, kind in frame.schema.items() if kind == pl.Float64]
    return frame.with_columns(
        *(pl.when(~is_year).then(name).alias(name) for name in figures),
        hidden=pl.col("hidden") | is_year,
    ).to_arrow()


def _of_periods(tables: Tables, periods: pl.DataFrame) -> Tables:
    """Keep the rows of these periods."""
    return {
        name: pl.DataFrame(tables[name]).join(periods, on=KEY, how="semi").to_arrow()
        for name in ATTACKED
        if name in tables
    }


def _earlier(settings: Settings, history: History, scales: pa.Table) -> list[pa.Table]:
    """Read what earlier vintages published of the blocks, oldest first."""
    steps = history.places.filter((pl.col("step") != NOW) & pl.col("vintage").is_not_null())
    shown = []
    for step, places in sorted(steps.partition_by("step", as_dict=True).items()):
        tables = {
            name: frame.to_arrow()
            for name in ATTACKED
            if (frame := kept(settings, f"{MARTS}/{name}", places)).width
        }
        shown.append(figures_of(tables, scales, vintage=int(str(step[0]))))
    return shown


def _keep(
    folder: Path, staged: StagedRelease, found: Found | None, findings: list[Finding]
) -> None:
    audit = {
        "release": staged.id,
        "leaks": [asdict(violation) for violation in found.violations] if found else [],
        "findings": [asdict(finding) for finding in findings],
        "programs": found.attack.programs if found else 0,
        "limit": found.attack.limit if found else 0,
        "seconds": round(found.attack.seconds, 3) if found else 0,
    }
    text = json.dumps(audit, indent=2, ensure_ascii=False, default=str) + "\n"
    with replacing(folder / AUDIT_FILE) as temporary:
        temporary.write_text(text, encoding="utf-8")
    if found:
        with replacing(folder / INTERVALS_FILE) as temporary:
            pl.DataFrame(found.attack.intervals).write_parquet(temporary)


def _verdict(found: Found | None, findings: list[Finding]) -> Verdict:
    if found is None:
        return Verdict(0, len(findings), 0, 0, 0, None, None, 0, 0.0)
    on = [*Layout().cell, "measure", "figure"]
    now = (pl.col("vintage") == NOW) & pl.col("since").is_null()
    small = (
        pl.DataFrame(found.targets)
        .filter(pl.col("vintage") == NOW, pl.col("low").is_not_null())
        .select(*on, truth=(pl.col("low") + pl.col("high")) / 2)
    )
    # where the search ended early, the attacker's interval holds what he saw, and the truth
    seen = (pl.col("low"), pl.col("high"), pl.col("truth"))
    widths = (
        pl.DataFrame(found.attack.intervals)
        .filter(now)
        .join(small, on=on)
        .with_columns(width=pl.max_horizontal(seen) - pl.min_horizontal(seen))
    )
    return Verdict(
        leaks=len(found.violations),
        findings=len(findings),
        of_quarters=found.of_quarters,
        intervals=found.attack.intervals.num_rows,
        extreme_shares=count_extreme_shares(found.attack, found.scales),
        smallest_n=_smallest(widths, "n"),
        smallest_mean=_smallest(widths, "mean"),
        programs=found.attack.programs,
        seconds=found.attack.seconds,
    )


def _smallest(widths: pl.DataFrame, figure: str) -> float | None:
    smallest = widths.filter(pl.col("figure") == figure)["width"].min()
    return None if smallest is None else float(smallest)  # type: ignore[arg-type]

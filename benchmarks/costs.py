"""Measures what disclosure control of a whole country costs.

Belongs here: measuring time, memory and loss, and attacking the result. Does not belong here: the
made-up country (country), starting (disclosure).
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

import click
import polars as pl
import psutil
import pyarrow as pa
import pyarrow.compute as pc
from country import CELLS_PER_ORGANISATION, STUDY, YEAR, country, hierarchies, released, scales

from dagster_project.disclosure.attack import Attack, attack, figures_of
from dagster_project.disclosure.judge import Limits, judge, targets_of
from dagster_project.disclosure.protect import Pattern, Rules, protect

MOST_SECONDARIES = 25.0
"""Secondaries that are allowed, in % of the cells that are large enough themselves."""

T = TypeVar("T")


@dataclass(frozen=True)
class Result:
    """Figures of one run: seconds, mebibytes, counts and percentages."""

    organisations: int
    workers: int
    cells: int
    empty: int
    primaries: int
    primaries_percent: float
    secondaries: int
    secondaries_percent: float
    groups_hidden: int
    respondents_lost_percent: float
    protect_seconds: float
    protect_cpu_seconds: float
    programs: int
    attack_seconds: float
    attack_cpu_seconds: float
    attack_programs: int
    undecided: int
    peak_mebibytes: float
    exact: int
    narrow: int
    other_violations: int

    def passes(self) -> bool:
        """Whether nothing leaks and no more is hidden than allowed."""
        leaks = self.exact + self.narrow + self.other_violations
        return leaks == 0 and self.secondaries_percent <= MOST_SECONDARIES


def measured(work: Callable[[], T]) -> tuple[T, float, float]:
    """Run `work`; return what it gives, the seconds on the clock and those of all processors."""
    clock, used = time.perf_counter(), _cpu()
    result = work()
    return result, time.perf_counter() - clock, _cpu() - used


def _cpu() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


class PeakMemory:
    """The most memory that this process and those it started held at once, while in the block.

    It looks every twentieth of a second. What processes share counts once for each, so it is
    rather more than less.
    """

    def __init__(self) -> None:
        self.mebibytes = 0.0
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._watcher.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._ended.wait(0.05):
            held = 0
            for process in (me, *me.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    held += process.memory_info().rss
            self.mebibytes = max(self.mebibytes, held / 2**20)


def run(
    organisations: int,
    workers: int,
    seed: int,
    progress: Callable[[str], None],
    only: Sequence[str] = (),
) -> Result:
    """Make a country, protect it or `only` some of it, and attack what would be released of it."""
    cells, tree = country(organisations, seed), hierarchies()
    if only:
        cells = cells.filter(pc.field("organisation_code").isin(list(only)))
        organisations = len(only)
    rules, limits = Rules(), Limits()
    progress(f"{organisations} organisations made")
    with PeakMemory() as memory:
        pattern, protect_seconds, protect_cpu = measured(
            lambda: _protect(cells, tree, rules, workers, progress)
        )
        report = pattern.report
        figures = figures_of(released(cells, pattern.table), scales())
        del pattern
        found, attack_seconds, attack_cpu = _attacked(figures, cells, limits, workers, progress)
        violations = judge(
            found, figures, cells, hierarchies=tree, scales=scales(), limits={STUDY: limits}
        )
    broken = Counter(violation.rule for violation in violations)
    primaries = _primaries(cells, rules)
    return Result(
        organisations=organisations,
        workers=workers,
        cells=organisations * CELLS_PER_ORGANISATION,
        empty=organisations * CELLS_PER_ORGANISATION - report.cells,
        primaries=report.primary,
        primaries_percent=100 * primaries / (organisations * CELLS_PER_ORGANISATION),
        secondaries=report.secondary,
        secondaries_percent=100 * report.secondary / report.publishable,
        groups_hidden=report.groups_hidden,
        respondents_lost_percent=100 * report.respondents_lost,
        protect_seconds=protect_seconds,
        protect_cpu_seconds=protect_cpu,
        programs=report.programs,
        attack_seconds=attack_seconds,
        attack_cpu_seconds=attack_cpu,
        attack_programs=found.programs,
        undecided=found.limit,
        peak_mebibytes=memory.mebibytes,
        exact=broken.pop("exact", 0),
        narrow=broken.pop("narrow", 0) + broken.pop("narrow_mean", 0),
        other_violations=broken.total(),
    )


def _protect(
    cells: pa.Table, tree: pa.Table, rules: Rules, workers: int, progress: Callable[[str], None]
) -> Pattern:
    """Decide on the quarters, then on the years given their quarters, as they are published."""
    quarters = pl.DataFrame(cells).filter(pl.col("period") != YEAR).to_arrow()
    first = protect(quarters, tree, {STUDY: rules}, workers=workers, progress=progress)
    return protect(
        cells, tree, {STUDY: rules}, decided=first.table, workers=workers, progress=progress
    )


def _attacked(
    figures: pa.Table,
    cells: pa.Table,
    limits: Limits,
    workers: int,
    progress: Callable[[str], None],
) -> tuple[Attack, float, float]:
    """Attack what is released; as `measured`."""
    tree, targets = hierarchies(), targets_of(cells, {STUDY: limits})
    return measured(
        lambda: attack(figures, tree, scales(), targets=targets, workers=workers, progress=progress)
    )


def _primaries(cells: pa.Table, rules: Rules) -> int:
    small = pl.col("n").is_between(1, rules.min_n - 1)
    return pl.DataFrame(cells).filter((pl.col("measure") == "responses") & small).height


def lines(result: Result) -> list[str]:
    """Return the figures of a run as text."""
    r = result
    return [
        f"organisations      {r.organisations:,} ({r.workers} worker{'s' * (r.workers != 1)})",
        f"cells              {r.cells:,}, of which {r.empty:,} empty",
        f"protect            {r.protect_seconds:.1f} s, {r.protect_cpu_seconds:.1f} s of processor",
        f"  programs solved  {r.programs:,}",
        f"attack             {r.attack_seconds:.1f} s, {r.attack_cpu_seconds:.1f} s of processor",
        f"  programs solved  {r.attack_programs:,}, undecided {r.undecided:,}",
        f"memory             {r.peak_mebibytes:,.0f} MiB, all processes together",
        f"primaries          {r.primaries:,}, {r.primaries_percent:.1f} % of all cells",
        f"secondaries        {r.secondaries:,}, {r.secondaries_percent:.1f} % of the large cells",
        f"                   (at most {MOST_SECONDARIES:.0f} %)",
        f"respondents lost   {r.respondents_lost_percent:.1f} %",
        f"exact leaks        {r.exact:,}",
        f"narrow intervals   {r.narrow:,}",
        f"other violations   {r.other_violations:,}",
        f"                   {'passes' if r.passes() else 'FAILS'}",
    ]


@click.command()
@click.option(
    "--organisations",
    "sizes",
    type=click.IntRange(min=1),
    multiple=True,
    default=(342,),
    show_default=True,
    help="Number of municipalities; give it several times to see how the cost grows.",
)
@click.option("--workers", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--only", multiple=True, help="Code of a municipality; others are left out.")
@click.option("--json", "as_json", is_flag=True, help="Figures as JSON.")
def main(
    sizes: tuple[int, ...], workers: int, seed: int, only: tuple[str, ...], *, as_json: bool
) -> None:
    """Protect a made-up country, attack the result, and print what both cost.

    Exit 1 if anything leaks or more is hidden than allowed.
    """
    results = []
    for organisations in sizes:
        quiet = as_json or not sys.stderr.isatty()
        progress = (lambda _: None) if quiet else (lambda text: click.echo(text, err=True))
        results.append(run(organisations, workers, seed, progress, only))
        if not as_json:
            click.echo("\n".join([*lines(results[-1]), ""]))
    if as_json:
        click.echo(json.dumps([asdict(result) for result in results], indent=2))
    if not all(result.passes() for result in results):
        sys.exit(1)

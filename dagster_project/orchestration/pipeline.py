"""One refresh from landing to release: the Dagster job, run in this process.

Belongs here: what must hold before a run, running it, and what came of it. Does not belong here:
the steps themselves (assets), printing (the command line).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import dagster as dg
import polars as pl
from filelock import Timeout
from sqlalchemy.exc import DatabaseError

from dagster_project.codebook import load_codebook
from dagster_project.common.errors import UserError
from dagster_project.common.history import open_instance, set_aside_if_damaged
from dagster_project.common.progress import Progress, silent
from dagster_project.common.quarters import quarter_label
from dagster_project.common.replacement import finish as finish_forgetting
from dagster_project.common.settings import Settings
from dagster_project.definitions import REFRESH, build_definitions
from dagster_project.ingest import (
    Delivery,
    read_register,
    require_pseudonym_key,
    scan_after_a_moment,
)
from dagster_project.orchestration.assets.disclosure import PATTERN
from dagster_project.orchestration.assets.model_groups import QUARTERLY
from dagster_project.orchestration.assets.release import ATTACK, PREVIEW, RELEASE
from dagster_project.orchestration.assets.states import PREVIEW_JOB
from dagster_project.orchestration.resources import Installation, own_words, unexpected, was_stopped
from dagster_project.orchestration.settled import mark_of, mark_of_input
from dagster_project.release.export import StagedRelease, staged_release, sweep
from dagster_project.release.manifest import read_manifest
from dagster_project.release.order import Order
from dagster_project.release.prepare import PERIODS_FILE, read_periods_file
from dagster_project.release.revision import Change, changes, refuse
from dagster_project.release.states import STATES
from dagster_project.release.vintages import Index, read_index
from dagster_project.warehouse.damage import discard_if_damaged
from dagster_project.warehouse.lock import home_lock


class StepError(UserError):
    """A step failed; the line that it gave, or the lines of several steps."""


@dataclass(frozen=True)
class Outcome:
    """What a refresh did.

    `deliveries` is the whole register, `new` those judged in this run (feed and hash), `quarters`
    labels such as `2020Q4`, `hidden` what disclosure control did, in lines. `periods` are their
    states, in the columns of `release.states.STATES`. `warnings` are what a preview did not pass,
    `changes` what a revision changes. `astray` are links in the landing that are not followed, each
    with what to do. `published` says whether publishing was asked for. `release` is None before
    anything was published; `factsheets` says how many pages were drawn. `mark` is that of the
    installation if a run right after this one would find nothing to do; see `settled`.
    """

    deliveries: tuple[Delivery, ...] = ()
    new: frozenset[tuple[str, str]] = frozenset()
    waiting: int = 0
    astray: tuple[str, ...] = ()
    quarters: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    periods: pl.DataFrame = field(default_factory=STATES.to_frame)
    warnings: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    published: bool = True
    release: str | None = None
    release_path: Path | None = None
    factsheets: str = ""
    changed: bool = False
    mark: str | None = None

    def found_again(self) -> Outcome:
        """Return what a run right after this one would find."""
        fresh = self.periods["is_released"] & self.periods["is_built"]
        return replace(
            self,
            new=frozenset(),
            quarters=(),
            periods=self.periods.with_columns(is_built=self.periods["is_built"] & ~fresh),
            changed=False,
        )


def refresh(
    settings: Settings,
    quarters: Sequence[date] = (),
    *,
    order: Order | None = None,
    progress: Progress = silent,
    done: Progress = silent,
    verbose: bool = False,
) -> Outcome:
    """Take in what is new, rebuild what it touches, publish what is due.

    Args:
        settings: the installation.
        quarters: first days of quarters to rebuild; empty means those whose answers changed.
        order: what is asked for besides, or instead of publishing.
        progress: hears what starts.
        done: hears what ended.
        verbose: show Dagster's own log.

    Raises:
        UserError: refused or failed; what was published before stays published.

    """
    if not settings.landing.is_dir():
        raise UserError(
            f"no landing folder at {settings.landing}; make it and put files in <feed>/ below it, "
            "or name another with --landing"
        )
    if lost := settings.lost_codebook():
        raise UserError(lost)
    with _only_one(settings):
        given = mark_of_input(settings)
        codebook = load_codebook(*settings.codebook)
        scan = scan_after_a_moment(settings, codebook)
        require_pseudonym_key(settings, codebook, scan)
        settings.remember_landing()
        waiting = sum(file.state == "waiting" for file in scan.deliveries)
        astray = tuple(f"{file} {why}" for file, why in scan.astray)
        if len(scan.deliveries) == waiting and not read_register(settings.lake):
            return _settled(Outcome(waiting=waiting, astray=astray), settings, given)
        pending = {(f.feed, f.sha256) for f in scan.deliveries if f.state in {"new", "stale"}}
        order, before = order or Order(), read_index(settings)
        refuse(
            before,
            order.revise,
            {study.study: study.max_revisions for study in codebook.studies},
        )
        installation = Installation(settings, codebook, order, progress, done)
        existed = settings.warehouse.exists()
        try:
            result = _run(installation, quarters, verbose=verbose)
        except (StepError, DatabaseError):
            mended = _mended(settings, existed=existed)
            if not mended:
                raise
            for line in mended:
                done(line)
            still = quarters if settings.warehouse.exists() else ()
            result = _run(installation, still, verbose=verbose)
        outcome = replace(_outcome(result, installation, pending, waiting), astray=astray)
        outcome = _with_changes(outcome, installation, before)
        return _settled(outcome, settings, given) if order == Order() else outcome


def _settled(outcome: Outcome, settings: Settings, given: str) -> Outcome:
    """Add the mark, unless something came meanwhile or is still coming."""
    if outcome.waiting or mark_of_input(settings) != given:
        return outcome
    return replace(outcome, mark=mark_of(settings, given))


@contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    try:
        lock = home_lock(settings)
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(
            f"another run is at work in {settings.home}; wait until it has ended, then run again"
        ) from None
    except OSError as error:
        raise UserError(
            f"{settings.home} cannot be written ({error.strerror}); name another with --home"
        ) from None
    try:
        finish_forgetting(settings.home)
        yield
    finally:
        lock.release()


def _mended(settings: Settings, *, existed: bool) -> list[str]:
    """Remove what stopped a run and can be done without, and say what that was."""
    lines = []
    if existed and (not settings.warehouse.exists() or discard_if_damaged(settings)):
        lines.append(f"{settings.warehouse} was damaged; building it anew from the lake")
    if aside := set_aside_if_damaged(settings):
        lines.append(f"the history of runs was damaged and is now {aside}; beginning another")
    return lines


def _run(
    installation: Installation, quarters: Sequence[date], *, verbose: bool
) -> dg.ExecuteInProcessResult:
    name = REFRESH if installation.order.publish else PREVIEW_JOB
    job = build_definitions(installation).resolve_job_def(name)
    level = "DEBUG" if verbose else "CRITICAL"
    logging.getLogger("dagster").setLevel(level)
    config = {
        "loggers": {"console": {"config": {"log_level": level}}},
        "ops": {QUARTERLY: {"config": {"quarters": [quarter_label(day) for day in quarters]}}},
    }
    with open_instance(installation.settings) as instance:
        result = job.execute_in_process(config, instance=instance, raise_on_error=False)
    if not result.success:
        if any(event.is_step_failure and was_stopped(event) for event in result.all_events):
            raise KeyboardInterrupt
        raise StepError(_what_failed(result))
    return result


def _what_failed(result: dg.ExecuteInProcessResult) -> str:
    """Give the failed steps' messages; a failed check explains the step it stopped."""
    checks = [
        f"{check.asset_key.to_user_string()} did not pass {check.check_name}: {check.description}"
        for check in result.get_asset_check_evaluations()
        if not check.passed and check.blocking and check.severity == dg.AssetCheckSeverity.ERROR
    ]
    words = []
    for event in result.all_events:
        if not event.is_step_failure:
            continue
        if said := own_words(event):
            words.append(said)
        elif error := unexpected(event):
            words.append(f"step {event.step_key} broke down: {error[1]}")
    told = words or checks or ["the run failed"]
    return f"{'; '.join(dict.fromkeys(told))} (what is published is unchanged)"


def _hidden(result: dg.ExecuteInProcessResult) -> Iterator[str]:
    """Take the words of the pattern and of the attack on what it left."""
    for made in result.asset_materializations_for_node(PATTERN.to_python_identifier()):
        yield str(made.metadata["in words"].value)
    for check in result.get_asset_check_evaluations():
        if check.check_name == ATTACK and check.asset_key != PREVIEW and check.description:
            yield check.description


def _warnings(result: dg.ExecuteInProcessResult) -> Iterator[str]:
    """Say what a preview did not pass."""
    for check in result.get_asset_check_evaluations():
        if check.asset_key == PREVIEW and not check.passed:
            yield f"preview did not pass {check.check_name}: {check.description}"


def _outcome(
    result: dg.ExecuteInProcessResult,
    installation: Installation,
    pending: set[tuple[str, str]],
    waiting: int,
) -> Outcome:
    settings, order = installation.settings, installation.order
    rebuilt = {
        event.partition
        for event in result.all_events
        if event.is_step_materialization and event.step_key == QUARTERLY and event.partition
    }
    outcome = Outcome(
        deliveries=read_register(settings.lake),
        new=frozenset(pending),
        waiting=waiting,
        quarters=tuple(sorted(rebuilt)),
        hidden=tuple(_hidden(result)),
        periods=read_periods_file(settings, PERIODS_FILE),
        warnings=tuple(_warnings(result)),
    )
    if not order.publish:
        return replace(outcome, published=False)
    made = result.asset_materializations_for_node(RELEASE.to_python_identifier())
    metadata = next(one.metadata for one in made if one.asset_key == RELEASE)
    return replace(
        outcome,
        release=str(metadata["release"].value) or None,
        release_path=Path(str(metadata["path"].value)) if metadata["release"].value else None,
        changed=bool(metadata["changed"].value),
        factsheets=str(metadata["pages"].value),
    )


def _with_changes(outcome: Outcome, installation: Installation, before: Index) -> Outcome:
    """Add what a revision changes of what was published; drop what is not to be published."""
    settings, order = installation.settings, installation.order
    if not order.publish:
        staged = staged_release(settings)
    elif outcome.release_path is None:
        return outcome
    else:
        staged = StagedRelease(
            outcome.release_path.name,
            outcome.release_path,
            read_manifest(outcome.release_path).tables,
        )
    found = changes(settings, staged, before, order.revise) if order.revise else ()
    if not order.publish:
        sweep(settings)
    return replace(outcome, changes=tuple(found))

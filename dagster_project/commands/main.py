"""The command `kto`.

Belongs here: options, printing, exit codes (0 done, 1 refused or failed, 2 wrong usage). Does not
belong here: work. Everything heavy is imported when a command runs, so that help comes at once.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import click

from dagster_project.commands.check_figures import check_figures
from dagster_project.commands.check_release import check_release
from dagster_project.commands.common import (
    home_option,
    in_one_line,
    landing_option,
    settings_as_last_filled,
    settings_of,
)
from dagster_project.commands.explain import explain
from dagster_project.commands.factsheet import factsheet
from dagster_project.commands.forget import forget, rotate_key
from dagster_project.commands.look import bad_rows, check_files, codebook, doctor
from dagster_project.common.errors import UserError
from dagster_project.common.home import keep_private, open_home
from dagster_project.common.settings import Settings
from dagster_project.orchestration.settled import remember, said_of

if TYPE_CHECKING:
    from dagster_project.orchestration.pipeline import Outcome
    from dagster_project.release.order import Order


class Quarter(click.ParamType[date]):
    """A quarter such as 2020Q4, as its first day."""

    name = "quarter"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        """Read the text, or end with exit code 2."""
        from dagster_project.common.quarters import parse_quarter  # noqa: PLC0415

        try:
            return parse_quarter(str(value))
        except UserError as error:
            self.fail(str(error), param, ctx)


verbose_option = click.option("--verbose", is_flag=True, help="Show Dagster's log as well.")


study_option = click.option("--study", metavar="STUDY", help="Only of this study.")
organisation_option = click.option("--organisation", metavar="CODE", help="Only of this one.")
period_option = click.option(
    "--period", "periods", multiple=True, metavar="2020Q4 ...", help="Only of these periods."
)
named_study_option = click.option("--study", required=True, metavar="STUDY", help="Its study.")
named_organisation_option = click.option(
    "--organisation", required=True, metavar="CODE", help="Its organisation."
)
named_period_option = click.option(
    "--period", "periods", multiple=True, required=True, metavar="2020Q4", help="Once or more."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kto-pipeline")
def main() -> None:
    """Turn delivered customer-satisfaction surveys into a published release of figures."""
    keep_private()


main.add_command(check_figures)
main.add_command(check_release)
main.add_command(check_files)
main.add_command(bad_rows)
main.add_command(codebook)
main.add_command(doctor)
main.add_command(explain)
main.add_command(factsheet)
main.add_command(forget)
main.add_command(rotate_key)


@main.command()
@landing_option
@home_option
@click.option(
    "--quarter",
    "quarters",
    type=Quarter(),
    multiple=True,
    metavar="2020Q4 ...",
    help="Rebuild these quarters; without it, every quarter that changed.",
)
@click.option("--preview", is_flag=True, help="Stop before publishing; see var/preview.")
@click.argument("more_quarters", nargs=-1, type=Quarter(), metavar="")
@verbose_option
@in_one_line
def refresh(
    *,
    landing: Path | None,
    home: Path | None,
    quarters: tuple[date, ...],
    preview: bool,
    more_quarters: tuple[date, ...],
    verbose: bool,
) -> None:
    """Take in new deliveries, rebuild what they touch, publish what is due and not held.

    Says of every period in a line whether it was published, is held and why, or is open. Exit 0
    also when periods are held.
    """
    if more_quarters and not quarters:
        raise click.UsageError("name quarters after --quarter, as in --quarter 2020Q3 2020Q4")
    settings, named = settings_of(landing, home), [*quarters, *more_quarters]
    if not (named or preview or verbose) and (said := said_of(settings)):
        for line in said:
            click.echo(line)
        return
    from dagster_project.release.order import Order  # noqa: PLC0415

    _refresh(settings, named, Order(publish=not preview), verbose=verbose)


@main.command()
@landing_option
@home_option
@study_option
@organisation_option
@period_option
@click.option("--as-is", is_flag=True, help="Say that held periods may be published as they are.")
@click.option("--reason", help="Why; it goes into the manifest.")
@verbose_option
@in_one_line
def release(
    *,
    landing: Path | None,
    home: Path | None,
    study: str | None,
    organisation: str | None,
    periods: tuple[str, ...],
    as_is: bool,
    reason: str | None,
    verbose: bool,
) -> None:
    """Publish held periods on your word, with what else is due.

    Without --study, --organisation and --period: every period that is held, but for years that lack
    a quarter, which go out without it only when they are named. `kto status` says what is held, and
    why.
    """
    from dagster_project.release.order import Order, Selection  # noqa: PLC0415

    if not as_is or not reason or not reason.strip():
        raise click.UsageError(
            "held periods go out on your word only: give --as-is and --reason TEXT; what is due "
            "and not held is published by `kto refresh`"
        )
    order = Order(as_is=Selection(study, organisation, _codes(periods)), reason=reason.strip())
    _refresh(settings_of(landing, home), (), order, verbose=verbose)


@main.command()
@landing_option
@home_option
@named_study_option
@named_organisation_option
@named_period_option
@click.option("--reason", required=True, help="Why; it goes into the release and its manifest.")
@click.option("--yes", is_flag=True, help="Publish it; without this, only say what would change.")
@verbose_option
@in_one_line
def revise(
    *,
    landing: Path | None,
    home: Path | None,
    study: str,
    organisation: str,
    periods: tuple[str, ...],
    reason: str,
    yes: bool,
    verbose: bool,
) -> None:
    """Make a new vintage of published periods, with all that came since.

    Prints which figures would change and which would be withdrawn; with --yes it publishes that.
    """
    from dagster_project.commands.report import change_lines, outcome_lines  # noqa: PLC0415
    from dagster_project.release.order import Order  # noqa: PLC0415

    named = tuple((study, organisation, period) for period in _codes(periods))
    settings = settings_of(landing, home)
    outcome = _run(settings, (), Order(publish=yes, revise=named, reason=reason), verbose=verbose)
    for line in (*change_lines(outcome), *(outcome_lines(settings, outcome) if yes else ())):
        click.echo(line)


@main.command()
@home_option
@named_study_option
@named_organisation_option
@named_period_option
@click.option("--never-distributed", is_flag=True, help="State that it was never distributed.")
@click.option("--reason", required=True, help="Why; it goes into the next manifest.")
@click.option("--by", help="Who states it.  [the user of this machine]")
@in_one_line
def withdraw(
    *,
    home: Path | None,
    study: str,
    organisation: str,
    periods: tuple[str, ...],
    never_distributed: bool,
    reason: str,
    by: str | None,
) -> None:
    """Withdraw periods that were never distributed; they are open again.

    For the first try of a newcomer. The years that are sums of them go as well.
    """
    from dagster_project.release.withdraw import withdraw as take_back  # noqa: PLC0415

    named = tuple((study, organisation, period) for period in _codes(periods))
    settings = settings_of(None, home)
    gone = take_back(settings, named, reason=reason, by=by, never_distributed=never_distributed)
    click.echo(
        f"withdrawn  {study} {', '.join(gone)}: {organisation}; run `kto refresh` for a release "
        "without it, or with it anew"
    )


@main.command()
@landing_option
@home_option
@click.option("--all", "every", is_flag=True, help="Show every figure, not how many.")
@verbose_option
@in_one_line
def demo(*, landing: Path | None, home: Path | None, every: bool, verbose: bool) -> None:
    """Run the pipeline on made-up deliveries and compare with published figures."""
    from dagster_project.commands.report import demo_lines  # noqa: PLC0415
    from dagster_project.demo import compare, published_figures, write_demo  # noqa: PLC0415

    settings = settings_of(landing, home)
    open_home(settings.home)
    with _progress() as (progress, _):
        write_demo(settings.landing, progress)
    # Read again: the demo landing brings the key for its own e-mail addresses.
    whole = replace(settings_of(landing, home), quiet_seconds=0)
    _refresh(whole, (), None, verbose=verbose)
    found = compare(published_figures(), settings.published / "current" / "kto.duckdb")
    for line in demo_lines(settings, found, every=every):
        click.echo(line)


@main.command()
@landing_option
@home_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@in_one_line
def status(landing: Path | None, home: Path | None, as_json: bool) -> None:
    """Show what needs action, then periods by state, deliveries and the current release."""
    from dagster_project.release.render import status_lines  # noqa: PLC0415
    from dagster_project.release.report import status as read_status  # noqa: PLC0415

    settings = settings_as_last_filled(landing, home)
    found = read_status(settings)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for line in status_lines(found):
            click.echo(line)


def _codes(periods: Sequence[str]) -> tuple[str, ...]:
    return tuple(period.strip().upper() for period in periods)


def _refresh(
    settings: Settings, quarters: Sequence[date], order: Order | None, *, verbose: bool
) -> None:
    from dagster_project.commands.report import outcome_lines  # noqa: PLC0415

    outcome = _run(settings, quarters, order, verbose=verbose)
    for line in outcome_lines(settings, outcome):
        click.echo(line)
    if outcome.mark:
        remember(settings, outcome.mark, list(outcome_lines(settings, outcome.found_again())))


def _run(
    settings: Settings, quarters: Sequence[date], order: Order | None, *, verbose: bool
) -> Outcome:
    with _progress() as (progress, done):
        progress("starting")
        from dagster_project.orchestration.pipeline import refresh as run  # noqa: PLC0415

        return run(settings, quarters, order=order, progress=progress, done=done, verbose=verbose)


@contextmanager
def _progress() -> Iterator[tuple[Callable[[str], None], Callable[[str], None]]]:
    """Tell on standard error what starts (on a terminal only) and what has ended."""
    if not sys.stderr.isatty():
        yield (lambda _: None), (lambda line: click.echo(line, err=True))
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.markup import escape  # noqa: PLC0415

    console, began = Console(stderr=True, highlight=False), monotonic()
    with console.status("") as spinner:
        yield (
            lambda line: spinner.update(escape(line)),
            lambda line: console.print(
                f"[green]✓[/green] [dim]{monotonic() - began:4.0f} s[/dim]  {escape(line)}"
            ),
        )


def run() -> None:
    """Run `main` as a program of its own and end the process at once.

    Taking the interpreter down in the ordinary way costs time and lets DuckDB print what other
    libraries still hold of it; everything of ours is closed by then.
    """
    # loading libraries makes a million objects that stay: looking among them for what nothing
    # refers to any more, as often as Python does, takes a tenth of a small refresh
    gc.set_threshold(50_000, 20, 100)
    # a service that is stopped ends as one does on Ctrl-C
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        main()
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
        # What was asked to happen at the end still does: else locks of dbt are reported as leaked.
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

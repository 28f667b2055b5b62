"""What the commands share: options, settings, and errors in one line.

Belongs here: what more than one module of commands needs. Does not belong here: any command.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from dagster_project.common.errors import UserError
from dagster_project.common.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")
FOLDER = click.Path(path_type=Path, file_okay=False)
landing_option = click.option(
    "--landing", type=FOLDER, help="Where deliveries are. [KTO_LANDING; var/landing]"
)
home_option = click.option(
    "--home", type=FOLDER, help="Where everything is written. [KTO_HOME; var]"
)


def in_one_line(command: Callable[P, None]) -> Callable[P, None]:
    """Print a fault that the user can mend as one line and exit with 1; bugs keep their trace."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except UserError as error:
            click.echo(f"kto: {error}", err=True)
            raise SystemExit(1) from None
        except KeyboardInterrupt:
            click.echo("kto: interrupted; run again to finish", err=True)
            raise SystemExit(130) from None

    return run


def settings_of(landing: Path | None, home: Path | None) -> Settings:
    """Read the settings of a command.

    Raises:
        UserError: one of them is not what it may be.

    """
    try:
        return Settings.from_env(landing=landing, home=home).at_once()
    except ValueError as error:
        raise UserError(str(error)) from None


def settings_as_last_filled(landing: Path | None, home: Path | None) -> Settings:
    """Look at the landing that the home was last filled from, unless another one is named."""
    settings = settings_of(landing, home)
    if landing is None and "KTO_LANDING" not in os.environ:
        return settings_of(settings.last_landing(), home)
    return settings


def print_report(
    check: Callable[[], R],
    as_json: Callable[[R], object] | None,
    lines: Callable[[R], Iterable[str]],
) -> R:
    """Check a user's file and print what was found, as JSON if that is given.

    Raises:
        SystemExit: 2 where the file cannot be used, with every problem of it.

    """
    from dagster_project.ingest.csv_rows import ProblemsError  # noqa: PLC0415

    try:
        report = check()
    except ProblemsError as error:
        for problem in error.problems:
            click.echo(f"kto: {problem}", err=True)
        raise SystemExit(2) from None
    if as_json is not None:
        click.echo(json.dumps(as_json(report), ensure_ascii=False, indent=2))
    else:
        for line in lines(report):
            click.echo(line)
    return report

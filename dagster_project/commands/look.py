"""The commands that only read: `kto check`, `kto bad-rows`, `kto doctor`, `kto codebook check`.

Belongs here: their options, printing, exit codes. Does not belong here: finding what they print,
which other packages do.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dagster_project.commands.common import (
    home_option,
    in_one_line,
    landing_option,
    settings_as_last_filled,
    settings_of,
)
from dagster_project.common.errors import UserError

if TYPE_CHECKING:
    from dagster_project.codebook import Codebook

SHOWN = 20
"""Rows of a file that are shown; more are counted."""


@click.command()
@landing_option
@home_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@in_one_line
def doctor(landing: Path | None, home: Path | None, as_json: bool) -> None:
    """Look whether the installation is in order: versions, folders, key, room, rights, checksums.

    Exit 1 if something has to be mended.
    """
    from dagster_project.commands.doctor import examine, lines  # noqa: PLC0415

    findings = list(examine(settings_of(landing, home)))
    if as_json:
        click.echo(json.dumps([vars(one) for one in findings], ensure_ascii=False, indent=2))
    else:
        for line in lines(findings):
            click.echo(line)
    if not all(one.good for one in findings):
        raise SystemExit(1)


@click.command(name="bad-rows")
@landing_option
@home_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write .xlsx or .csv.")
@in_one_line
def bad_rows(landing: Path | None, home: Path | None, out: Path | None) -> None:
    """List the rows that somebody has to mend, with what is wrong; personal fields are masked.

    Rows that a later delivery mended are left out.
    """
    from dagster_project.codebook import load_codebook  # noqa: PLC0415
    from dagster_project.ingest import hand_back  # noqa: PLC0415
    from dagster_project.ingest.scan import scan_landing  # noqa: PLC0415

    settings = settings_as_last_filled(landing, home)
    codebook = load_codebook(*settings.codebook)
    tables = hand_back.rows_to_mend(settings.lake, codebook, scan_landing(settings, codebook))
    if not tables:
        click.echo("no rows to mend")
    elif out:
        hand_back.write_rows(tables, out)
        count = sum(table.height for table in tables.values())
        click.echo(f"{count} row{'s' * (count != 1)} written to {out}")
    else:
        for line in hand_back.lines(tables, SHOWN):
            click.echo(line)


@click.command(name="check")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--feed", help="Which feed they are of.  [the folder each lies in]")
@in_one_line
def check_files(files: tuple[Path, ...], feed: str | None) -> None:
    """Judge files without taking them in: what would be refused, which rows, and why.

    Exit 1 if anything would be.
    """
    from dagster_project.codebook import load_codebook  # noqa: PLC0415
    from dagster_project.ingest.trial import try_files  # noqa: PLC0415

    settings = settings_of(None, None)
    codebook = load_codebook(*settings.codebook)
    is_good = True
    for line, good in try_files(files, feed, codebook, settings.limits, SHOWN):
        click.echo(line)
        is_good = is_good and good
    if not is_good:
        raise SystemExit(1)


@click.group()
def codebook() -> None:
    """Work with the definitions in seeds/*.csv and in the folder KTO_CODEBOOK."""


@codebook.command()
@in_one_line
def check() -> None:
    """Check the codebook as a whole; name file, row and column of each problem."""
    from dagster_project.codebook import (  # noqa: PLC0415
        CodebookError,
        load_codebook,
        read_codebook,
        told_apart,
    )

    settings = settings_of(None, None)
    folders = " and ".join(map(str, settings.codebook))
    try:
        found = load_codebook(*settings.codebook)
    except CodebookError as error:
        for problem in error.problems:
            click.echo(str(problem))
        raise UserError(f"{len(error.problems)} problems in {folders}") from None
    if settings.own_codebook:
        shipped, _ = read_codebook(settings.seeds)
        for one in told_apart(shipped, found):
            click.echo(f"{one.file}: {one.added} rows added, {one.replaced} replaced")
    click.echo(describe(found))
    click.echo(f"{folders}: no problems")


def describe(codebook: Codebook) -> str:
    """Say how much of everything there is: one line in all, then one line per study."""
    total = (
        f"{_count(len(codebook.studies), 'study', 'studies')}, "
        f"{_count(len(codebook.feeds), 'feed')}, "
        f"{_count(len(codebook.questions), 'question')}, "
        f"{_count(len(codebook.metrics), 'metric')}, "
        f"{_count(len(codebook.organisations), 'organisation')}, "
        f"{_count(len(codebook.products), 'product')}"
    )
    studies = [
        f"  {study.study}: by {study.timing}, "
        f"{_count(len(codebook.feeds_of(study.study)), 'feed')}, "
        f"{_count(len(codebook.channels_of(study.study)), 'channel')}, "
        f"{_count(len(codebook.questions_of(study.study)), 'question')}, "
        f"{_count(len(codebook.metrics_of(study.study)), 'metric')}, "
        f"{_count(len(codebook.organisations_of(study.study)), 'organisation')}, "
        f"{_count(len(codebook.products_of(study.study)), 'product')}"
        for study in codebook.studies
    ]
    return "\n".join([total, *studies])


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"

"""The commands that look and change nothing: `kto check`, `kto bad-rows`, `kto doctor`.

Belongs here: their options, printing, exit codes. Does not belong here: judging, looking.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from dagster_project.commands.common import (
    home_option,
    in_one_line,
    landing_option,
    settings_as_last_filled,
    settings_of,
)

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

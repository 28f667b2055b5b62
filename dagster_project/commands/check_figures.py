"""The command `kto check-figures`, apart from the others as it needs no settings.

Belongs here: its help, printing, exit codes (0 nothing wrong, 1 something wrong, 2 wrong usage).
Does not belong here: judging figures.
"""

from __future__ import annotations

from pathlib import Path

import click

from dagster_project.commands.common import print_report


@click.command(name="check-figures")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.csv")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check_figures(file: Path, as_json: bool) -> None:
    """Say which figures printed in a report cannot be right, and what would be.

    FILE.csv has one row per printed figure and at least the columns kind (mean, share, net or
    count) and value, as printed. The others:

    \b
    n                        respondents it rests on: 58, or 58|60 if it may be either
    numerator                the count, or sum of grades, printed beside it
    minimum, maximum, step   of one answer, for a mean: 1, 10, 1
    figure                   a name that other rows refer to
    part_of, role, group     for parts of a whole, which are added up
    same_as                  for a figure that is printed twice
    weighted                 yes: n does not count whole answers
    label, source            what it is about, where it stands

    \b
    Example:
      kind;value;n;numerator;minimum;maximum;step
      mean;7,5;9;;1;10;1
      share;22%;255;58;;;

    No nine whole grades have a mean of 7.5, and 58 of 255 is 23 %: both cannot be right.

    Exit 0: nothing is wrong; 1: something cannot be right; 2: wrong usage, or a file that cannot
    be read, with file, row and column. More in docs/check_figures.md.
    """  # noqa: D301
    from dagster_project.report_check import (  # noqa: PLC0415
        check_report,
        report_json,
        report_lines,
    )

    report = print_report(
        lambda: check_report(file), report_json if as_json else None, report_lines
    )
    if report.findings:
        raise SystemExit(1)

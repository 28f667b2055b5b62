"""The command `kto check-release`, apart from the others as it needs no settings.

Belongs here: its help, printing, exit codes (0 nothing disclosed, 1 something is, 2 wrong usage).
Does not belong here: the attack.
"""

from __future__ import annotations

from pathlib import Path

import click

from dagster_project.commands.common import print_report


@click.command(name="check-release")
@click.argument("file", type=click.Path(path_type=Path), metavar="TABLES.csv")
@click.option(
    "--hierarchy",
    type=click.Path(path_type=Path),
    metavar="FILE.csv",
    help="How values add up: columns dimension, parent, child.  [all is the sum of the others]",
)
@click.option(
    "--min-n",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="Fewest respondents that may be known.",
)
@click.option(
    "--zeros-shown",
    is_flag=True,
    help="The table prints a 0 as 0, so a suppressed cell has a respondent.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check_release(
    file: Path, hierarchy: Path | None, min_n: int, zeros_shown: bool, as_json: bool
) -> None:
    """Attack tables that others published, and say which suppressed cells they disclose.

    TABLES.csv has one row per published or suppressed cell:

    \b
    n                        respondents; blank, x, -, * and the like: suppressed.
                             <10 and 1-9 are suppressed, and tell a limit
    mean (or value)          as printed: 7,8 is anything from 7.75 to 7.85
    minimum, maximum, step   of one answer; without them 1, 10, and any number
    at_most                  the most that a suppressed n can be, such as the invited
    label, source, note      for you
    any other column         a dimension; all, total or totaal is its total

    \b
    Example:
      service;n;mean;step
      all;50;8,0;1
      to work;28;7,8;1
      absence;x;x;1

    50 - 28 = 22 people in the suppressed cell, with a mean of 8.14 to 8.41.

    Exit 0: nothing suppressed can be worked out; 1: something can, or is published on too few; 2:
    wrong usage, or a file that cannot be used, with file, row and column. More in
    docs/check_release.md.
    """  # noqa: D301
    from dagster_project.table_check import (  # noqa: PLC0415
        check_tables,
        report_json,
        report_lines,
    )

    report = print_report(
        lambda: check_tables(file, hierarchies=hierarchy, min_n=min_n, zeros_shown=zeros_shown),
        report_json if as_json else None,
        report_lines,
    )
    if report.findings:
        raise SystemExit(1)

"""The attack shares nothing with what it tests, and its example runs."""

from __future__ import annotations

import doctest
import subprocess
import sys

from dagster_project.disclosure.attack import run

PROGRAM = """
import doctest, sys
from dagster_project.disclosure.attack import run
assert not doctest.testmod(run).failed
print(*sorted(name for name in sys.modules if name.startswith("dagster_project.")))
"""


def test_the_example_of_attack_runs():
    result = doctest.testmod(run)

    assert (result.failed, result.attempted > 5) == (0, True)


def test_running_the_attack_loads_nothing_else_but_what_shares_work_among_processes():
    loaded = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True
    ).stdout.split()

    assert "dagster_project.disclosure.attack.run" in loaded
    others = [
        name for name in loaded if not (name + ".").startswith("dagster_project.disclosure.attack.")
    ]
    assert others == [
        "dagster_project.common",
        "dagster_project.common.spawned",
        "dagster_project.disclosure",
    ]


def test_the_audit_loads_no_other_part_of_the_project():
    program = "import sys, dagster_project.disclosure.audit; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout.split()

    ours = [name for name in loaded if name.startswith("dagster_project.disclosure.")]
    assert all((name + ".").startswith("dagster_project.disclosure.audit.") for name in ours)

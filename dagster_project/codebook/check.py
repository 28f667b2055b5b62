"""The codebook judged as a whole: which rules hold between rows and files.

Belongs here: the list of checks and when each can run. Does not belong here: the rules themselves,
which live by subject in the modules beside this one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dagster_project.codebook.codebook import Codebook
from dagster_project.codebook.problems import Problem


def check(codebook: Codebook, whole: Collection[str], folder: str) -> Iterator[Problem]:
    """Problems."""
    del codebook, whole, folder
    yield from ()

"""Great Expectations left out of runs on feeds like those that others try it on.

It takes a fifth of a run, and the tenth run of a few answers has nothing new to show it.
"""

from __future__ import annotations

import pytest

from dagster_project.release import gates
from dagster_project.release.outcome import Expected, GateResult

MET = GateResult(True, (Expected("all", "not looked at", True, "nothing"),))


def leave_out(patch: pytest.MonkeyPatch) -> None:
    """Let every release and preview meet what is expected, for as long as the patch holds."""
    patch.setattr(gates, "validate", lambda *_: MET)
    patch.setattr(gates, "judge", lambda *_, **__: MET)

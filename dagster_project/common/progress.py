"""How long steps report what they are doing, without knowing who listens.

Belongs here: the type and its silent form. Does not belong here: bars, colours or logging.
"""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str], None]
"""Takes one short line about the step that starts now."""


def silent(message: str) -> None:
    """Report no progress."""
    del message

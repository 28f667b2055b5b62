"""Faults that a user can correct: one line instead of a traceback.

Belongs here: the base class only. Does not belong here: errors of one step, which live beside it.
"""

from __future__ import annotations


class UserError(Exception):
    """A fault the user can mend.

    `str()` is one clear line: what is wrong, where, and what to do. The command line prints it and
    exits with 1; any other exception is a bug and keeps its traceback.
    """

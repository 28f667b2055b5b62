"""Modules that a library imports for something that this project never asks of it.

Belongs here: putting off their import. Does not belong here: which they are.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType


class _Later(ModuleType):
    """Stands in for a module, which is imported when the first of its names is asked for."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


@contextmanager
def imported_when_used(*names: str) -> Iterator[None]:
    """Let the imports within put off these modules; what is imported already is left alone.

    Names that the imports take out of such a module one by one import it at once.
    """
    added = [name for name in names if name not in sys.modules]
    sys.modules.update({name: _Later(name) for name in added})
    try:
        yield
    finally:
        for name in added:
            if isinstance(sys.modules.get(name), _Later):
                del sys.modules[name]

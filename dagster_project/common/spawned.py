"""Work shared among processes of their own, with the results in the order of the work.

Belongs here: starting the processes, and how much waits for them. Does not belong here: the work.
Processes are spawned, not forked: the caller may run threads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

AHEAD = 8
"""Pieces of work per process that are made, or done, before the oldest is handed on."""
Key = TypeVar("Key")
Result = TypeVar("Result")


def in_order(
    work: Callable[..., Result],
    pieces: Iterable[tuple[Key, tuple[Any, ...]]],
    workers: int,
    *,
    initializer: Callable[..., object] | None = None,
    initargs: tuple[Any, ...] = (),
) -> Iterator[tuple[Key, Result]]:
    """Do each piece in one of `workers` processes, and yield its key and result.

    Only a few pieces are in memory at a time.

    Args:
        work: a function of a module, which takes the arguments of a piece.
        pieces: a key of the caller's own, and the arguments.
        workers: number of processes.
        initializer: called in each process when it starts.
        initargs: its arguments.

    """
    with ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=initializer, initargs=initargs
    ) as pool:
        waiting: deque[tuple[Key, Future[Result]]] = deque()
        for key, arguments in pieces:
            waiting.append((key, pool.submit(work, *arguments)))
            if len(waiting) > AHEAD * workers:
                first, future = waiting.popleft()
                yield first, future.result()
        for key, future in waiting:
            yield key, future.result()

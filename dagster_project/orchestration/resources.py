"""What assets are given: the installation they work on.

Belongs here: settings, codebook and progress as one Dagster resource that holds the home's lock for
the length of a run. Does not belong here: work.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dagster as dg

from dagster_project.codebook import Codebook
from dagster_project.common.errors import UserError
from dagster_project.common.progress import Progress, silent
from dagster_project.common.replacement import finish
from dagster_project.common.settings import Settings
from dagster_project.release.order import Order
from dagster_project.warehouse.lock import home_lock

NO_ROOM_OR_NO_RIGHT = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS}
INTERRUPTIONS = {"DagsterExecutionInterruptedError", "KeyboardInterrupt"}


@dataclass(frozen=True)
class Installation:
    """One landing and one home, and the codebook that they are read by.

    `order` is what the run is asked for. `progress` hears what starts now, `done` one line with
    counts for each step that ended.
    """

    settings: Settings
    codebook: Codebook
    order: Order = field(default_factory=Order)
    progress: Progress = silent
    done: Progress = silent


def lent_to_one_run(installation: Installation) -> dg.ResourceDefinition:
    """Lend the installation to one run at a time; a second run waits until the first has ended."""

    @dg.resource(description="Landing, home and codebook; one run at a time.")
    def lend(_: dg.InitResourceContext) -> Iterator[Installation]:
        with home_lock(installation.settings):
            finish(installation.settings.home)
            yield installation

    return lend


def own_words(event: dg.DagsterEvent) -> str | None:
    """Return what `told_in_one_line` made of the fault that ended a step; None for another one."""
    told = event.step_failure_data.user_failure_data
    return told.description if told else None


def was_stopped(event: dg.DagsterEvent) -> bool:
    """Whether a step failed because somebody stopped the run."""
    found = unexpected(event)
    return found is not None and found[0] in INTERRUPTIONS


def unexpected(event: dg.DagsterEvent) -> tuple[str, str] | None:
    """Return kind and words of the error by which a step broke down.

    None if a gate ended it, or a fault that says itself what to do.
    """
    error = event.step_failure_data.error
    if own_words(event) or error is None or "AssetCheckFailed" in str(error.cls_name):
        return None
    innermost = error.cause or error
    return str(innermost.cls_name), " ".join(innermost.message.split())


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Turn a fault that the user can mend into a Dagster failure without a traceback or retries."""
    try:
        yield
    except UserError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None
    except OSError as error:
        if error.errno not in NO_ROOM_OR_NO_RIGHT:
            raise
        where = f" ({error.filename})" if error.filename else ""
        raise dg.Failure(
            description=f"{error.strerror}{where}; make room or grant access, then run again",
            allow_retries=False,
        ) from None

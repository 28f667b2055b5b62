"""What was forgotten, so that it does not come in again: a day, and deliveries.

Belongs here: reading and noting it. Does not belong here: forgetting itself (`dagster_project.
forget`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dagster_project.common.checksums import with_checksum, without_checksum
from dagster_project.common.errors import UserError

FORGOTTEN_FILE = "forgotten.json"


@dataclass(frozen=True)
class Forgotten:
    """Rows dated before `before` are left out of every delivery that is read from now on.

    `deliveries` (feed and SHA-256) are those of which something was forgotten: they stay as they
    were judged, whatever the codebook says since, as reading them again would bring it back.
    """

    before: date | None = None
    deliveries: frozenset[tuple[str, str]] = frozenset()

    def with_more(self, before: date | None, deliveries: frozenset[tuple[str, str]]) -> Forgotten:
        """Add what is forgotten now; a day never becomes an earlier one."""
        days = [day for day in (self.before, before) if day is not None]
        return Forgotten(max(days, default=None), self.deliveries | deliveries)

    @property
    def text(self) -> str:
        """What is written to the file."""
        content = {
            "before": self.before.isoformat() if self.before else None,
            "deliveries": [list(one) for one in sorted(self.deliveries)],
        }
        return json.dumps(with_checksum(content), indent=2) + "\n"


def read_forgotten(lake: Path) -> Forgotten:
    """Read what was forgotten; nothing before `kto forget` was ever used.

    Raises:
        UserError: the file cannot be read.

    """
    path = lake / FORGOTTEN_FILE
    if not path.exists():
        return Forgotten()
    try:
        content = without_checksum(json.loads(path.read_text(encoding="utf-8")))
        before = content["before"]
        return Forgotten(
            date.fromisoformat(before) if before else None,
            frozenset((str(feed), str(sha256)) for feed, sha256 in content["deliveries"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path} is damaged ({type(error).__name__}); put it back from a backup: without it, "
            "what was forgotten would come in again"
        ) from error

"""The register: one JSON file per delivery, written after everything else of it.

Belongs here: what is known of a delivery, and reading and writing it. Does not belong here:
judging.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from dagster_project.common.checksums import file_sha256, with_checksum, without_checksum
from dagster_project.common.durable import replacing
from dagster_project.common.errors import UserError
from dagster_project.ingest.file_names import open_path
from dagster_project.ingest.forgotten import read_forgotten
from dagster_project.ingest.lake import REGISTER, lake_file

FORGOTTEN_IN_PART = (
    "{path} is damaged or missing; put it back from a backup: part of its delivery was forgotten, "
    "so that is not read again"
)


@dataclass(frozen=True)
class Delivery:
    """One delivery as the register holds it; times are ISO 8601 in UTC.

    `file` is its path as it may be shown. `rows_read` is always `rows_accepted + rows_quarantined`;
    `rows_left_out` do not count by the codebook and are not among them. `reasons` counts rows by
    reason code.
    `codebook` is the fingerprint it was judged under, `files` the lake's files by checksum,
    `layout` which columns those have. `limits` are those of reading that it went beyond, if it did;
    `broke_off` says that judging it broke off, so that it is judged again in every run.
    """

    feed: str
    study: str
    file: str
    sha256: str
    bytes: int
    received_at: str
    judged_at: str
    state: str
    reason: str | None = None
    rows_read: int = 0
    rows_accepted: int = 0
    rows_quarantined: int = 0
    rows_left_out: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    unknown_columns: tuple[str, ...] = ()
    codebook: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    layout: int = 1
    limits: str = ""
    broke_off: bool = False

    @property
    def received(self) -> datetime:
        """When it came, in UTC."""
        return datetime.fromisoformat(self.received_at)


def read_register(lake: Path) -> tuple[Delivery, ...]:
    """All deliveries ever judged, by feed and hash.

    Raises:
        UserError: a register file cannot be read.

    """
    return tuple(_read(path) for path in sorted((lake / REGISTER).glob("*/*.json")))


def mask_names(lake: Path, feed: str) -> None:
    """Write lines of an earlier version anew that have a person in the name of a file.

    Raises:
        UserError: a register file cannot be read.

    """
    for path in sorted((lake / REGISTER / feed).glob("*.json")):
        delivery = _read(path)
        if json.loads(path.read_text(encoding="utf-8"))["file"] != delivery.file:
            write_delivery(lake, delivery)


def write_delivery(lake: Path, delivery: Delivery) -> None:
    """Put a delivery in the register, in place of what was known of it."""
    with replacing(lake_file(lake, REGISTER, delivery.feed, delivery.sha256)) as temporary:
        temporary.write_text(register_text(delivery), encoding="utf-8")


def register_text(delivery: Delivery) -> str:
    """Give what is written of a delivery."""
    fields = with_checksum(dataclasses.asdict(delivery))
    return json.dumps(fields, ensure_ascii=False, indent=2) + "\n"


def check_lake(lake: Path, feed: str | None = None) -> None:
    """Compare every file of the lake, or of one feed, with the checksum in the register.

    Raises:
        UserError: a file is missing or damaged; the first one is named.

    """
    forgotten = read_forgotten(lake).deliveries
    for delivery in read_register(lake):
        if feed not in (None, delivery.feed):
            continue
        for name, sha256 in delivery.files.items():
            path = lake / name
            if not path.is_file() or file_sha256(path) != sha256:
                if (delivery.feed, delivery.sha256) in forgotten:
                    raise UserError(FORGOTTEN_IN_PART.format(path=path))
                state = "damaged; delete it" if path.exists() else "missing; put its delivery back"
                raise UserError(f"{path} is {state} and refresh, with {delivery.file} in landing")


def _read(path: Path) -> Delivery:
    try:
        content = without_checksum(json.loads(path.read_text(encoding="utf-8")))
        content["unknown_columns"] = tuple(content["unknown_columns"])
        content["file"] = open_path(content["file"])
        return Delivery(**content)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        if (path.parent.name, path.stem) in read_forgotten(path.parents[2]).deliveries:
            raise UserError(FORGOTTEN_IN_PART.format(path=path)) from error
        raise UserError(
            f"{path} is damaged ({type(error).__name__}); delete it and refresh, then its delivery "
            "is judged again"
        ) from error

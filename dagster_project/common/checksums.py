"""Checksums of what the pipeline keeps: damage is found when a file is opened, and never used.

Belongs here: computing and comparing them. Does not belong here: what a caller says of a file that
is damaged, and what can be done about it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CHECKSUM = "checksum"


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def with_checksum(content: Mapping[str, Any]) -> dict[str, Any]:
    """Add the checksum of all else to what is about to be written as JSON; no text changes."""
    plain = json.loads(json.dumps(content, default=str))
    return {**plain, CHECKSUM: _checksum(plain)}


def without_checksum(content: Mapping[str, Any]) -> dict[str, Any]:
    """Compare what was read with its checksum and leave that out.

    What an earlier version wrote has none, and is taken as it is.

    Raises:
        ValueError: it is not what was written.

    """
    plain = {name: value for name, value in content.items() if name != CHECKSUM}
    if content.get(CHECKSUM, _checksum(plain)) != _checksum(plain):
        raise ValueError("its content does not match its checksum")
    return plain


def _checksum(plain: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()

"""E-mail addresses turned into pseudonyms before anything is written.

Belongs here: the keyed hash and the guard on its key. Does not belong here: where the key comes
from.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from pathlib import Path

import polars as pl

from dagster_project.common.durable import replacing

KEY_CHECK = "pseudonym_key.sha256"
NO_KEY = (
    "{file} holds e-mail addresses and there is no key to make pseudonyms of them: "
    "set KTO_PSEUDONYM_KEY; nothing was written"
)
SHORTEST_KEY = 16
"""Bytes of a key; a shorter one can be guessed from a pseudonym and its address."""
SHORT_KEY = (
    f"KTO_PSEUDONYM_KEY is shorter than {SHORTEST_KEY} bytes and could be guessed: take a longer "
    "one; pseudonyms made with the short one are dropped by `kto rotate-key`; nothing was written"
)
OTHER_KEY = (
    "KTO_PSEUDONYM_KEY is not the key that the pseudonyms in {lake} were made with: "
    "set that key again, or drop them with `kto rotate-key`; nothing was written"
)


def pseudonym(address: str, key: bytes) -> str:
    """HMAC-SHA256 (hex) of the address in one spelling: NFKC, trimmed, lower case."""
    spelled = unicodedata.normalize("NFKC", address).strip().lower()
    return hmac.new(key, spelled.encode(), hashlib.sha256).hexdigest()


def pseudonyms(addresses: pl.Series, key: bytes) -> pl.Series:
    """Give the pseudonym of each address, null for null; every distinct one is hashed once."""
    distinct = addresses.drop_nulls().unique(maintain_order=True)
    made = [pseudonym(address, key) for address in distinct]
    return addresses.replace_strict(distinct, made, default=None, return_dtype=pl.String)


def is_key_of(lake: Path, key: bytes) -> bool:
    """Tell whether the lake has pseudonyms of no other key."""
    noted = lake / KEY_CHECK
    return not noted.exists() or noted.read_text(encoding="ascii").strip() == _check(key)


def key_note(key: bytes) -> str:
    """Return what is noted of a key, from which the key cannot be derived."""
    return _check(key) + "\n"


def note_key(lake: Path, key: bytes) -> None:
    """Note by which key the lake's pseudonyms are made; the note does not disclose the key."""
    if not (lake / KEY_CHECK).exists():
        with replacing(lake / KEY_CHECK) as temporary:
            temporary.write_text(key_note(key), encoding="ascii")


def _check(key: bytes) -> str:
    return hmac.new(key, b"the key of this lake", hashlib.sha256).hexdigest()

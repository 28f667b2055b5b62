"""The tiny codebook, written anew for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_codebook import TINY, Seeds


@pytest.fixture
def tiny(tmp_path: Path) -> Seeds:
    """Two studies: `desk` by quarter with two channels, `port` in waves without any."""
    folder = tmp_path / "seeds"
    folder.mkdir()
    seeds = Seeds(folder)
    for name, text in TINY.items():
        seeds.write(name, text)
    return seeds

"""Opening a home closes it to others, at a cost that does not grow with what is in it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from dagster_project.common import home as homes
from dagster_project.common.home import HomeError, open_home, open_to_readers


@pytest.fixture(autouse=True)
def careless() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_what_is_written_after_it_is_private_unless_it_is_for_readers(tmp_path: Path) -> None:
    open_home(tmp_path / "parent" / "home")
    (tmp_path / "parent" / "home" / "lake").mkdir()
    with open_to_readers():
        (tmp_path / "published").mkdir()
    (tmp_path / "file").touch()
    found = ("parent", "parent/home", "parent/home/lake", "published", "file")
    assert [mode(tmp_path / name) for name in found] == [0o711, 0o711, 0o700, 0o755, 0o600]


def test_adds_no_right_that_somebody_took_away(tmp_path: Path) -> None:
    for name in ("published/releases", "lake"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "published").chmod(0o750)
    (tmp_path / "lake").chmod(0o500)
    tmp_path.chmod(0o700)
    open_home(tmp_path)
    found = (".", "published", "published/releases", "lake")
    assert [mode(tmp_path / name) for name in found] == [0o700, 0o750, 0o755, 0o500]


def test_a_link_leads_nowhere(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").touch()
    (tmp_path / "home" / "lake").mkdir(parents=True)
    for link in (tmp_path / "home" / "landing", tmp_path / "home" / "lake" / "link"):
        link.symlink_to(outside)
    open_home(tmp_path / "home")
    assert (mode(outside), mode(outside / "file")) == (0o777, 0o666)
    assert mode(tmp_path / "home" / "lake") == 0o700


def test_a_closed_folder_is_not_walked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lake" / "room").mkdir(parents=True)
    (tmp_path / "states").mkdir(mode=0o700)
    walked: list[str] = []
    walk = os.walk
    monkeypatch.setattr(
        homes.os, "walk", lambda top, **how: walked.append(Path(top).name) or walk(top, **how)
    )
    open_home(tmp_path)
    open_home(tmp_path)
    # the second time nothing is open
    assert walked == ["lake"]


def test_what_cannot_be_closed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lake" / "room").mkdir(parents=True)

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    tmp_path.chmod(0o700)
    monkeypatch.setattr(Path, "chmod", refuse)
    with pytest.raises(HomeError, match=r"lake is open to other users .* chmod -R go-rwx"):
        open_home(tmp_path)

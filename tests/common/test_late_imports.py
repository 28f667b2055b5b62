"""Modules that are imported when they are used."""

from __future__ import annotations

import sys

import pytest

from dagster_project.release.gates import imported_when_used


@pytest.fixture(autouse=True)
def not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)


def test_a_module_is_imported_by_the_first_of_its_names_that_is_used():
    with imported_when_used("colorsys"):
        import colorsys  # noqa: PLC0415
    assert "colorsys" not in sys.modules
    assert colorsys.rgb_to_hsv(0.0, 0.0, 1.0) == (2 / 3, 1.0, 1.0)
    assert "colorsys" in sys.modules


def test_a_name_that_is_taken_out_of_it_imports_it_at_once():
    with imported_when_used("colorsys"):
        from colorsys import rgb_to_hsv  # noqa: PLC0415
    assert rgb_to_hsv(0.0, 0.0, 1.0) == (2 / 3, 1.0, 1.0)
    assert sys.modules["colorsys"].__dict__["rgb_to_hsv"] is rgb_to_hsv


def test_what_was_imported_before_is_left_alone():
    import colorsys  # noqa: PLC0415

    with imported_when_used("colorsys"):
        assert sys.modules["colorsys"] is colorsys
    assert sys.modules["colorsys"] is colorsys

"""A project of one's own: codebook and models copied, so that a test may change rows.

Homes that several modules only read are built once for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import demo_home
import expectations
import pytest
import several_studies
import small_feeds
from built_once import BuiltOnce
from installing import install, installed_in

from dagster_project.common.settings import Settings
from dagster_project.orchestration.pipeline import refresh

OFTEN = (
    "test_first_week",
    "test_forget",
    "test_published_once",
    "test_same_marts",
    "test_what_is_stopped",
)
"""Tests that refresh the same few feeds again and again."""


@pytest.fixture(scope="module", autouse=True)
def gate(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leave Great Expectations out of the tests that others try it for."""
    with pytest.MonkeyPatch.context() as patch:
        if request.module.__name__.rpartition(".")[2] in OFTEN:
            expectations.leave_out(patch)
        yield


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation in a scratch folder, with its own codebook and an empty landing."""
    return install(tmp_path)


@pytest.fixture(scope="module")
def module_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The same, shared by the tests of one module that only read."""
    return install(tmp_path_factory.mktemp("installation"))


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> BuiltOnce:
    """What the processes of this run share."""
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "built_once"
    folder.mkdir(exist_ok=True)
    return BuiltOnce(folder)


@pytest.fixture(scope="session")
def demo(built_once: BuiltOnce) -> demo_home.Demo:
    """The demo as its command leaves it."""
    return demo_home.built_in(built_once("demo", demo_home.build))


@pytest.fixture(scope="session")
def small_quarter(built_once: BuiltOnce) -> Settings:
    """An installation in which the small quarter was published."""

    def build(folder: Path) -> None:
        settings = install(folder)
        small_feeds.deliver(settings, small_feeds.quarter(), "2021-01-05 Q4")
        refresh(settings)

    return installed_in(built_once("small_quarter", build))


@pytest.fixture(scope="session")
def studies(built_once: BuiltOnce) -> Settings:
    """An installation in which studies were published that have nothing in common."""
    return installed_in(built_once("studies", several_studies.build))


@pytest.fixture(scope="session")
def studies_by_other_rules(built_once: BuiltOnce) -> Settings:
    """Another, whose codebook decides otherwise."""
    return installed_in(built_once("other_rules", several_studies.build_by_other_rules))

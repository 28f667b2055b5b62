"""What the package imports is declared, and what is declared is in the lock."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution, distributions
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from dagster_project.common.settings import PROJECT_ROOT

PACKAGE = PROJECT_ROOT / "dagster_project"
PROJECT = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text("utf-8"))["project"]
DECLARED = [Requirement(one) for one in PROJECT["dependencies"]]
EXTRAS = [Requirement(one) for many in PROJECT["optional-dependencies"].values() for one in many]
PINNED = re.findall(
    r"^([a-z0-9-]+)(?:\[[^\]]*\])?==(\S+)", (PROJECT_ROOT / "requirements.lock").read_text(), re.M
)


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


def of_others(module: str) -> bool:
    top = module.partition(".")[0]
    return top not in sys.stdlib_module_names and top != PACKAGE.name


MODULES = sorted({name for path in PACKAGE.rglob("*.py") for name in imported(path)})


def files_of(requirement: Requirement) -> Iterator[Path]:
    found = distribution(requirement.name)
    folder = Path(str(found.locate_file(""))).resolve()
    return (folder / file for file in found.files or ())


def test_every_import_of_the_package_is_of_a_declared_dependency() -> None:
    modules = list(filter(of_others, MODULES))
    assert {"dagster", "duckdb", "polars"} <= set(modules)
    declared = {file for requirement in DECLARED for file in files_of(requirement)}
    specs = {module: find_spec(module) for module in modules}
    origins = {module: spec.origin for module, spec in specs.items() if spec and spec.origin}
    assert set(modules) - set(origins) == set()
    assert [m for m, origin in origins.items() if Path(origin).resolve() not in declared] == []


@pytest.mark.parametrize("requirement", [*DECLARED, *EXTRAS], ids=str)
def test_the_lock_has_what_is_declared(requirement: Requirement) -> None:
    versions = [version for name, version in PINNED if name == requirement.name]
    assert versions
    assert all(map(requirement.specifier.contains, versions))


LOCK = (PROJECT_ROOT / "requirements.lock").read_text("utf-8")


def test_every_line_of_the_lock_is_one_version_with_hashes_and_no_address() -> None:
    blocks = re.findall(r"^(?=\S)(?!#).*(?:\n[ \t].*)*", LOCK, re.M)
    assert len(blocks) == len(PINNED) > 100
    for block in blocks:
        assert re.match(r"[a-z0-9-]+(\[[a-z0-9,-]+\])?==[^ *]+( ; [^\\]+)? \\\n", block), block
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block
    assert "://" not in LOCK
    assert "--index" not in LOCK


def test_what_is_installed_is_what_the_lock_says() -> None:
    installed = {
        re.sub(r"[-_.]+", "-", found.name).lower(): found.version for found in distributions()
    }
    # the lock serves every version of Python and every system, by markers
    lines = re.findall(r"^([a-z0-9][^\\\n]*?) \\$", LOCK, re.M)
    pinned = [Requirement(line) for line in lines]
    here = [one for one in pinned if one.marker is None or one.marker.evaluate()]
    differing = [
        str(one)
        for one in here
        if one.name in installed and not one.specifier.contains(installed[one.name])
    ]
    assert differing == []
    assert set(installed) - {one.name for one in here} <= {"kto-pipeline", "pip"}

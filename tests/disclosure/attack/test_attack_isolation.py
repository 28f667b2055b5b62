"""The attacker shares no code with what it checks."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import dagster_project.disclosure.attack as package

FOLDER = Path(package.__file__).parent
OWN = "dagster_project.disclosure.attack"


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.py")), ids=lambda path: path.name)
def test_nothing_of_the_project_is_imported_from_outside_the_folder(path: Path):
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names.append(node.module)
    ours = [name for name in names if name.split(".")[0] == "dagster_project"]
    assert all(name == OWN or name.startswith(OWN + ".") for name in ours)
    assert "importlib" not in names

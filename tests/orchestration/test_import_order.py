"""Packages import only from those above them in the table of CONTRIBUTING.md, and never in circles.

An import that a function makes counts like any other; one for types alone does not, as it is never
carried out (`codebook/fingerprint.py` names the type of what `codebook/codebook.py` hands it).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from dagster_project.common.settings import PROJECT_ROOT

PACKAGE = "dagster_project"
FILES = {
    ".".join(path.relative_to(PROJECT_ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in (PROJECT_ROOT / PACKAGE).rglob("*.py")
}
ROW = re.compile(r"^\| (`dagster_project/.*?) \|", re.MULTILINE)


def carried_out(node: ast.AST) -> Iterator[ast.AST]:
    """Every node below this one, but for what stands under `if TYPE_CHECKING`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from carried_out(child)


def imported(path: Path) -> set[str]:
    """The modules of the package that a file imports."""
    found = set()
    for node in carried_out(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            full = (f"{node.module}.{alias.name}" for alias in node.names)
            found |= {name if name in FILES else str(node.module) for name in full}
    return found & set(FILES)


IMPORTS = {module: imported(path) for module, path in FILES.items()}


def levels() -> dict[str, int]:
    """Each package or module directly below `dagster_project`, with its row in the table."""
    page = (PROJECT_ROOT / "CONTRIBUTING.md").read_text("utf-8")
    found: dict[str, int] = {}
    for level, row in enumerate(ROW.findall(page)):
        for name in re.findall(r"`(?:dagster_project/)?([^`]+)`", row):
            for path in (PROJECT_ROOT / PACKAGE).glob(name):
                found[path.stem] = level
    return found


def test_the_table_has_every_package_and_module() -> None:
    there = {module.split(".")[1] for module in FILES if "." in module}
    assert there == set(levels())


def test_packages_import_only_from_those_above_them() -> None:
    level = levels()
    of = {module: module.split(".")[1] for module in FILES if "." in module}
    upward = [
        f"{module} imports {other}"
        for module, others in IMPORTS.items()
        for other in others - {PACKAGE}
        if of[module] != of[other] and level[of[module]] < level[of[other]]
    ]
    assert upward == []


def test_no_modules_import_one_another_in_a_circle() -> None:
    # a package stands for the modules whose names it shows as its own
    packages = {module for module, path in FILES.items() if path.name == "__init__.py"}
    modules = {
        module: {
            behind
            for other in others
            for behind in (IMPORTS[other] if other in packages else {other})
        }
        for module, others in IMPORTS.items()
        if module not in packages
    }
    try:
        TopologicalSorter(modules).prepare()
    except CycleError as circle:
        raise AssertionError(" is imported by ".join(circle.args[1])) from None

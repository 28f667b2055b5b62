"""What dbt's tests are called in Dagster, and what they say in a sentence.

Belongs here: names and descriptions. Does not belong here: the tests, whose comments are sentences.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

TESTS = Path("tests", "generic")
COMMENT = re.compile(r"\{#-\s*(.+?)\s*-#\}", re.DOTALL)
NOT_IN_A_NAME = frozenset({"model", "columns", "values", "to", "field"})
"""Arguments of a test that say nothing that tells it from others on the same table."""
SENTENCES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "unique_key": lambda given: f"One row per {_listed(given['columns'])}.",
    "unique": lambda given: f"One row per {given['column_name']}.",
    "not_null": lambda given: f"{given['column_name']} is filled in, in every row.",
    "accepted_values": lambda given: (
        f"{given['column_name']} is one of {_listed(given['values'], 'or')}."
    ),
    "relationships": lambda given: f"Every {given['column_name']} is one of {_table(given['to'])}.",
}
"""Tests of which what they are given says more than their comment."""


def name_tests(manifest: Mapping[str, Any], project: Path) -> None:
    """Give the tests in a manifest short names, and descriptions that Dagster finds.

    `dbt_name` is then what dbt calls a test. dbt writes all arguments into that name, up to two
    hundred characters; a short one is for one table only.

    Args:
        manifest: dbt's, as a dictionary; its tests are changed.
        project: the folder of the dbt project.

    """
    tests = [one for one in manifest["nodes"].values() if one["resource_type"] == "test"]
    used = Counter((one["attached_node"], _short(one)) for one in tests)
    comments = {path.stem: _comment(path) for path in (project / TESTS).glob("*.sql")}
    for one in tests:
        kind, given = one["test_metadata"]["name"], one["test_metadata"]["kwargs"]
        say = SENTENCES.get(kind)
        one["meta"] = {"description": say(given) if say else comments.get(kind, "")}
        one["dbt_name"] = one["name"]
        if used[one["attached_node"], _short(one)] == 1:
            one["name"] = _short(one)


def _short(test: Mapping[str, Any]) -> str:
    """Join the kind of test with what it is given for one column."""
    about = test["test_metadata"]
    given = [str(one) for name, one in about["kwargs"].items() if name not in NOT_IN_A_NAME]
    return re.sub(r"\W+", "_", "_".join([about["name"], *given]))


def _comment(path: Path) -> str:
    found = COMMENT.search(path.read_text(encoding="utf-8"))
    return " ".join(found[1].split()) if found else ""


def _listed(names: list[str], last: str = "and") -> str:
    *first, final = names
    return f"{', '.join(first)} {last} {final}" if first else final


def _table(reference: str) -> str:
    """Read `ref('stg_studies')`."""
    return reference.split("'")[1]

"""publiccode.yml has what version 0.4 of the standard asks for, and says what the project says."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
import yaml

from dagster_project.common.settings import PROJECT_ROOT

FILE = yaml.safe_load((PROJECT_ROOT / "publiccode.yml").read_text("utf-8"))
PROJECT = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text("utf-8"))["project"]
MANDATORY = {
    "publiccodeYmlVersion",
    "name",
    "url",
    "platforms",
    "categories",
    "developmentStatus",
    "softwareType",
    "description",
    "legal",
    "maintenance",
    "localisation",
}
STATUS = {"concept", "development", "beta", "stable", "obsolete"}
CATEGORIES = {
    "survey",
    "data-analytics",
    "data-collection",
    "data-visualization",
    "business-intelligence",
    "feedback-and-reviews-management",
}
"""Those of the standard's list that this project could be in."""

SCOPES = {"local-authorities", "society", "employment", "welfare", "transportation"}


def test_the_mandatory_keys_are_there() -> None:
    assert set(FILE) >= MANDATORY
    assert FILE["publiccodeYmlVersion"] == "0.4"
    assert re.match(r"https://\S+$", FILE["url"])
    assert FILE["developmentStatus"] in STATUS
    assert FILE["softwareType"] == "standalone/backend"
    assert set(FILE["categories"]) <= CATEGORIES
    assert set(FILE["intendedAudience"]["scope"]) <= SCOPES
    assert FILE["localisation"]["localisationReady"] is True


def test_the_kind_of_maintenance_names_whom_it_has_to_name() -> None:
    maintenance = FILE["maintenance"]
    asked = {"internal": "contacts", "community": "contacts", "contract": "contractors"}
    assert maintenance["type"] in {*asked, "none"}
    if maintenance["type"] in asked:
        assert maintenance[asked[maintenance["type"]]]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_description_is_as_long_as_the_standard_allows(language: str) -> None:
    told: dict[str, Any] = FILE["description"][language]
    assert 1 <= len(told["shortDescription"]) <= 150
    assert "\n" not in told["shortDescription"]
    assert 150 <= len(told["longDescription"]) <= 10000
    assert 5 <= len(told["features"]) <= 20
    assert [one for one in told["screenshots"] if not (PROJECT_ROOT / one).is_file()] == []


def test_it_says_of_the_project_what_the_project_says_of_itself() -> None:
    assert FILE["name"] == PROJECT["name"]
    assert FILE["legal"]["license"] == PROJECT["license"]
    python = next(one for one in FILE["dependsOn"]["open"] if one["name"] == "Python")
    before = python["versionMax"].partition(".")[2]
    assert PROJECT["requires-python"] == f">={python['versionMin']},<3.{int(before) + 1}"
    assert FILE["legal"]["mainCopyrightOwner"] in (PROJECT_ROOT / "LICENSE").read_text("utf-8")

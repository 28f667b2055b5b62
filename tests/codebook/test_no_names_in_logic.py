"""Definitions are rows, not code: no id of the codebook appears in Python or SQL.

An id that is also an everyday or technical word is looked for as a quoted text only, any other
wherever it stands, also as part of a longer name. The one exception is in the contract: three
models bear the name of a metric.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dagster_project.codebook import Codebook, load_codebook
from dagster_project.codebook.roles import ALL_ROLES, ROLES

ROOT = Path(__file__).resolve().parents[2]
CODE = sorted(
    [
        *(ROOT / "dagster_project").rglob("*.py"),
        *(ROOT / "dbt_project" / "models").rglob("*.sql"),
        *(ROOT / "dbt_project" / "macros").rglob("*.sql"),
        *(ROOT / "dbt_project" / "tests").rglob("*.sql"),
    ]
)
MODELS_NAMED_AFTER_A_METRIC = ("mart_ces", "mart_hostmanship", "mart_totaaloordeel")
EVERYDAY_WORDS = frozenset(
    {
        "counter",
        "telephone",
        "digital",
        "gate",
        "mail",
        "online",
        "privacy",
        "invitations",
        "factsheets",
    }
)
VOCABULARY = ALL_ROLES | frozenset(ROLES)
"""Words by which the codebook itself is written; a feed may be called as its kind."""


def ids_of(codebook: Codebook) -> frozenset[str]:
    return frozenset(
        {row.study for row in codebook.studies}
        | {row.feed for row in codebook.feeds}
        | {row.channel for row in codebook.channels}
        | {row.question for row in codebook.questions}
        | {row.metric for row in codebook.metrics}
    )


def names_in(code: str, ids: frozenset[str]) -> list[str]:
    for model in MODELS_NAMED_AFTER_A_METRIC:
        code = re.sub(rf"\b{model}\b", "", code)
    quoted = {text for _, text in re.findall(r"""(['"])(\w+)\1""", code)}
    return sorted(
        name
        for name in ids
        if (name in quoted and name not in VOCABULARY)
        or (name not in EVERYDAY_WORDS and re.search(rf"(?<![^\W_]){name}(?![^\W_])", code, re.I))
    )


IDS = ids_of(load_codebook(ROOT / "seeds"))


@pytest.mark.parametrize("path", CODE, ids=[str(path.relative_to(ROOT)) for path in CODE])
def test_has_no_name_of_a_study_feed_channel_question_or_metric(path: Path):
    assert names_in(path.read_text(encoding="utf-8"), IDS) == []


def test_looks_at_python_and_sql():
    assert {path.suffix for path in CODE} == {".py", ".sql"}


def test_every_everyday_word_is_an_id():
    assert frozenset() == EVERYDAY_WORDS - IDS


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("where channel = 'counter'", ["counter"]),
        ('if channel == "digital":', ["digital"]),
        ("counter = Counter(rows)  # a digital copy of the online table", []),
        ("kind = 'invitations'", []),
        ("select ces_score from scores", ["ces"]),
        ("select * from {{ ref('mart_ces') }}", []),
        ("def totaaloordeel(answers): ...", ["totaaloordeel"]),
        ("FEEDS = {'SFO_2016': 1}", ["sfo", "sfo_2016"]),
        ("processes = access(privacy)", []),
    ],
)
def test_finds_names_and_leaves_everyday_words_alone(code: str, found: list[str]):
    ids = frozenset(
        {"counter", "digital", "online", "privacy", "invitations", "ces", "totaaloordeel"}
        | {"sfo", "sfo_2016"}
    )
    assert names_in(code, ids) == found

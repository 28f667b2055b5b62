"""What the generator refuses to make, and what it makes exactly."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from dagster_project.demo.answers import exactly
from dagster_project.demo.landing import demo_files
from dagster_project.demo.shapes import Question
from dagster_project.demo.tables import HERE, DemoTables


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copied = tmp_path / "tables"
    copied.mkdir()
    for path in HERE.glob("*.csv"):
        shutil.copy(path, copied)
    return copied


def change(folder: Path, table: str, old: str, new: str) -> None:
    path = folder / f"{table}.csv"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_refuses_samples_that_do_not_add_up_to_the_volume(folder: Path):
    change(folder, "volumes", "halt,halt,2022,64,", "halt,halt,2022,65,")
    message = "samples.csv has 64 responses of halt halt 2022 and volumes.csv 65"
    with pytest.raises(ValueError, match=re.escape(message)):
        demo_files(DemoTables(folder))


def test_refuses_more_answers_than_there_are_respondents(folder: Path):
    change(folder, "counts", "blik_op_werk,aangeraden,nieuwe_sporen,2021,,,,ja:21|nee:29", "")
    more = "blik_op_werk,aangeraden,nieuwe_sporen,2021,,,,ja:22|nee:29\n"
    path = folder / "counts.csv"
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line]
    path.write_text("\n".join(lines) + "\n" + more, encoding="utf-8")
    with pytest.raises(ValueError, match="51"):
        demo_files(DemoTables(folder))


def test_refuses_a_sample_without_days_to_invite_it_on(folder: Path):
    change(folder, "feeds", "halt,1,,01-12|01-14", "halt,1,1|1|1|1,")
    with pytest.raises(ValueError, match=r"feed halt has a row in samples\.csv and no window"):
        demo_files(DemoTables(folder))


def test_gives_the_best_answers_to_the_most_satisfied():
    question = Question(
        name="q",
        kind="code",
        low=0,
        high=0,
        spread=0,
        half_share=0,
        missing=0,
        section="",
        loading=1,
        lean_size=0,
        trend=0,
        codes=(),
        weights=(),
        share_codes=frozenset(),
    )
    factor = np.array([-1.0, 2.0, 0.0, 1.0])
    answers = exactly(question, factor, {"10": 1, "7": 2, "2": 1}, np.random.default_rng(1))
    assert answers.tolist() == ["2", "10", "7", "7"]
    assert Counter(answers.tolist()) == {"7": 2, "10": 1, "2": 1}

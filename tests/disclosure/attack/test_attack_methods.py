"""The attack on the people invited, by method of approach."""

from __future__ import annotations

import pyarrow as pa
from attack_tables import GRADE, attacked, status, tree

METHODS = tree(("segment", "all", ("method=email", "method=letter", "method=card")))
HERE = {"study": "s", "organisation_code": "o", "period": "2020"}


def funnel(email: int | None) -> dict[str, pa.Table]:
    """99 invited people answered, of whom some by e-mail; the letter is hidden."""
    rows = [
        HERE | {"method": method, "responses_invited": n} | status(n is None)
        for method, n in (("all", 99), ("email", email), ("letter", None))
    ]
    whole = HERE | {"channel": "all", "product_code": "all", "responses_invited": 99}
    whole |= {"responses": 120, "invited": 500, "status": "published"}
    return {
        "mart_response": pa.Table.from_pylist([whole]),
        "mart_response_funnel": pa.Table.from_pylist(rows),
    }


def test_the_one_hidden_method_is_worked_back_from_the_total():
    found = attacked(funnel(92), METHODS, GRADE)

    (letter,) = found.intervals.to_pylist()
    assert (letter["segment"], letter["measure"]) == ("method=letter", "responses_invited")
    assert (letter["low"], letter["high"], letter["exact"]) == (7, 7, True)
    assert (
        found.unions.to_pylist()[0]["equation"]
        == "o 2020 method=letter = 99 (o 2020) - 92 (o 2020 method=email)"
    )


def test_two_hidden_methods_are_bounded_by_the_total():
    rows = attacked(funnel(None), METHODS, GRADE).intervals.to_pylist()

    assert {row["segment"] for row in rows} == {"method=email", "method=letter"}
    assert {(row["low"], row["high"], row["exact"]) for row in rows} == {(0, 99, False)}

"""Figures of real answers always pass, and what is called impossible no answers can give."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from functools import cache
from itertools import combinations_with_replacement, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.report_check.check import judge
from dagster_project.report_check.exact import rounded
from dagster_project.report_check.figure import EVERYBODY, Figure, Finding, Kind, Printed, Role

NEAREST = (ROUND_HALF_UP, ROUND_HALF_DOWN, ROUND_HALF_EVEN)
HUNDRED = Fraction(100)
Answers = tuple[Fraction, Fraction, Fraction]
"""Lowest, highest, step."""
SCORES = {
    Kind.SHARE: (Fraction(0), HUNDRED, HUNDRED),
    Kind.NET: (-HUNDRED, HUNDRED, HUNDRED),
    Kind.COUNT: (None, None, None),
}


def printed(value: Fraction, decimals: int, how: str = ROUND_HALF_UP) -> Printed:
    """Round with the standard library; 60 digits tell every tie from what lies beside it."""
    with localcontext(prec=60):
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        text = str(exact.quantize(Decimal(1).scaleb(-decimals), rounding=how))
    return Printed(text, Fraction(text), decimals, Fraction(1, 2 * 10**decimals))


def figure(
    row: int,
    kind: Kind,
    shown: Printed,
    n: Sequence[int] = (),
    scale: Answers | None = None,
    *,
    numerator: int | None = None,
    part_of: str = "",
    role: Role | None = None,
) -> Figure:
    minimum, maximum, step = scale or SCORES[kind]
    name = f"row{row}"
    counted = None if numerator is None else Fraction(numerator)
    return Figure(
        row, name, "", "", kind, shown, tuple(n), counted, minimum, maximum, step,
        weighted=False, part_of=part_of, group="", role=role, same_as="",
    )  # fmt: skip


def findings(*figures: Figure) -> tuple[Finding, ...]:
    return judge("figures.csv", figures)[1]


WHOLE_GRADES = (Fraction(1), Fraction(10), Fraction(1))
HALF_GRADES = (Fraction(1), Fraction(10), Fraction(1, 2))
VERBAL = (Fraction(1), Fraction(10), Fraction(9, 4))
FIVE = (Fraction(1), Fraction(5), Fraction(1))
SCALES = st.sampled_from([WHOLE_GRADES, HALF_GRADES, VERBAL, FIVE])
DECIMALS = st.integers(0, 3)
ROUNDING = st.sampled_from(NEAREST)


@st.composite
def answers(draw: st.DrawFn, most: int = 60) -> tuple[Answers, list[Fraction]]:
    """Draw a scale and answers on it."""
    scale = draw(SCALES)
    steps = int((scale[1] - scale[0]) / scale[2])
    picks = draw(st.lists(st.integers(0, steps), min_size=1, max_size=most))
    return scale, [scale[0] + pick * scale[2] for pick in picks]


@given(answers(), DECIMALS, ROUNDING)
def test_a_mean_of_real_answers_passes_however_it_is_rounded(
    drawn: tuple[Answers, list[Fraction]], decimals: int, how: str
):
    scale, given_answers = drawn
    n = len(given_answers)
    shown = printed(sum(given_answers, Fraction(0)) / n, decimals, how)
    assert findings(figure(2, Kind.MEAN, shown, [n], scale)) == ()


@cache
def means(scale: Answers, n: int, decimals: int) -> frozenset[str]:
    """Give every text that some n answers can be printed as."""
    steps = int((scale[1] - scale[0]) / scale[2])
    values = [scale[0] + step * scale[2] for step in range(steps + 1)]
    sums = {sum(chosen, Fraction(0)) for chosen in combinations_with_replacement(values, n)}
    return frozenset(printed(one / n, decimals, how).text for one in sums for how in NEAREST)


@pytest.mark.parametrize("scale", [WHOLE_GRADES, VERBAL, FIVE])
@pytest.mark.parametrize(("n", "decimals"), [(1, 0), (2, 1), (3, 1), (4, 1), (5, 2), (6, 1)])
def test_exactly_the_means_that_no_answers_give_are_found(scale: Answers, n: int, decimals: int):
    units = range(int(scale[0]) * 10**decimals, int(scale[1]) * 10**decimals + 1)
    shown = [printed(Fraction(unit, 10**decimals), decimals) for unit in units]
    called_possible = {
        one.text for one in shown if not findings(figure(2, Kind.MEAN, one, [n], scale))
    }
    assert called_possible == means(scale, n, decimals)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 58, 60, 99, 101])
@pytest.mark.parametrize("decimals", [0, 1])
def test_exactly_the_shares_and_net_scores_that_no_counts_give_are_found(n: int, decimals: int):
    for kind, lowest in ((Kind.SHARE, 0), (Kind.NET, -n)):
        possible = {
            printed(Fraction(100 * count, n), decimals, how).value
            for count in range(lowest, n + 1)
            for how in NEAREST
        }
        for unit in range(int(SCORES[kind][0]) * 10**decimals, 100 * 10**decimals + 1):
            shown = printed(Fraction(unit, 10**decimals), decimals)
            wrong = findings(figure(2, kind, shown, [n]))
            assert (not wrong) is (shown.value in possible), (shown.text, wrong)


COUNTS = st.lists(st.integers(0, 40), min_size=1, max_size=8).filter(any)


@given(COUNTS, DECIMALS, ROUNDING, st.booleans())
def test_shares_of_real_counts_add_up_with_and_without_n(
    counts: list[int], decimals: int, how: str, with_n: bool
):
    n = sum(counts)
    base = [n] if with_n else []
    rows = [
        figure(
            row,
            Kind.SHARE,
            printed(Fraction(100 * count, n), decimals, how),
            base,
            part_of=EVERYBODY,
            role=Role.ADDS,
        )
        for row, count in enumerate(counts, start=2)
    ]
    assert findings(*rows) == ()


@given(COUNTS, st.tuples(DECIMALS, DECIMALS), st.tuples(ROUNDING, ROUNDING), st.booleans())
def test_some_shares_of_real_counts_fit_their_total(
    counts: list[int], digits: tuple[int, int], ways: tuple[str, str], with_n: bool
):
    (decimals, of_total), (how, how_total) = digits, ways
    n = sum(counts) + 3
    base = [n] if with_n else []
    total = printed(Fraction(100 * sum(counts), n), of_total, how_total)
    for role in (Role.ADDS, Role.AMONG, Role.MULTIPLE):
        parts = [
            figure(
                row,
                Kind.SHARE,
                printed(Fraction(100 * count, n), decimals, how),
                base,
                part_of="row2",
                role=role,
            )
            for row, count in enumerate(counts, start=3)
        ]
        assert findings(figure(2, Kind.SHARE, total, base), *parts) == ()


THREE = st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60)).filter(any)


@given(THREE, st.tuples(DECIMALS, DECIMALS), ROUNDING, st.booleans(), st.booleans())
def test_a_net_score_of_real_counts_follows_from_its_shares(
    counts: tuple[int, int, int],
    digits: tuple[int, int],
    how: str,
    with_n: bool,
    with_neither: bool,
):
    decimals, of_net = digits
    n = sum(counts)
    base = [n] if with_n else []
    net = printed(Fraction(100 * (counts[0] - counts[2]), n), of_net, how)
    roles = (Role.ADDS, Role.NEITHER, Role.SUBTRACTS)
    shares = [
        figure(
            row,
            Kind.SHARE,
            printed(Fraction(100 * count, n), decimals, how),
            base,
            part_of="row2",
            role=role,
        )
        for row, (count, role) in enumerate(zip(counts, roles, strict=True), start=3)
        if with_neither or role is not Role.NEITHER
    ]
    assert findings(figure(2, Kind.NET, net, base), *shares) == ()


@pytest.mark.parametrize("n", [3, 6, 7])
def test_exactly_the_three_shares_that_no_counts_give_are_found(n: int):
    """Whole percentages near those of some counts; the oracle tries all counts."""
    texts = {count: printed(Fraction(100 * count, n), 0).value for count in range(n + 1)}
    possible = {
        tuple(texts[count] for count in counts)
        for counts in product(range(n + 1), repeat=3)
        if sum(counts) == n
    }
    for shares in product(sorted(texts.values()), repeat=3):
        rows = [
            figure(row, Kind.SHARE, printed(one, 0), [n], part_of=EVERYBODY, role=Role.ADDS)
            for row, one in enumerate(shares, start=2)
        ]
        assert (findings(*rows) == ()) is (shares in possible), shares


GROUPED = st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=12), min_size=1, max_size=5)


@given(SCALES, GROUPED, st.tuples(DECIMALS, DECIMALS), ROUNDING, st.booleans())
def test_groups_of_real_answers_fit_all_of_them(
    scale: Answers, groups: list[list[int]], digits: tuple[int, int], how: str, some: bool
):
    decimals, of_all = digits
    values = [[scale[0] + pick * scale[2] for pick in group] for group in groups]
    everyone = [value for group in values for value in group]
    whole = printed(sum(everyone, Fraction(0)) / len(everyone), of_all, how)
    kept = values[:-1] if some and len(values) > 1 else values
    role = Role.GROUP if kept is values else Role.AMONG_GROUPS
    rows = [
        figure(
            row,
            Kind.MEAN,
            printed(sum(group, Fraction(0)) / len(group), decimals, how),
            [len(group), len(group) + 1],
            scale,
            part_of="row2",
            role=role,
        )
        for row, group in enumerate(kept, start=3)
    ]
    assert findings(figure(2, Kind.MEAN, whole, [len(everyone)], scale), *rows) == ()


@pytest.mark.parametrize(
    ("complete", "sizes"), [(True, (2, 3)), (True, (1, 4)), (False, (2,)), (False, (4,))]
)
def test_exactly_the_wholes_that_no_answers_of_the_groups_give_are_found(
    complete: bool, sizes: tuple[int, ...]
):
    """Answers of 1 to 5 by five people, of whom the groups printed are all or some."""
    n = 5
    role = Role.GROUP if complete else Role.AMONG_GROUPS
    seen: set[tuple[Fraction, ...]] = set()
    for given_answers in product(range(1, 6), repeat=n):
        texts = [printed(Fraction(sum(given_answers), n), 0, how).value for how in NEAREST]
        start, each = 0, []
        for size in sizes:
            group = given_answers[start : start + size]
            each.append({printed(Fraction(sum(group), size), 0, how).value for how in NEAREST})
            start += size
        seen.update(product(set(texts), *each))
    for shown in product(range(1, 6), repeat=len(sizes) + 1):
        rows = [figure(2, Kind.MEAN, printed(Fraction(shown[0]), 0), [n], FIVE)]
        rows += [
            figure(
                row, Kind.MEAN, printed(Fraction(one), 0), [size], FIVE, part_of="row2", role=role
            )
            for row, (one, size) in enumerate(zip(shown[1:], sizes, strict=True), start=3)
        ]
        assert (findings(*rows) == ()) is (tuple(map(Fraction, shown)) in seen), shown


@given(st.fractions(-1000, 1000, max_denominator=3000), st.integers(0, 4))
def test_rounding_is_half_away_from_zero(value: Fraction, decimals: int):
    assert Fraction(rounded(value, decimals)) == printed(value, decimals).value


@given(st.integers(1, 400), st.data())
def test_a_printed_numerator_passes_exactly_if_it_rounds_to_what_is_printed(
    n: int, data: st.DataObject
):
    count = data.draw(st.integers(0, n))
    share = data.draw(st.integers(0, 100))
    fits = any(printed(Fraction(100 * count, n), 0, how).value == share for how in NEAREST)
    wrong = findings(figure(2, Kind.SHARE, printed(Fraction(share), 0), [n], numerator=count))
    assert (wrong == ()) is fits


@pytest.mark.parametrize("n", [3, 6, 7])
def test_exactly_the_net_scores_that_do_not_follow_from_their_shares_are_found(n: int):
    """Below 100 respondents a printed share is one count, so each count can be tried."""
    counts = range(n + 1)
    texts = {count: printed(Fraction(100 * count, n), 0).value for count in range(-n, n + 1)}
    possible = {
        (texts[plus], texts[minus], texts[plus - minus])
        for plus, minus in product(counts, repeat=2)
        if plus + minus <= n
    }
    shares = [texts[count] for count in counts]
    for plus, minus, net in product(shares, shares, sorted(texts.values())):
        rows = [figure(2, Kind.NET, printed(net, 0), [n])]
        rows += [
            figure(row, Kind.SHARE, printed(value, 0), [n], part_of="row2", role=role)
            for row, value, role in ((3, plus, Role.ADDS), (4, minus, Role.SUBTRACTS))
        ]
        assert (findings(*rows) == ()) is ((plus, minus, net) in possible), (plus, minus, net)

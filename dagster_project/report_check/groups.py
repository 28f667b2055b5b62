"""Whether the figures of groups of respondents fit the figure of all of them.

The whole is the mean of its groups, weighted by their n: n adds up, and so do the sums of answers.
Belongs here: that arithmetic over every combination of the n listed. Does not belong here: parts
with the same base (parts).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from dagster_project.report_check.arrange import Parts
from dagster_project.report_check.exact import between, closer, few, spans
from dagster_project.report_check.figure import Figure, Finding, Printed, Role, Scale
from dagster_project.report_check.parts import Judged
from dagster_project.report_check.sums import Span, behind, value_of

Sums = Mapping[int, tuple[Span, ...]]
"""Number of respondents -> how far their answers can lie above n lowest ones, spans apart."""
NOBODY: Sums = {0: (Span(0, 0),)}


@dataclass(frozen=True)
class _Set:
    """Groups with figures, the whole, its figure, and whether all groups are there."""

    groups: tuple[Figure, ...]
    whole: Figure
    printed: Printed
    complete: bool

    @property
    def rows(self) -> tuple[int, ...]:
        return (self.whole.row, *(group.row for group in self.groups))


def judge_groups(one: Parts) -> Judged:
    """Judge one set of groups; nothing where the whole or a group with answers is not printed."""
    whole = one.whole
    groups = tuple(part for part in one.parts if part.printed)
    left_out = any(part.n != (0,) for part in one.parts if not part.printed)
    if whole is None or whole.printed is None or not groups:
        return Judged(frozenset())
    if any(row.off_scale for row in (whole, *groups)):
        return Judged(frozenset())
    complete = Role.GROUP in one.roles and not left_out
    found = _Set(groups, whole, whole.printed, complete)
    scale = _shared_scale(found)
    if outside := _outside(found):
        return Judged(frozenset(found.rows), (outside,))
    if scale is None:
        return Judged(frozenset(found.rows if complete else ()))
    finding = _off(found, scale)
    return Judged(frozenset(found.rows), (finding,) if finding else ())


def _outside(one: _Set) -> Finding | None:
    """Refuse a whole that lies outside its groups: no weights make such a mean."""
    if not one.complete:
        return None
    printed = [group.printed for group in one.groups if group.printed]
    low, high = min(each.low for each in printed), max(each.high for each in printed)
    if one.printed.low <= high and low <= one.printed.high:
        return None
    ends = [min(printed, key=lambda each: each.value), max(printed, key=lambda each: each.value)]
    why = f"its groups lie between {ends[0].text} and {ends[1].text}"
    return _finding(
        one, why, f"the whole would be {between(low, high, one.printed.decimals)} in any case"
    )


def _shared_scale(one: _Set) -> Scale | None:
    """Give the scale by which answers can be added; None where they, or an n, are not known."""
    rows = (one.whole, *one.groups)
    counted = all(row.n and not row.weighted and row.scale for row in rows)
    each_possible = all(any(behind(row, n) for n in row.n) for row in rows)
    return one.whole.scale if counted and each_possible else None


def _off(one: _Set, scale: Scale) -> Finding | None:
    most = max(one.whole.n)
    sums = NOBODY
    for group in one.groups:
        sums = _with_group(sums, group, most)
    reached = {n: tuple(_with_others(sums, n, one, scale)) for n in one.whole.n if n}
    fits = any(
        whole.meets(span)
        for n, found in reached.items()
        if (whole := behind(one.whole, n))
        for span in found
    )
    if fits:
        return None
    if not any(reached.values()):
        return _wrong_n(one)
    said = [_said(one, scale, n, found, sums) for n, found in reached.items() if found]
    figures = few(dict.fromkeys(would_be for _, would_be in said), " or ")
    return _finding(one, few(why for why, _ in said), f"the whole would be {figures}")


def _with_group(sums: Sums, group: Figure, most: int) -> Sums:
    """Add a group, with each n for which its figure is possible, up to `most` respondents."""
    added: dict[int, list[Span]] = {}
    for n in group.n:
        span = behind(group, n)
        for before, found in sums.items() if span else ():
            if span and before + n <= most:
                added.setdefault(before + n, []).extend(each + span for each in found)
    return {n: _merged(found) for n, found in added.items()}


def _merged(found: Iterable[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for span in sorted(found, key=lambda each: each.low):
        if merged and span.low <= merged[-1].high + 1:
            merged[-1] = Span(merged[-1].low, max(merged[-1].high, span.high))
        else:
            merged.append(span)
    return tuple(merged)


def _with_others(sums: Sums, n: int, one: _Set, scale: Scale) -> Iterable[Span]:
    """Give the sums of n respondents: those of the groups, and any answers of the others."""
    if one.complete:
        return sums.get(n, ())
    return _merged(
        each + Span(0, (n - counted) * scale.steps)
        for counted, found in sums.items()
        if counted <= n
        for each in found
    )


def _wrong_n(one: _Set) -> Finding:
    """Say that the n for which each group is possible do not come to an n of the whole."""
    own = spans(one.whole.n).replace(", ", " or ")
    each = [[n for n in group.n if behind(group, n)] for group in one.groups]
    counts = " + ".join(spans(numbers).replace(", ", "|") for numbers in each)
    if all(len(numbers) == 1 for numbers in each):
        counts += f" = {sum(numbers[0] for numbers in each)}"
    why = f"the n of its groups are {counts}, its own is {own}"
    instead = (
        "role among_groups if some groups are not printed"
        if one.complete
        else "groups cannot have more respondents than all have"
    )
    return _finding(one, why, instead)


def _said(one: _Set, scale: Scale, n: int, found: tuple[Span, ...], sums: Sums) -> tuple[str, str]:
    """Say what the groups give, and as what the whole would be printed, for one n of the whole."""
    decimals = one.printed.decimals
    ends = [(value_of(each.low, scale, n), value_of(each.high, scale, n)) for each in found]
    would_be = " or ".join(between(low, high, decimals) for low, high in ends)
    if one.complete:
        made = " or ".join(_from_to(low, high, decimals) for low, high in ends)
        return f"its groups together make {made} (n = {n})", would_be
    others = spans(n - counted for counted in sums if counted <= n).replace(", ", " or ")
    return f"its groups allow no such figure, whatever the {others} others answered", would_be


def _from_to(low: Fraction, high: Fraction, decimals: int) -> str:
    first, last = closer(low, decimals), closer(high, decimals)
    return first if first == last else f"{first} to {last}"


def _finding(one: _Set, why: str, instead: str) -> Finding:
    return Finding(
        "groups", one.rows, one.whole.subject, one.whole.source, one.printed.text, why, instead
    )

"""Rules for studies, organisations and the days on which they change.

Belongs here: organisation codes and dates. Does not belong here: which organisation a
feed has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from dagster_project.codebook.codebook import Codebook
from dagster_project.codebook.faults import Fault
from dagster_project.codebook.model import Merger, Organisation

SIZE_CLASS = "size_class"
_DAY = timedelta(days=1)


def studies_know_their_organisations(codebook: Codebook) -> Iterator[Fault]:
    """Check that a study has organisations, and says wholly or not at all how codes are padded."""
    for study in codebook.studies:
        if (study.code_prefix is None) != (study.code_digits is None):
            blank = "code_prefix" if study.code_prefix is None else "code_digits"
            yield Fault(study, blank, "prefix and digits go together; fill in both or clear both")
        if not codebook.organisations_of(study.study):
            yield Fault(
                study,
                "organisation_kind",
                f"no organisation is of kind '{study.organisation_kind}'; "
                "correct it or add some to organisations.csv",
            )


def benchmarks_have_somebody_to_compare_with(codebook: Codebook) -> Iterator[Fault]:
    """Check that a study that compares within size classes has organisations of known size."""
    for study in codebook.studies:
        organisations = codebook.organisations_of(study.study)
        unknown = all(row.size_class is None for row in organisations)
        if study.benchmark_among == SIZE_CLASS and organisations and unknown:
            yield Fault(
                study,
                "benchmark_among",
                f"no organisation of kind '{study.organisation_kind}' has a size_class, so there "
                "would be no benchmark; fill some in in organisations.csv or write all",
            )


def codes_fit_their_study(codebook: Codebook) -> Iterator[Fault]:
    """Check that organisations of a study that pads its codes are written in the padded form."""
    for study in codebook.studies:
        if study.code_prefix is None or study.code_digits is None:
            continue
        form = re.compile(rf"{re.escape(study.code_prefix)}\d{{{study.code_digits}}}", re.ASCII)
        for organisation in codebook.organisations_of(study.study):
            if not form.fullmatch(organisation.organisation_code):
                yield Fault(
                    organisation,
                    "organisation_code",
                    f"'{organisation.organisation_code}' is not {study.code_prefix} and "
                    f"{study.code_digits} digits, as study '{study.study}' writes them; correct it",
                )


def organisations_exist_for_a_while(codebook: Codebook) -> Iterator[Fault]:
    """Check that the first day of an organisation is not after its last."""
    for row in codebook.organisations:
        if row.valid_from and row.valid_to and row.valid_from > row.valid_to:
            yield Fault(
                row,
                "valid_to",
                f"{row.valid_to} is before valid_from {row.valid_from}; swap them",
            )


def mergers_fit_the_dates(codebook: Codebook) -> Iterator[Fault]:
    """Check that the old organisation ends on the eve of the merger and the new one exists."""
    organisations = {row.organisation_code: row for row in codebook.organisations}
    for merger in codebook.organisation_mergers:
        old, new = organisations.get(merger.from_code), organisations.get(merger.to_code)
        if merger.from_code == merger.to_code:
            yield Fault(
                merger, "to_code", "an organisation cannot merge into itself; name its successor"
            )
        elif old and new:
            yield from _merger_faults(merger, old, new)


def _merger_faults(merger: Merger, old: Organisation, new: Organisation) -> Iterator[Fault]:
    day = merger.effective_from
    if old.kind != new.kind:
        yield Fault(
            merger,
            "to_code",
            f"'{merger.to_code}' is of kind {new.kind} and '{merger.from_code}' of kind "
            f"{old.kind}; name a successor of the same kind",
        )
    if old.valid_to != day - _DAY:
        said = old.valid_to or "blank"
        yield Fault(
            merger,
            "effective_from",
            f"{day} is not the day after the valid_to of '{merger.from_code}' ({said}); "
            "correct one of the two",
        )
    if not (new.valid_from or date.min) <= day <= (new.valid_to or date.max):
        yield Fault(
            merger,
            "effective_from",
            f"'{merger.to_code}' does not exist on {day}; correct the day or its valid_from",
        )

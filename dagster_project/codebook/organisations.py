"""Organisations as people name them: by code or by name, capitals or not.

Belongs here: from a code to a name and back, for pages and commands. Does not belong here: how a
file writes an organisation (ingest).
"""

from __future__ import annotations

from collections.abc import Iterable

from dagster_project.codebook import Codebook


def organisation_name(codebook: Codebook, organisation_code: str) -> str:
    """Return the name of an organisation; its code where the codebook has it no longer."""
    try:
        return codebook.organisation(organisation_code).name
    except KeyError:
        return organisation_code


def organisations_called(codebook: Codebook, codes: Iterable[str], asked: str) -> tuple[str, ...]:
    """Return those of the codes that are `asked`, or the name of which is."""
    wanted = asked.casefold()
    return tuple(
        code
        for code in codes
        if wanted in (code.casefold(), organisation_name(codebook, code).casefold())
    )


def names_near(codebook: Codebook, codes: Iterable[str], asked: str, most: int = 3) -> list[str]:
    """Return codes and names that look like `asked`, the most alike first."""
    from difflib import get_close_matches  # noqa: PLC0415 (only where nothing is found)

    known = {
        text.casefold(): text
        for code in codes
        for text in (code, organisation_name(codebook, code))
    }
    return [known[one] for one in get_close_matches(asked.casefold(), known, most)]

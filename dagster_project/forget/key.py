"""Begin with a new key for pseudonyms.

Belongs here: dropping those of the old key. Does not belong here: making pseudonyms (ingest).

A pseudonym cannot be made from another one: that takes the address. So those of the old key go, and
the deliveries with addresses that still lie in the landing are read again, which makes new ones. No
figure rests on a pseudonym.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import polars as pl

from dagster_project.codebook import load_codebook
from dagster_project.common.checksums import file_sha256
from dagster_project.common.errors import UserError
from dagster_project.common.replacement import Replacement
from dagster_project.common.settings import Settings
from dagster_project.forget.forgetting import alone, leftovers
from dagster_project.forget.known import find_pseudonyms
from dagster_project.forget.rewrite import drop_pseudonyms
from dagster_project.ingest import pseudonym
from dagster_project.ingest.forgotten import read_forgotten
from dagster_project.ingest.lake import REGISTER, lake_file
from dagster_project.ingest.register import check_lake, read_register, register_text
from dagster_project.ingest.scan import scan_landing


@dataclass(frozen=True)
class Dropped:
    """Pseudonyms of the old key by feed (`feed`, `rows`), and how many are made anew."""

    counts: pl.DataFrame
    made_anew: int
    done: bool


def rotate(settings: Settings, *, yes: bool) -> Dropped:
    """Drop the pseudonyms of the old key and note the new one; without `yes` nothing changes.

    Raises:
        UserError: there is no new key, or it is short or the old one; something kept is damaged, or
            another run is at work.

    """
    key = _new_key(settings)
    with alone(settings):
        check_lake(settings.lake)
        codebook = load_codebook(*settings.codebook)
        forgotten = read_forgotten(settings.lake).deliveries
        held = find_pseudonyms(settings)
        landed = {(one.feed, one.sha256) for one in scan_landing(settings, codebook).deliveries}
        again = landed - forgotten
        by_delivery = {(feed, delivery): rows for feed, delivery, rows in held.iter_rows()}
        if yes:
            replacement = Replacement(settings.home)
            for one in read_register(settings.lake):
                name = (one.feed, one.sha256)
                if name not in by_delivery:
                    continue
                path = lake_file(settings.lake, "invitations", *name)
                draft = replacement.draft(path)
                drop_pseudonyms(path, draft)
                files = {
                    **one.files,
                    path.relative_to(settings.lake).as_posix(): file_sha256(draft),
                }
                # judged by no codebook that there is: it is read again
                codebook_of = "" if name in again else one.codebook
                changed = dataclasses.replace(one, files=files, codebook=codebook_of)
                replacement.write(lake_file(settings.lake, REGISTER, *name), register_text(changed))
            replacement.write(settings.lake / pseudonym.KEY_CHECK, pseudonym.key_note(key))
            replacement.decide(leftovers(settings))
        return Dropped(
            counts=held.group_by("feed").agg(pl.col("rows").sum()).sort("feed"),
            made_anew=sum(rows for name, rows in by_delivery.items() if name in again),
            done=yes,
        )


def _new_key(settings: Settings) -> bytes:
    key = settings.pseudonym_key
    if key is None:
        raise UserError("set KTO_PSEUDONYM_KEY to the new key first")
    if len(key) < pseudonym.SHORTEST_KEY:
        raise UserError(
            f"the new KTO_PSEUDONYM_KEY is shorter than {pseudonym.SHORTEST_KEY} bytes and could "
            "be guessed: take a longer one"
        )
    if (settings.lake / pseudonym.KEY_CHECK).exists() and pseudonym.is_key_of(settings.lake, key):
        raise UserError("KTO_PSEUDONYM_KEY is the key that is in use; set it to the new one first")
    return key

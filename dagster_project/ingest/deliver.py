"""Judge one delivery: from a file in landing to its rows in the lake and its line in the register.

Belongs here: the order of things, and writing all or nothing. Does not belong here: how files are
read, rows judged or columns shaped.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from dagster_project.codebook import Codebook, fold
from dagster_project.common.errors import UserError
from dagster_project.common.settings import Limits
from dagster_project.ingest import pseudonym
from dagster_project.ingest.duplicates import duplicates
from dagster_project.ingest.header import Layout, match_header, required_headers
from dagster_project.ingest.lake import LAYOUT, ROOMS, Drafts, lake_file
from dagster_project.ingest.passes import Pass
from dagster_project.ingest.plan import Plan, known_texts, plan
from dagster_project.ingest.reading_process import BeyondLimitsError, ReadingProcess
from dagster_project.ingest.register import Delivery, write_delivery
from dagster_project.ingest.scan import LandedFile
from dagster_project.ingest.schema import row_contract
from dagster_project.ingest.shape import Shape
from dagster_project.ingest.source import DeliveryRejectedError, Reading, Source
from dagster_project.ingest.values import ZONE

NO_ROWS = "the file has a header and no rows"
BROKE_OFF = (
    "judging its rows broke off ({kind}), which is a fault of this program; report it, and deliver "
    "the file without the rows that are out of the ordinary"
)
NONE_COUNT = "no row of the file counts by inclusions.csv; all are left out"
TOO_OLD = "{rows} rows are of before {before}, of which nothing is kept any more; they are left out"


class ChangedWhileReadError(Exception):
    """A file that changed after it was found; nothing of it is stored."""


@dataclass(frozen=True)
class Judge:
    """What judging a delivery needs; `key` makes e-mail pseudonyms, `process` reads the files.

    Rows dated before `before` are left out.
    """

    lake: Path
    codebook: Codebook
    key: bytes | None
    now: datetime
    process: ReadingProcess
    limits: Limits
    before: date | None = None

    def judge(self, landed: LandedFile) -> Delivery:
        """Read, judge and store one delivery; a file that cannot be read is rejected, not raised.

        Nor is an unexpected error raised: a fault of this program on some odd rows may not stop the
        other deliveries. Only its kind is reported, and it is tried again in every run.

        Raises:
            ChangedWhileReadError: what was read may not be what its hash says.
            UserError: it holds e-mail addresses and there is no (or another) pseudonym key, or
                there is no process to read it.

        """
        delivery = self._unjudged(landed)
        try:
            source, layout = self.open(landed)
            rules = plan(self.codebook.feed(landed.feed), layout, self.codebook)
            delivery = dataclasses.replace(delivery, unknown_columns=layout.unknown)
            delivery = self._store(landed, source, rules, delivery)
        except DeliveryRejectedError as rejection:
            _require_unchanged(landed)
            limits = str(self.limits) if isinstance(rejection, BeyondLimitsError) else ""
            delivery = dataclasses.replace(
                delivery, state="rejected", reason=str(rejection), limits=limits
            )
        except (UserError, ChangedWhileReadError):
            raise
        except OSError as error:
            raise UserError(
                f"the rows of {landed.file} cannot be written to {self.lake} ({error}); "
                "mend that and run again"
            ) from error
        except (Exception, pl.exceptions.PanicException) as error:  # its words may quote the file
            _require_unchanged(landed)
            reason = BROKE_OFF.format(kind=type(error).__name__)
            delivery = dataclasses.replace(
                delivery, state="rejected", reason=reason, broke_off=True
            )
        self._drop_files_not_in(delivery)
        write_delivery(self.lake, delivery)
        return delivery

    def open(self, landed: LandedFile) -> tuple[Source, Layout]:
        """Open the file and match its columns.

        Raises:
            DeliveryRejectedError: it cannot be read or its header does not fit the feed.

        """
        feed = self.codebook.feed(landed.feed)
        columns = self.codebook.columns_of(feed.feed)
        known = {
            fold(column.header): known_texts(column, feed, self.codebook) for column in columns
        }
        reading = Reading(feed.sheet, required_headers(columns), known)
        source = self.process.open(landed.path, reading, self.limits)
        return source, match_header(source.header, feed.feed, self.codebook, source.advice)

    def _unjudged(self, landed: LandedFile) -> Delivery:
        return Delivery(
            feed=landed.feed,
            study=self.codebook.feed(landed.feed).study,
            file=landed.file,
            sha256=landed.sha256,
            bytes=landed.bytes,
            received_at=landed.received_at.astimezone(UTC).isoformat(),
            judged_at=self.now.astimezone(UTC).isoformat(),
            state="accepted",
            codebook=self.codebook.fingerprint_of(landed.feed),
            layout=LAYOUT,
        )

    def _store(
        self, landed: LandedFile, source: Source, rules: Plan, delivery: Delivery
    ) -> Delivery:
        received_on = landed.received_at.astimezone(ZoneInfo(ZONE)).date()
        with Drafts(self.lake, landed.feed, landed.sha256) as drafts:
            work = Pass(
                Shape(rules, landed.sha256, landed.received_at, self.key),
                row_contract(rules, received_on),
                drafts,
                landed.file,
                self.before,
            )
            tally = work.run(source)
            twice = duplicates(tally.prints)
            limit = rules.study.max_bad_rows_pct
            bad = tally.bad_with(twice)
            too_many = bad * 100 > limit * tally.rows_read
            if too_many or twice.height:
                drafts.discard()
                tally = work.run(source, twice, all_rows=too_many)
            if tally.emails and self.key:
                pseudonym.note_key(self.lake, self.key)
            _require_unchanged(landed)
            files = drafts.commit()
        reason = None
        if tally.rows_read == 0:
            reason = NONE_COUNT if tally.rows_left_out else NO_ROWS
        if tally.rows_too_old:
            reason = TOO_OLD.format(rows=tally.rows_too_old, before=self.before)
        if too_many:
            reason = f"{bad} of {tally.rows_read} rows are bad, more than {limit:g} %{tally.most}"
        return dataclasses.replace(
            delivery,
            state="rejected" if too_many else "accepted",
            reason=reason,
            rows_read=tally.rows_read,
            rows_accepted=tally.rows_accepted,
            rows_quarantined=tally.rows_quarantined,
            rows_left_out=tally.rows_left_out,
            reasons=dict(sorted(tally.reasons.items())),
            files=files,
        )

    def _drop_files_not_in(self, delivery: Delivery) -> None:
        for room in ROOMS:
            path = lake_file(self.lake, room, delivery.feed, delivery.sha256)
            if path.relative_to(self.lake).as_posix() not in delivery.files:
                path.unlink(missing_ok=True)


def _require_unchanged(landed: LandedFile) -> None:
    if not landed.is_unchanged:
        raise ChangedWhileReadError

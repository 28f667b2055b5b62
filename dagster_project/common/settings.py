"""Where things are: the one place that reads environment variables.

Belongs here: paths, the pseudonym key, release parameters, terms, alerts. Does not belong
here: anything about a study, a feed or a question; that is the codebook.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from dagster_project.common.home import PUBLISHED

PROJECT_ROOT = Path(__file__).resolve().parents[2]
DEMO_KEY_FILE = "demo.key"
LANDING_NOTE = "landing.txt"
CODEBOOK_NOTE = "codebook.txt"
TARGET = "duckdb"
"""The only place that this version builds the models in."""
NOT_IN_A_HOME = re.compile(r"\?|%[0-9A-Fa-f]{2}|[\x00-\x1f\x7f]")
"""What means something else in the address of an SQLite file."""
MOMENT = 1.0
"""Seconds that a run started by a user waits to see whether a file still grows."""


@dataclass(frozen=True)
class Limits:
    """What reading one delivery may take: memory in MiB, and seconds for each time it is read."""

    memory_mb: int = 2048
    seconds: float = 300

    def __str__(self) -> str:
        return f"{self.memory_mb} MB, {self.seconds:g} s"


@dataclass(frozen=True)
class Keep:
    """For how many days what was made is kept; None: until it is removed by hand.

    `releases` are those that are not current, `history` Dagster's runs, `data_docs` the report on
    the last release.
    """

    releases: int | None = None
    history: int | None = None
    data_docs: int | None = None
    preview: int | None = None

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Keep:
        """Read the variables; one that is not set keeps everything.

        Raises:
            ValueError: one is not a whole number of days.

        """
        names = {one.name: f"KTO_KEEP_{one.name.upper()}_DAYS" for one in fields(cls)}
        given = {one: name for one, name in names.items() if env.get(name)}
        return cls(**{one: _whole(env, name, 0, 1) for one, name in given.items()})

    @property
    def is_all(self) -> bool:
        """Whether nothing is ever removed."""
        return self == Keep()


@dataclass(frozen=True)
class Alerts:
    """Who gets an alert of a run that failed.

    `webhook` is a web address that takes JSON with a `text`; it is as secret as a password. Mail
    goes to `mail_to` by the server `smtp` (host, or host:port).
    """

    webhook: str | None = field(default=None, repr=False)
    mail_to: tuple[str, ...] = ()
    mail_from: str | None = None
    smtp: str = "localhost"

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Alerts:
        """Read the variables; without any, no alert is sent.

        Raises:
            ValueError: one is not what it may be.

        """
        webhook = env.get("KTO_ALERT_WEBHOOK") or None
        if webhook is not None and not webhook.startswith(("https://", "http://")):
            raise ValueError("KTO_ALERT_WEBHOOK is no web address; give one with https://")
        smtp = env.get("KTO_ALERT_SMTP") or "localhost"
        if not re.fullmatch(r"[^\s:/]+(:[0-9]{1,5})?", smtp):
            raise ValueError(f"KTO_ALERT_SMTP is {smtp!r}; give a host, or host:port")
        mail_to = tuple((env.get("KTO_ALERT_MAIL") or "").replace(",", " ").split())
        if not all("@" in one for one in mail_to):
            raise ValueError("KTO_ALERT_MAIL holds what is no address; part them by commas")
        return cls(webhook, mail_to, env.get("KTO_ALERT_FROM") or None, smtp)

    @property
    def is_anybody(self) -> bool:
        """Whether alerts have an address."""
        return self.webhook is not None or bool(self.mail_to)


@dataclass(frozen=True)
class Settings:
    """Folders and secrets of one installation.

    `root` holds `seeds/` and `dbt_project/`; `landing` is read only; everything the pipeline writes
    is under `home`. `own_codebook` is a folder of rows that add to those of `seeds/` or replace
    them. `pseudonym_key` is None when no key was given. `limits` hold for each delivery.
    A new file is taken in when it has not changed for `quiet_seconds`. `keep` says how long what
    was made is kept, `alerts` who gets an alert of a failed run, `factsheets` whether a release has
    pages to read, `postgres` the address of a database that holds the current release as well; it
    may have a password in it. `memory_mb` is what DuckDB keeps in memory; beyond it uses the disk.
    """

    root: Path
    landing: Path
    home: Path
    pseudonym_key: bytes | None = None
    release_day: int = 15
    limits: Limits = Limits()
    quiet_seconds: float = 0
    keep: Keep = Keep()
    alerts: Alerts = Alerts()
    factsheets: bool = True
    postgres: str | None = field(default=None, repr=False)
    own_codebook: Path | None = None
    memory_mb: int = 2048

    @classmethod
    def from_env(
        cls,
        *,
        landing: Path | None = None,
        home: Path | None = None,
        root: Path = PROJECT_ROOT,
        env: Mapping[str, str] = os.environ,
    ) -> Settings:
        """Read the environment; an argument wins over it.

        Raises:
            ValueError: a number is not one that its variable may have, or something is asked for
                that this version cannot do.

        """
        _refuse_what_is_not_there(env)
        landing = (landing or Path(env.get("KTO_LANDING") or root / "var" / "landing")).absolute()
        home = (home or Path(env.get("KTO_HOME") or root / "var")).absolute()
        if found := NOT_IN_A_HOME.search(str(home)):
            raise ValueError(
                f"{str(home)!r} cannot be the home, as its path holds {found[0]!r}, which the "
                "history of runs reads as something else: give it another name"
            )
        day = env.get("KTO_RELEASE_DAY", "15")
        if not day.isdigit() or not 1 <= int(day) <= 28:  # noqa: PLR2004
            raise ValueError(f"KTO_RELEASE_DAY is {day!r}; give a day of the month from 1 to 28")
        limits = Limits(
            _whole(env, "KTO_READ_MEMORY_MB", Limits.memory_mb, 256),
            _whole(env, "KTO_READ_SECONDS", int(Limits.seconds), 1),
        )
        quiet = _whole(env, "KTO_QUIET_SECONDS", 60, 0)
        key, keep, alerts = _pseudonym_key(landing, env), Keep.from_env(env), Alerts.from_env(env)
        pages = _yes(env, "KTO_FACTSHEETS")
        postgres = env.get("KTO_PUBLISH_POSTGRES") or None
        own = Path(env["KTO_CODEBOOK"]).absolute() if env.get("KTO_CODEBOOK") else None
        memory = _whole(env, "KTO_MEMORY_MB", cls.memory_mb, 512)
        return cls(
            *(root, landing, home, key, int(day), limits, quiet, keep, alerts, pages, postgres),
            own_codebook=own,
            memory_mb=memory,
        )

    def at_once(self) -> Settings:
        """Return the same for a run that a user started: files may have come just before it."""
        return replace(self, quiet_seconds=min(self.quiet_seconds, MOMENT))

    def remember_landing(self) -> None:
        """Note in the home which landing it was last filled from, for `last_landing`."""
        self.internal.mkdir(parents=True, exist_ok=True)
        (self.internal / LANDING_NOTE).write_text(str(self.landing), encoding="utf-8")

    def remember_codebook(self) -> None:
        """Note in the home whose rows it was last filled with, for `lost_codebook`."""
        self.internal.mkdir(parents=True, exist_ok=True)
        own = str(self.own_codebook or "")
        (self.internal / CODEBOOK_NOTE).write_text(own, encoding="utf-8")

    def lost_codebook(self) -> str | None:
        """Say what to do where the home was filled with rows that no setting names any more.

        Without them, answers of an own study or product would be refused, a quarter would be
        published without its own figures, and personal fields of an own feed would not be found.
        """
        note = self.internal / CODEBOOK_NOTE
        own = note.read_text(encoding="utf-8") if note.is_file() else ""
        if self.own_codebook or not own:
            return None
        return (
            f"{self.home} was filled with the rows of {own}: set KTO_CODEBOOK to that folder, or "
            f"remove {note} to go on without them"
        )

    def last_landing(self) -> Path | None:
        """Return the landing that this home was last filled from, if it was ever filled."""
        note = self.internal / LANDING_NOTE
        return Path(note.read_text(encoding="utf-8")) if note.is_file() else None

    @property
    def seeds(self) -> Path:
        """The shipped files of the codebook."""
        return self.root / "seeds"

    @property
    def codebook(self) -> tuple[Path, ...]:
        """The folders of the codebook: each adds to, or replaces rows of, those before it."""
        return (self.seeds, self.own_codebook) if self.own_codebook else (self.seeds,)

    @property
    def definitions(self) -> Path:
        """The codebook as the models read it: one file a table, written by each run."""
        return self.home / "definitions"

    @property
    def dbt_project(self) -> Path:
        """The dbt project."""
        return self.root / "dbt_project"

    @property
    def lake(self) -> Path:
        """Canonical Parquet and the delivery register, from which everything is rebuilt."""
        return self.home / "lake"

    @property
    def pattern(self) -> Path:
        """The disclosure pattern: which cell of which disclosure group may be published."""
        return self.home / "disclosure" / "pattern.parquet"

    @property
    def coefficients(self) -> Path:
        """What regression made of the aspects; internal, as small cells are in it."""
        return self.home / "priority" / "coefficients.parquet"

    @property
    def vintages(self) -> Path:
        """What was published of each period and all it rests on; internal.

        It is only added to; forgetting people changes who is in the cells, and no cell.
        """
        return self.home / "vintages"

    @property
    def states(self) -> Path:
        """How it stands with each period in the last run; internal."""
        return self.home / "states"

    @property
    def preview(self) -> Path:
        """What would be published, and what is not yet, shaped like a release; internal."""
        return self.home / "preview"

    @property
    def audit(self) -> Path:
        """What the attack on the last staged release found; internal."""
        return self.home / "disclosure" / "audit"

    def passed(self, check: str) -> Path:
        """Return the file that says what a gate let pass last; internal."""
        return self.audit / "passed" / f"{check}.json"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that dbt writes; disposable, never read by BI."""
        return self.home / "warehouse.duckdb"

    @property
    def engine(self) -> dict[str, str | bool | int | float | list[str]]:
        """How DuckDB is set up for work that grows with the answers."""
        return {
            "memory_limit": f"{self.memory_mb}MiB",
            "temp_directory": f"{self.warehouse}.tmp",
        }

    @property
    def internal(self) -> Path:
        """Run summaries and audits; never published."""
        return self.home / "internal"

    @property
    def data_docs(self) -> Path:
        """Great Expectations' report on the last release; internal."""
        return self.home / "data_docs"

    @property
    def published(self) -> Path:
        """Releases and the link `current`."""
        return self.home / PUBLISHED


def _yes(env: Mapping[str, str], name: str) -> bool:
    """Read yes or no; yes without a value."""
    value = env.get(name) or "yes"
    if value not in ("yes", "no"):
        raise ValueError(f"{name} is {value!r}; give yes or no")
    return value == "yes"


def _refuse_what_is_not_there(env: Mapping[str, str]) -> None:
    """Refuse settings that this version does not know: a user would believe that they work."""
    target = env.get("KTO_TARGET") or TARGET
    if target != TARGET:
        raise ValueError(f"KTO_TARGET is {target!r}; this version knows {TARGET} only: unset it")


def _whole(env: Mapping[str, str], name: str, default: int, lowest: int) -> int:
    """Read a whole number that has no upper bound."""
    given = env.get(name) or str(default)
    if not (given.isascii() and given.isdigit()) or int(given) < lowest:
        raise ValueError(f"{name} is {given!r}; give a whole number, {lowest} or more")
    return int(given)


def _pseudonym_key(landing: Path, env: Mapping[str, str]) -> bytes | None:
    """Return the secret from the environment, or the public one of the demo landing."""
    if key := env.get("KTO_PSEUDONYM_KEY"):
        return key.encode()
    demo = landing / DEMO_KEY_FILE
    return demo.read_bytes().strip() if demo.is_file() else None

"""A browser without a window, for tests that look at pages.

Belongs here: starting it. Does not belong here: what a page must look like.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from demo_home import Demo

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def browse(demo: Demo, scratch: Path, page: Path, *more: str) -> str:
    """Open a page in a browser without a window; the page as it then is."""
    quiet = ("disable-background-networking", "disable-component-update", "disable-sync")
    flags = ("headless", "no-sandbox", "disable-gpu", "no-first-run", *quiet, *more)
    seen = demo.run(
        str(CHROMIUM),
        *(f"--{flag}" for flag in flags),
        f"--user-data-dir={scratch}",
        "--dump-dom",
        page.as_uri(),
    )
    return seen.stdout

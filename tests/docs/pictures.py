"""Take the pictures of the documentation anew, of a home that has the demo; needs Chromium.

python tests/docs/pictures.py var
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from dagster_project.common.settings import PROJECT_ROOT

PICTURES = PROJECT_ROOT / "docs" / "pictures"
SHEET = ("GM0637", "2020")
SIZE = "1000,1180"


def take(page: Path, picture: Path) -> None:
    """Show a page in a browser without a window, and keep what it looks like."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("no Chromium was found; install it first")
    flags = ("headless", "no-sandbox", "disable-gpu", "hide-scrollbars", f"window-size={SIZE}")
    subprocess.run(
        [
            chromium,
            *(f"--{flag}" for flag in flags),
            f"--screenshot={picture}",
            page.as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )


def main(home: Path) -> None:
    """Draw the factsheet that the README shows, and take its picture."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "sheet.html"
        kto = Path(sys.executable).with_name("kto")
        command = [str(kto), "factsheet", *SHEET, "--home", str(home), "--out", str(page)]
        subprocess.run(command, check=True, timeout=120)
        take(page, PICTURES / "factsheet.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())

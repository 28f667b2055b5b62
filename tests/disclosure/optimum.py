"""The cheapest suppression pattern of small tables, by the optimiser of tau-ARGUS (`pytauargus`).

Run as a program of its own in a folder of its own: the optimiser writes raw cells to files and can
take the process down. Reads tables as JSON from standard input, writes the cells it hides besides
the primaries to standard output: per table a list of codes. Exit 3: it cannot be imported.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

METADATA = """<SEPARATOR> ";"
<SAFE> "S"
<UNSAFE> "U"
<PROTECT> "P"
{dimensions}
value
<NUMERIC>
<DECIMALS> 0
cost
<NUMERIC> <COST>
<DECIMALS> 0
lower
<NUMERIC> <LOWERPL>
<DECIMALS> 0
upper
<NUMERIC> <UPPERPL>
<DECIMALS> 0
status
<STATUS>
"""
BATCH = """<OPENTABLEDATA> "{folder}/table.tab"
<OPENMETADATA> "{folder}/table.rda"
<SPECIFYTABLE> {dimensions}|"value"|"value"|"cost"
<SAFETYRULE> MAN(0)
<READTABLE> 1
<SUPPRESS> OPT(1,{minutes})
<WRITETABLE> (1,5,SO+,"{folder}/protected.tab")
"""
MINUTES = 1


def main() -> int:
    """Solve each table in turn."""
    try:
        from pytauargus.engine import Engine  # noqa: PLC0415
    except ImportError:
        return 3
    found = []
    for number, table in enumerate(json.load(sys.stdin)):
        folder = Path.cwd() / str(number)
        folder.mkdir()
        _write(folder, table)
        Engine().run_batch(str(folder / "batch.arb"))
        lines = (folder / "protected.tab").read_text("utf-8").splitlines()
        fields = [[field.strip('"') for field in line.split(";")] for line in lines if line]
        found.append([row[: table["dimensions"]] for row in fields if row[-3] == "M"])
    json.dump(found, sys.stdout)
    return 0


def _write(folder: Path, table: dict[str, object]) -> None:
    names = [f"d{number}" for number in range(int(str(table["dimensions"])))]
    declared = "\n".join(f'{name}\n<RECODEABLE>\n<TOTCODE> "T"' for name in names)
    rows = "".join(";".join(map(str, row)) + "\n" for row in list(table["rows"]))  # type: ignore[call-overload]
    (folder / "table.tab").write_text(rows, "utf-8")
    (folder / "table.rda").write_text(METADATA.format(dimensions=declared), "utf-8")
    quoted = "".join(f'"{name}"' for name in names)
    batch = BATCH.format(folder=folder, dimensions=quoted, minutes=MINUTES)
    (folder / "batch.arb").write_text(batch, "utf-8")


if __name__ == "__main__":
    sys.exit(main())

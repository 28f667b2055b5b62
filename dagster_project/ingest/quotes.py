"""Whether the quotation marks of a CSV file add up.

A lenient parser takes everything after a quotation mark that is never closed as one field, and
loses rows unnoticed; what is done about such a file is in docs/decisions.md. Belongs here: finding
the mark. Does not belong here: cutting fields.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

QUOTE, NEWLINE, RETURN = 34, 10, 13
Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.intp]


@dataclass
class QuoteCheck:
    """Follow the quotation marks through blocks of bytes.

    `broken` becomes true once text follows the closing mark of a field of several lines, which
    happens when an earlier mark was not closed. At the end `inside` says whether a mark is still
    open and `lines` how many line ends came after it.
    """

    delimiter: int
    broken: bool = False
    inside: bool = False
    lines: int = 0
    _last: int = NEWLINE
    _pending: bool = False

    def feed(self, block: bytes) -> None:
        """Take the next block (UTF-8 or Windows-1252: quotation marks are one byte in both)."""
        if self.broken or not block:
            return
        data = np.frombuffer(block, dtype=np.uint8)
        places = np.flatnonzero(data == QUOTE)
        if self._pending:
            self._pending = False
            if int(data[0]) == QUOTE:
                places = places[1:]
            else:
                self._close(int(data[0]))
        if self._is_regular(data, places):
            self._take_regular(data, places)
        else:
            self._walk(data, places)
        self._last = int(data[-1])

    def finish(self) -> None:
        """Say that the file ends here."""
        if self._pending:
            self._pending = self.inside = False

    def _close(self, following: int) -> None:
        self.inside = False
        if following not in (self.delimiter, NEWLINE, RETURN) and self.lines:
            self.broken = True

    def _is_regular(self, data: Bytes, places: Places) -> bool:
        """Every mark opens, closes or doubles where it should; true for all well-made files."""
        if not len(places):
            return True
        if int(places[-1]) == len(data) - 1:
            return False
        opening, closing = places[int(self.inside) :: 2], places[1 - int(self.inside) :: 2]
        # A mark at the end of the block before is pending if it closes; else it is plain text.
        last = 0 if self._last == QUOTE else self._last
        before = np.where(opening > 0, data[opening - 1], last)
        edges = np.array([self.delimiter, NEWLINE, RETURN, QUOTE], dtype=np.uint8)
        return bool(np.isin(before, edges).all() and np.isin(data[closing + 1], edges).all())

    def _take_regular(self, data: Bytes, places: Places) -> None:
        begins = places[int(self.inside) :: 2]
        before = np.concatenate([[-2], places[:-1]])[int(self.inside) :: 2]
        opened = begins[begins - before > 1]
        if len(places) % 2:
            self.inside = not self.inside
        if len(opened):
            self.lines = _lines(data[opened[-1] :])
        else:
            self.lines += _lines(data)

    def _walk(self, data: Bytes, places: Places) -> None:
        """Follow mark by mark; needed only where fields without quotation hold marks."""
        opened = skip = 0
        edges = (self.delimiter, NEWLINE, RETURN)
        for place in places.tolist():
            if place < skip:
                continue
            if not self.inside:
                if (int(data[place - 1]) if place else self._last) in edges:
                    self.inside, opened, self.lines = True, place, 0
                continue
            if place == len(data) - 1:
                self._pending = True
            elif int(data[place + 1]) == QUOTE:
                skip = place + 2
                continue
            self.lines += _lines(data[opened:place])
            opened = place
            if not self._pending:
                self._close(int(data[place + 1]))
            if self.broken:
                return
        if self.inside:
            self.lines += _lines(data[opened:])


def _lines(data: Bytes) -> int:
    return int(np.count_nonzero(data == NEWLINE))

"""Collecting the reasons to refuse a file, so that a sender can mend all of them in one go."""

from __future__ import annotations

from typing import Final

from providers.workbook.content import Cell, Problem, SourceError

MOST_SHOWN: Final = 50
LARGEST: Final = 10**15
"""No figure of a provider has so many digits; it would be a slip of the keyboard or worse."""
LONGEST_TEXT: Final = 120


class Problems:
    """The problems of one file. ``refuse_if_any`` raises at most :data:`MOST_SHOWN` together, and counts the rest."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._found: list[Problem] = []

    def __len__(self) -> int:
        return len(self._found)

    def add(self, message: str, cell: Cell | None = None) -> None:
        self._found.append(Problem(self._file, cell, message))

    def refuse_if_any(self) -> None:
        if not self._found:
            return
        shown = self._found[:MOST_SHOWN]
        if rest := len(self._found) - len(shown):
            more = "Er is nog 1 andere fout" if rest == 1 else f"Er zijn nog {rest} andere fouten"
            shown.append(Problem(self._file, None, f"{more} in dit bestand. Verbeter eerst de fouten hierboven."))
        raise SourceError(shown)

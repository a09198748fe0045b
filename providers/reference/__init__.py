"""The code lists that the portal holds: care office regions."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

REGIONS = Path(__file__).parent / "care_office_regions.csv"


@cache
def region_rows() -> tuple[dict[str, str], ...]:
    """Return the rows of the file: code, name, executor, certainty, same_as, note, source."""
    with REGIONS.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def region_code(code: str) -> str | None:
    """Return the code a region is kept under: the code itself, or the one it doubles; ``None`` if the list lacks it."""
    return next((row["same_as"] or row["code"] for row in region_rows() if row["code"] == code.strip()), None)

"""The care office regions, loaded after every migration from the file that the portal holds."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Any

REGIONS = Path(__file__).parent / "care_office_regions.csv"


@cache
def region_rows() -> tuple[dict[str, str], ...]:
    """Return the rows of the file: code, name, executor, certainty, same_as, note, source."""
    with REGIONS.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def region_code(code: str) -> str | None:
    """Return the code a region is kept under: the code itself, or the one it doubles; ``None`` if the list lacks it."""
    return next((row["same_as"] or row["code"] for row in region_rows() if row["code"] == code.strip()), None)


def load_regions(**_signal: Any) -> None:
    """Store care offices and regions as the file says. Signal handler of ``post_migrate``; safe to repeat."""
    from providers.models import CareOffice, CareOfficeRegion

    for row in region_rows():
        if row["same_as"]:
            continue
        office, _ = CareOffice.objects.get_or_create(name=row["executor"])
        CareOfficeRegion.objects.update_or_create(
            code=row["code"],
            defaults={"name": row["name"], "care_office": office, "note": f"{row['note']} Bron: {row['source']}"},
        )

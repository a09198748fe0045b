"""Care offices and their regions, stored after every migration from the code list that the portal holds."""

from __future__ import annotations

from typing import Any

from providers.models import CareOffice, CareOfficeRegion
from providers.reference import region_rows


def load_regions(**_signal: Any) -> None:
    """Store care offices and regions as the file says. Signal handler of ``post_migrate``; safe to repeat."""
    for row in region_rows():
        if row["same_as"]:
            continue
        office, _ = CareOffice.objects.get_or_create(name=row["executor"])
        CareOfficeRegion.objects.update_or_create(
            code=row["code"],
            defaults={"name": row["name"], "care_office": office, "note": f"{row['note']} Bron: {row['source']}"},
        )

"""What measures and products are called in Dutch."""

from __future__ import annotations

from providers.measures import CATALOGUE

WITH_TREATMENT = "_with_treatment"


def name_of(measure: str) -> str:
    """Return the Dutch name of a measure inside a sentence, or its code if the catalogue does not have it."""
    if measure not in CATALOGUE:
        return measure
    name = CATALOGUE[measure].label
    return name[:1].lower() + name[1:]


def label(output_name: str) -> str:
    """Return a product of the comparison as people say it: ``5_6vv_with_treatment`` → ``5–6VV met behandeling``."""
    for code in (output_name, f"days_{output_name}"):
        if code in CATALOGUE:
            return CATALOGUE[code].label.removeprefix("Dagen ")
    name, treated = output_name.removesuffix(WITH_TREATMENT), output_name.endswith(WITH_TREATMENT)
    if name.endswith("vv"):
        return f"{name.removesuffix('vv').replace('_', '–')}VV {'met' if treated else 'zonder'} behandeling"
    return name.replace("_", " ")

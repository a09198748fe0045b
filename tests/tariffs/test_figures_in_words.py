"""Figures of a decision as the NZa reads them: the percentages of the letter everywhere, and what goes down by its name."""

from __future__ import annotations

from typing import Any

import pytest

from ivportal.pages.interpretation.one import _told
from tariffs.procedure import figures
from tariffs.procedure.figures_in_words import what_falls
from tariffs.procedure.renewals import Renewals

BEFORE: dict[str, Any] = {
    "minimum": "25000000.00", "maximum": "27500000.00", "lower_rate": "0.897449", "upper_rate": "0.966199",
    "products": [{"product": "days_5vv", "lower": "180.00", "upper": "198.00"}],
}  # fmt: skip


def changed(**figures: Any) -> dict[str, Any]:
    return {**BEFORE, **figures}


def plain(text: str) -> str:
    return text.replace("\xa0", " ")


def test_a_percentage_is_rounded_inward_in_the_tables_of_the_nza_as_in_the_letter() -> None:
    rows = {
        row[0]: [plain(cell) for cell in row[1:]]
        for row in figures.compared(changed(upper_rate="0.9701"), BEFORE, "EUR")
    }
    assert rows["Ten hoogste (deel van de maximumtarieven)"] == ["96,61 %", "97,01 %", "0,40 procentpunt"]
    assert rows["Ten minste (deel van de maximumtarieven)"][0] == "89,75 %"
    told = _told({"score": "0.9", "minimum_cost": "1", "maximum_cost": "2", **BEFORE}, "EUR")
    assert [plain(told[f"{end} van de bandbreedte"]) for end in ("Onderkant", "Bovenkant")] == ["89,75 %", "96,61 %"]


@pytest.mark.parametrize(
    ("now", "what"),
    [
        # Costs go up, and the percentage that can be agreed at most goes down all the same: that is what is named.
        ({"upper_rate": "0.960000", "maximum": "27608102.00"}, "het percentage ‘ten hoogste’ van 96,61 % naar 96,00 %"),
        ({"lower_rate": "0.890000"}, "het percentage ‘ten minste’ van 89,75 % naar 89,00 %"),
        ({"maximum": "27000000.00"}, "de maximale kosten"),
        ({"products": [{"product": "days_5vv", "lower": "180.00", "upper": "197.00"}]}, "een hoogste tarief"),
    ],
)
def test_what_goes_down_is_named(now: dict[str, Any], what: str) -> None:
    assert plain(" ".join(what_falls(changed(**now), BEFORE)).strip()) == what


def test_one_is_spoken_of_as_one() -> None:
    assert Renewals(equal=1).sentences("EUR")[0].startswith("1 houdt het besluit: ")
    assert Renewals(equal=2).sentences("EUR")[0].startswith("2 houden hun besluit: ")

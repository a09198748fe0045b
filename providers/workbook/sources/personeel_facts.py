"""What the set "Verpleeghuiszorg Personeelssamenstelling" asks: indicators, their parts, and what we keep of them.

Zorginstituut Nederland, indicator set ISID000160 of the Kwaliteitskader Verpleeghuiszorg. An indicator has a value and
mostly a numerator and a denominator, rounded to whole numbers. The national files have one row per indicator; a wide
table made of them has a column per part, with short Dutch names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

STAFF_SET: Final = "ISID000160"
SAFETY_SET: Final = "ISID000151"

Part = Literal["value", "numerator", "denominator"]
Place = tuple[str, Part]
"""The number of an indicator (``1.5``) and which part of it."""


@dataclass(frozen=True)
class Fact:
    """One measure and the part of an indicator that holds it. A percentage becomes a share of 0 to 1."""

    measure: str
    place: Place
    is_percentage: bool = False


_LEVELS: Final = (
    "level1_share", "level2_share", "level3_share", "level4_share", "level5_share", "level6_share",
    "therapists_share", "other_care_staff_share", "apprentices_share",
)  # fmt: skip

FACTS: Final = (
    Fact("employees", ("1.1", "value")),
    Fact("staff_fte_employed", ("1.2", "value")),
    Fact("temporary_contract_share", ("1.3", "value"), is_percentage=True),
    Fact("hired_staff_fte_share", ("1.4", "value"), is_percentage=True),
    Fact("hired_staff_fte", ("1.4", "numerator")),
    Fact("hired_staff_cost_share", ("1.5", "value"), is_percentage=True),
    Fact("hired_staff_cost", ("1.5", "numerator")),
    Fact("staff_cost_base", ("1.5", "denominator")),
    Fact("mean_contract_fte", ("1.6", "value")),
    *(Fact(measure, (f"2.1.{number}", "value"), is_percentage=True) for number, measure in enumerate(_LEVELS, start=1)),
    Fact("trainees", ("2.2", "value")),
    Fact("volunteers", ("2.3", "value")),
    Fact("absence_rate", ("3.1", "value"), is_percentage=True),
    Fact("absence_frequency", ("3.2", "value")),
    Fact("inflow_share", ("4.1", "value"), is_percentage=True),
    Fact("outflow_share", ("4.2", "value"), is_percentage=True),
    Fact("level_change_share", ("4.3", "value"), is_percentage=True),
    Fact("fte_per_client", ("5.1", "value")),
    Fact("clients", ("5.1", "denominator")),
)

BLOCKS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "Aard van de aanstellingen": ("1.1", "1.2", "1.3", "1.6"),
        "Inzet van personeel niet in loondienst": ("1.4",),
        "Kosten van personeel": ("1.5",),
        "Kwalificatieniveaus": tuple(f"2.1.{number}" for number in range(1, 10)),
        "Stagiairs en vrijwilligers": ("2.2", "2.3"),
        "Ziekteverzuim": ("3.1", "3.2"),
        "In-, door- en uitstroom": ("4.1", "4.2", "4.3"),
        "Cliënten": ("5.1",),
    }
)
"""The parts of the form, and the indicators in them."""

#: Indicator code → number, in the national files of 2019.
CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "INID013486": "1.1",
        **{
            f"INID{13520 + place:06}": number
            for place, number in enumerate(
                ("1.2", "1.3", "1.4", "1.5", "1.6", "", "2.2", "2.3", "3.1", "3.2", "4.1", "4.2", "4.3", "5.1")
            )
            if number
        },
        **{f"INID{13533 + level:06}": f"2.1.{level}" for level in range(1, 10)},
    }
)


def _columns(number: str, value: str, numerator: str, denominator: str) -> dict[str, Place]:
    return {value: (number, "value"), numerator: (number, "numerator"), denominator: (number, "denominator")}


#: Column of the wide table → part of an indicator.
COLUMNS: Final[Mapping[str, Place]] = MappingProxyType(
    {
        "nMedew": ("1.1", "value"),
        "nFTE": ("1.2", "value"),
        **_columns("1.3", "pTijd", "tTijd", "nTijd"),
        **_columns("1.4", "pPnil", "tPnil", "nPnil"),
        **_columns("1.5", "pkPnil", "kPnil", "kVast"),
        **_columns("1.6", "gemContr", "tGemContr", "nGemContr"),
        "niv1": ("2.1.1", "value"),
        "niv2": ("2.1.2", "value"),
        "niv3": ("2.1.3", "value"),
        "niv4": ("2.1.4", "value"),
        "niv5": ("2.1.5", "value"),
        "niv6": ("2.1.6", "value"),
        "beh": ("2.1.7", "value"),
        "ovPers": ("2.1.8", "value"),
        "ll": ("2.1.9", "value"),
        "tNiv1": ("2.1.1", "numerator"),
        "tNiv2": ("2.1.2", "numerator"),
        "tNiv3": ("2.1.3", "numerator"),
        "tNiv4": ("2.1.4", "numerator"),
        "tNiv5": ("2.1.5", "numerator"),
        "tNiv6": ("2.1.6", "numerator"),
        "tBehandel": ("2.1.7", "numerator"),
        "tOvPers": ("2.1.8", "numerator"),
        "tLl": ("2.1.9", "numerator"),
        "noemer": ("2.1", "denominator"),
        "nStag": ("2.2", "value"),
        "nVrijw": ("2.3", "value"),
        **_columns("3.1", "pVerzuim", "tVerzuim", "nVerzuim"),
        **_columns("3.2", "verzuimFreq", "tVerzuimFreq", "nVerzuimFreq"),
        **_columns("4.1", "instroom", "tInstroom", "nInstroom"),
        **_columns("4.2", "uitstroom", "tUitstroom", "nUitstroom"),
        **_columns("4.3", "doorstroom", "tDoorstroom", "nDoorstroom"),
        **_columns("5.1", "FTEpCt", "tFTEpCt", "nClient"),
    }
)
WIDE: Final = ("kvk", "organisatie", "pc", "jaar", *COLUMNS)
LONG: Final = (
    "IndicatorsetCode", "Verslagjaar", "OrganisatieNaam", "KvkNummer", "LocatieNaam", "Vestigingsnummer",
    "LocatiePostcode", "LocatiePlaats", "IndicatorCode", "IndicatorNummer", "IndicatorWaarde", "Teller", "Noemer",
    "Indicator_nvt", "Opmerking",
)  # fmt: skip
PERCENTAGES: Final = frozenset({fact.place[0] for fact in FACTS if fact.is_percentage and fact.place[1] == "value"})

#: Indicator 2 of the safety set: agreements about treatment around the end of life.
ADVANCE_CARE_PLANNING: Final = "INID013309"

"""Small files in the two layouts of the staff figures and in that of the CBS; figures and names are invented."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

#: One home, right in every respect: 50 jobs, 60 residents, € 2.9 million.
RIGHT: Mapping[str, str] = {
    "kvk": "90000001", "organisatie": "De Linde", "pc": "6615AA", "jaar": "2020",
    "nMedew": "80", "nFTE": "50.25", "noemer": "50", "nClient": "60",
    "pTijd": "12.5", "tTijd": "10", "nTijd": "80", "pPnil": "4", "tPnil": "2", "nPnil": "50",
    "pkPnil": "5", "kPnil": "145000", "kVast": "2900000", "gemContr": "0.63", "tGemContr": "50", "nGemContr": "80",
    "instroom": "20", "tInstroom": "16", "nInstroom": "80", "uitstroom": "10", "tUitstroom": "8", "nUitstroom": "80",
    "doorstroom": "5", "tDoorstroom": "4", "nDoorstroom": "80", "nStag": "3", "nVrijw": "40",
    "niv1": "10", "tNiv1": "5", "niv2": "20", "tNiv2": "10", "niv3": "40", "tNiv3": "20", "niv4": "14", "tNiv4": "7",
    "niv5": "6", "tNiv5": "3", "niv6": "0", "tNiv6": "0", "beh": "2", "tBehandel": "1", "ovPers": "4", "tOvPers": "2",
    "ll": "4", "tLl": "2", "FTEpCt": "0.84", "tFTEpCt": "50", "pVerzuim": "7.5", "tVerzuim": "1500",
    "nVerzuim": "20000", "verzuimFreq": "0.9", "tVerzuimFreq": "72", "nVerzuimFreq": "80",
}  # fmt: skip

LONG = (
    "IndicatorsetNaam", "IndicatorsetCode", "Verslagjaar", "OrganisatieNaam", "KvkNummer", "LocatieNaam",
    "Vestigingsnummer", "LocatiePostcode", "LocatieHuisnummer", "LocatiePlaats", "IndicatorCode", "IndicatorNummer",
    "IndicatorNaam", "IndicatorWaarde", "Teller", "Noemer", "Indicator_nvt", "Opmerking",
)  # fmt: skip

Wide = Callable[..., Path]


@pytest.fixture
def wide(tmp_path: Path) -> Wide:
    """Write the wide table: one row per set of changes to the right one."""

    def make(
        *changes: Mapping[str, str], name: str = "ps.csv", without: Sequence[str] = (), delimiter: str = ","
    ) -> Path:
        path = tmp_path / name
        columns = [column for column in RIGHT if column not in without]
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore", delimiter=delimiter)
            writer.writeheader()
            writer.writerows({**RIGHT, **change} for change in changes)
        return path

    return make


def staff_row(number: str, code: str, value: str, above: str = "", below: str = "", **more: str) -> dict[str, str]:
    return {
        "IndicatorsetNaam": "Verpleeghuiszorg Personeelssamenstelling", "IndicatorsetCode": "ISID000160",
        "Verslagjaar": "2019", "OrganisatieNaam": "De Es", "KvkNummer": "1234567",
        "LocatieNaam": "Concernniveau: De Es", "Vestigingsnummer": "3", "LocatiePostcode": "6615AA",
        "LocatiePlaats": "LEUR", "IndicatorCode": code, "IndicatorNummer": number, "IndicatorWaarde": value,
        "Teller": above, "Noemer": below, "Indicator_nvt": "0", **more,
    }  # fmt: skip


def safety_row(unit: str, postcode: str, value: str, above: str, below: str, **more: str) -> dict[str, str]:
    row = staff_row("2", "INID013309", value, above, below, **more)
    return {
        **row, "IndicatorsetNaam": "Verpleeghuiszorg Basisveiligheid", "IndicatorsetCode": "ISID000151",
        "LocatieNaam": unit, "LocatiePostcode": postcode, **more,
    }  # fmt: skip


@pytest.fixture
def long(tmp_path: Path) -> Callable[..., Path]:
    """Write the long layout."""

    def make(*rows: Mapping[str, str]) -> Path:
        path = tmp_path / "aanlevering.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, LONG, restval="")
            writer.writeheader()
            writer.writerows(rows)
        return path

    return make


@pytest.fixture
def areas(tmp_path: Path) -> Path:
    """Three postcode areas; of one, the CBS keeps the inhabitants to itself."""
    path = tmp_path / "pc4.csv"
    path.write_text(
        "pc4,inwoner,man,inw_65pl,oad,sted\n6615,4000,2000,1000,400,5\n1011,9705,5065,1780,7039,1\n2222,,,-99997,1200,3\n",
        encoding="utf-8",
    )
    return path

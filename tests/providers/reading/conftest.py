"""The good workbooks that the tests of this folder read and spoil."""

from __future__ import annotations

from pathlib import Path

import pytest

from providers.fictitious import Population, generate, write
from providers.workbook.content import ReadRound
from providers.workbook.sources import somed
from tests.providers.reading.workbooks import SWISS_FILES, few_homes

SEED = 7


@pytest.fixture(scope="session")
def swiss_files() -> dict[int, Path]:
    missing = [path.name for path in SWISS_FILES.values() if not path.exists()]
    if missing:
        pytest.skip(f"the published Swiss workbooks are not beside the project: {', '.join(missing)}")
    return SWISS_FILES


@pytest.fixture(scope="session")
def swiss_rounds(swiss_files: dict[int, Path]) -> dict[int, ReadRound]:
    # The later year first: the order of the files must not matter.
    return {item.book_year: item for item in somed.read([swiss_files[2019], swiss_files[2018]])}


@pytest.fixture(scope="session")
def five_homes(swiss_files: dict[int, Path]) -> bytes:
    return few_homes(2019)


@pytest.fixture(scope="session")
def small_population() -> Population:
    return generate(SEED, providers=60)


@pytest.fixture(scope="session")
def small_files(small_population: Population, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Workbooks of 2023 and 2024 and the tariff table."""
    return write(small_population, tmp_path_factory.mktemp("fictitious"))

"""Each hostile, broken or mistaken file is refused in words that help, or read rightly; none breaks the reader."""

from __future__ import annotations

import contextlib
import io
import re
import resource
import time
import zipfile
from random import Random

import pytest

from providers.checks import rule
from providers.workbook.content import SourceError
from providers.workbook.form import ClientDataError, read
from tests.providers.form.forms import FORM, VALUES
from tests.providers.form.hostile import READ, cases, good, unreadable
from tests.providers.form.hostile_delimited import good_csv
from tests.providers.form.spoiling import citizen_numbers, part, with_part

CASES = cases(FORM)
UNREADABLE = unreadable(FORM)
_ENGLISH_OR_INSIDE = re.compile(
    r"Traceback|Error\b|Exception|None\b|(?<!\w)/\w+/\w+|site-packages|\.py\b|openpyxl|zipfile|\b(?:the|invalid|failed)\b"
)
_MENDS = re.compile(
    r"\b(?:Open|Kies|Haal|Kopieer|Sla|Gebruik|Download|Vul|Zet|Maak|Neem|Verwijder|Verbreek|Vervang|Lever|Controleer|Verbeter|Kort|laat)"
)


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_file_is_refused_in_words_that_help_or_read_rightly(name: str) -> None:
    content, words = CASES[name]
    started = time.monotonic()
    try:
        form = read(content, file_name=name, form=FORM)
    except SourceError as refusal:
        told = str(refusal)
        assert words != READ, told
        assert re.search(words, told, re.DOTALL), told
        assert not _ENGLISH_OR_INSIDE.search(told), told
        for problem in refusal.problems:
            assert problem.file == name
            assert _MENDS.search(problem.message), problem.message
            assert problem.message.endswith("."), problem.message
    else:
        assert words == READ or "gelezen" in words, "read, though it should have been refused"
        assert {value.measure: value.value for value in form.values if value.value is not None} == VALUES
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_cell_that_says_no_figure_is_told_and_the_others_count(name: str) -> None:
    content, code, words = UNREADABLE[name]
    form = read(content, file_name=name, form=FORM)
    left = {measure: value for measure, value in VALUES.items() if measure != code}
    assert {value.measure: value.value for value in form.values if value.value is not None} == left
    (finding,) = [finding for finding in form.findings if finding.measure]
    assert (finding.rule, finding.measure) == ("IV-L-010", code)
    assert finding.cell == next(value.cell for value in form.values if value.measure == code)
    told = rule(finding.rule).message.format_map(finding.details)
    assert re.search(words, told), told
    assert str(finding.cell.row) in told
    assert not _ENGLISH_OR_INSIDE.search(told), told
    assert _MENDS.search(told), told


def test_a_file_with_more_wrong_than_right_is_refused_as_a_whole() -> None:
    rows = good_csv(FORM).decode("utf-8-sig").splitlines()
    asked = set(FORM.measures)
    cells = [row.split(";") for row in rows]
    for row in cells:
        if row[0] in asked and row[3]:
            row[3] = f"circa {row[3]}"
    with pytest.raises(SourceError, match="dit is") as refusal:
        read("\r\n".join(";".join(row) for row in cells).encode(), file_name="x.csv", form=FORM)
    assert len(refusal.value.problems) == len(VALUES)


def test_there_are_many_of_them() -> None:
    assert len(CASES) + len(UNREADABLE) >= 40


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith(("bsn", "geboorte", "namen"))])
def test_the_refusal_of_client_data_repeats_none_of_them(name: str) -> None:
    with pytest.raises(ClientDataError) as refusal:
        read(CASES[name][0], file_name=name, form=FORM)
    told = str(refusal.value)
    assert "AVG" in told
    assert "artikel 65 Wmg" in told
    digits = re.sub("[^0-9]", "", told)
    for number in (*citizen_numbers(15), *citizen_numbers(12, digits=8)):
        assert str(number) not in digits


@pytest.mark.parametrize("seed", range(6))
def test_damage_anywhere_in_a_file_is_a_refusal_or_read_and_never_a_crash(seed: int) -> None:
    random = Random(seed)
    workbook, delimited = good(FORM), good_csv(FORM)
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        names = archive.namelist()
    for _ in range(4):
        name = random.choice(names)
        for damaged in (
            _damaged(workbook, random),
            with_part(workbook, name, _damaged(part(workbook, name), random)),
            _damaged(delimited, random),
        ):
            with contextlib.suppress(SourceError):
                read(damaged, file_name="stuk", form=FORM)


def _damaged(content: bytes, random: Random) -> bytes:
    data = bytearray(content)
    for _ in range(random.randrange(1, 5)):
        at = random.randrange(len(data))
        match random.randrange(3):
            case 0:
                data[at] = random.randrange(256)
            case 1 if len(data) > 100:
                del data[at : at + random.randrange(1, 40)]
            case _:
                data[at:at] = data[random.randrange(len(data)) :][: random.randrange(1, 60)]
    return bytes(data)


def test_the_memory_of_the_reading_process_stays_flat() -> None:
    """The parent holds bytes and plain cells; what a bomb unpacks to is the child's, which is thrown away."""
    names = [name for name in CASES if "bom" in name or "te-veel" in name or "miljoen" in name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name in names:
        with pytest.raises(SourceError):
            read(CASES[name][0], file_name=name, form=FORM)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000

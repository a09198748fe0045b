"""Thousandths of a euro or a day are nobody's meaning: a number that would be read so is left out and told."""

from __future__ import annotations

import re

import pytest

from providers.workbook.form import Line, read, write_csv
from tests.providers.form.forms import FORM, LOCATIONS, ORGANISATION, VALUES

#: Enough other amounts in one notation that there is no doubt about it.
SETTLED = ("treatment", "other_costs", "housing_nhc", "inventory_nic")


def _file(*, settled: str, **typed: str) -> bytes:
    """Return the form as CSV with some amounts typed otherwise."""
    lines = [Line(code, VALUES.get(code), None) for code in FORM.measures]
    rows = write_csv(FORM, lines, ORGANISATION, LOCATIONS).decode("utf-8-sig").split("\r\n")
    changed = {**dict.fromkeys(SETTLED, settled), **typed}
    cells = [row.split(";") for row in rows]
    for row in cells:
        if row[0] in changed:
            row[3] = changed[row[0]]
    return "\r\n".join(";".join(row) for row in cells).encode("utf-8-sig")


@pytest.mark.parametrize(
    ("settled", "code", "written"),
    [("12,5", "overhead", "1,580"), ("12.5", "overhead", "219.761"), ("12.5", "days_4vv", "1.580")],
)
def test_thousandths_of_a_euro_or_a_day_are_not_read(settled: str, code: str, written: str) -> None:
    form = read(_file(settled=settled, **{code: written}), file_name="cijfers.csv", form=FORM)
    assert next(value.value for value in form.values if value.measure == code) is None
    (finding,) = [finding for finding in form.findings if finding.rule == "IV-L-010"]
    assert finding.measure == code
    assert re.search("kan .* betekenen", finding.details["problem"])

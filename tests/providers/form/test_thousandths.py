"""Thousandths of a euro or a day are nobody's meaning: a number that would be read so is refused."""

from __future__ import annotations

import pytest

from providers.workbook.content import SourceError
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


@pytest.mark.parametrize(("settled", "written"), [("12,5", "1,580"), ("12.5", "219.761")])
def test_an_amount_in_thousandths_of_a_euro_is_refused(settled: str, written: str) -> None:
    with pytest.raises(SourceError, match=r"kan .* betekenen"):
        read(_file(settled=settled, overhead=written), file_name="cijfers.csv", form=FORM)


def test_a_part_of_a_day_in_thousandths_is_refused() -> None:
    with pytest.raises(SourceError, match=r"kan .* betekenen"):
        read(_file(settled="12.5", days_4vv="1.580"), file_name="cijfers.csv", form=FORM)

"""What stands in a saved state: what differs between two, and what was noticed in the files that they came from."""

from __future__ import annotations

from decimal import Decimal

from providers.contents import Contents, Figure, Noticed, difference
from providers.workbook.content import Cell


def test_a_cell_that_nobody_could_read_stays_one_until_there_is_a_figure_or_somebody_says_that_there_is_none() -> None:
    written = Noticed("IV-L-010", Cell("Organisatie", 5, "C"), "places", {"written": "ongeveer 80"})
    unread = Contents(figures={"places": Figure()}, noticed=(written,))
    empty = Contents(figures={"places": Figure()})
    assert difference(unread, empty) == {}
    assert difference(unread, Contents(figures={"places": Figure(value=Decimal(80))})) == {
        "figure:places": Decimal(80),
        "unread:places": None,
    }
    assert unread.with_parts({"figure:overhead": Decimal(1)}, by=empty).noticed == (written,)
    assert unread.with_parts({"unread:places": None}).noticed == ()


def test_what_was_noticed_in_a_file_ends_with_the_file_that_comes_after_it() -> None:
    cell = Cell("Organisatie", 5, "C")
    first = Contents(
        figures={"places": Figure(value=Decimal(80))},
        noticed=(Noticed("IV-L-005", cell, "places", {}), Noticed("IV-L-001", cell, "", {})),
    )
    second = Contents(figures={"places": Figure(value=Decimal(80))}, noticed=(Noticed("IV-L-004", cell, "", {}),))
    assert first.with_parts({}, by=second).noticed == second.noticed
    assert first.with_parts({"remarks": "Dag."}).noticed == first.noticed

"""Staff figures come into the database as rounds, once."""

from __future__ import annotations

import pytest

from providers.models import Finding, Location, MeasuredValue, Provider, Round
from providers.rounds import import_files
from tests.providers.sources.conftest import Wide

pytestmark = pytest.mark.usefixtures("db")


def test_two_years_come_in_once_with_what_the_checks_find(wide: Wide) -> None:
    path = wide({"jaar": "2019", "kvk": "1234567"}, {"kvk": "1234567", "nClient": "130"}, {"organisatie": "De Beuk"})
    first = import_files(source_name="personeel", paths=[path], actor=None)
    assert [(item.round.slug, item.delivered, item.new_versions) for item in first] == [
        ("personeel-2019", 1, 1),
        ("personeel-2020", 2, 2),
    ]
    assert Round.objects.get(slug="personeel-2020").template_version == "zin-personeel"
    assert set(Provider.objects.values_list("key", "name")) == {("01234567", "De Linde"), ("90000001", "De Beuk")}
    assert Location.objects.filter(postcode="6615 AA").count() == 2
    (jump,) = Finding.objects.filter(rule="ZIN-J-001")
    assert jump.message == "Cliënten: 130. In 2019 waren het er 60."
    assert (jump.sheet, jump.row, jump.column) == ("", 3, "H")
    before = MeasuredValue.objects.count()

    again = import_files(source_name="personeel", paths=[path], actor=None)
    assert [(item.new_versions, item.unchanged) for item in again] == [(0, 1), (0, 2)]
    assert MeasuredValue.objects.count() == before

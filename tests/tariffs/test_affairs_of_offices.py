"""What a care office agrees, notes and sets is its own affair and that of the provider; nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from providers import api_keys
from providers.access import scope
from providers.refusal import Refused
from tariffs import agreements, standings
from tariffs.models import AgreedTariff, CareOfficeNote, GuidePercentage, Standing, TariffAgreement
from tariffs.room import Terms
from tests.delivering import acting
from tests.plain_sql import query, refused
from tests.storing import stored
from tests.tariffs.offices import ANKER, LINDE, ZWALUW, Offices, agree, at_end, build_offices, inside, released


@pytest.fixture(scope="module")
def stored_offices(django_db_setup: None, django_db_blocker: Any) -> Iterator[Offices]:
    """Store the world in a transaction around all tests of this module."""
    with stored(django_db_blocker):
        yield build_offices()


@pytest.fixture
def offices(stored_offices: Offices, db: None) -> Offices:
    """Give the world; what a test does to it is undone."""
    return stored_offices


# ── whose affair ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_provider_in_two_regions_has_one_bandwidth_and_an_agreement_with_each(offices: Offices) -> None:
    standing = offices.standing(ZWALUW)
    north = agree(offices, inside(standing, "0.3"), key=ZWALUW)
    south = agree(offices, inside(standing, "0.6"), key=ZWALUW, actor=offices.eva)
    assert (north.number, south.number) == (1, 1)
    assert north.standing_id == south.standing_id
    for actor, own in ((offices.karim, north), (offices.eva, south)):
        with scope(actor.database_scope):
            assert list(TariffAgreement.objects.all()) == [own], "the database itself shows no other office's agreement"
            assert agreements.newest_of(actor, 2025) == {own.provider_id: own}


def test_nobody_agrees_with_a_provider_outside_its_regions(offices: Offices) -> None:
    anker = offices.standing(ANKER)
    for wrong in (offices.karim, acting(offices.cast.anne), acting(offices.cast.noor)):
        with pytest.raises(Refused):
            agree(offices, inside(anker), key=ANKER, actor=wrong)
    with scope(offices.karim.database_scope), pytest.raises(Refused):
        agreements.write_note(provider=offices.provider(ANKER), tariff_year=2025, text="x", actor=offices.karim)
    assert not TariffAgreement.objects.exists()
    assert not CareOfficeNote.objects.exists()


def test_notes_and_guide_percentages_are_for_the_own_office_alone_and_agreements_for_both_parties(
    offices: Offices,
) -> None:
    zwaluw = offices.provider(ZWALUW)
    with scope(offices.karim.database_scope):
        # Without the signs that nobody sees: a control, and marks that turn the direction of reading.
        guide = agreements.set_guide(
            tariff_year=2025, share=Decimal("0.955"), source="Inkoop\u202e\u2066beleid\x07\x1b", actor=offices.karim
        )
        note = agreements.write_note(
            provider=zwaluw, tariff_year=2025, text="Wil\x00later\u200b pra\u202eten.\x1b", actor=offices.karim
        )
        assert (guide.source, note and note.text) == ("Inkoopbeleid", "Wil later praten.")
    made = agree(offices, inside(offices.standing(ZWALUW)), key=ZWALUW)
    linde = agree(offices, Terms(amounts=at_end(offices.standing(), "upper")[1]))
    anne, bram = acting(offices.cast.anne), acting(offices.cast.bram)
    seen = {}
    for name, actor in {"karim": offices.karim, "eva": offices.eva, "anne": anne, "bram": bram}.items():
        with scope(actor.database_scope):
            counts = [
                query(f"SELECT count(*) FROM tariffs_{table}")[0][0] for table in ("guidepercentage", "careofficenote")
            ]
            assert counts == [
                GuidePercentage.objects.visible_to(actor).count(),
                CareOfficeNote.objects.visible_to(actor).count(),
            ]
            per_product = AgreedTariff.objects.visible_to(actor).count()
            assert query("SELECT count(*) FROM tariffs_agreedtariff") == [(per_product,)]
            assert per_product == (2 if name in ("karim", "anne") else 0)
            seen[name] = (*counts, set(TariffAgreement.objects.visible_to(actor)), set(TariffAgreement.objects.all()))
    assert seen == {
        "karim": (1, 1, {made, linde}, {made, linde}),
        "eva": (0, 0, set(), set()),
        "anne": (0, 0, {linde}, {linde}),
        "bram": (0, 0, set(), set()),
    }
    with scope(anne.database_scope):
        told = [(one.care_office, agreements.terms_of(one)) for one in agreements.of_provider(anne)]
        assert told == [(offices.cast.north, Terms(amounts=at_end(offices.standing(), "upper")[1]))]


def test_plain_sql_writes_no_agreement_for_another_office_about_another_region_or_in_another_name(
    offices: Offices,
) -> None:
    made = agree(offices, inside(offices.standing()))
    theirs = agree(offices, inside(offices.standing(ANKER)), key=ANKER, actor=offices.eva)

    def copied(**changes: Any) -> str:
        row = {"id": 0, "uuid": "gen_random_uuid()", "number": 2, **changes}
        names = ", ".join(field.column for field in TariffAgreement._meta.fields)
        values = ", ".join(str(row.get(field.column, field.column)) for field in TariffAgreement._meta.fields)
        return f"INSERT INTO tariffs_tariffagreement ({names}) SELECT {values} FROM tariffs_tariffagreement WHERE id = {made.pk}"

    anker, other = offices.standing(ANKER), offices.cast.south.pk
    attacks = [
        copied(care_office_id=other),
        copied(provider_id=anker.provider_id, standing_id=anker.pk),
        copied(provider_id=offices.provider(ZWALUW).pk),
        copied(tariff_year=2024),
        copied(registered_by_id=offices.cast.eva.pk),
        f"INSERT INTO tariffs_agreedtariff (agreement_id, product, amount) VALUES ({theirs.pk}, 'days_5vv', 200)",
        f"UPDATE tariffs_tariffagreement SET rate = 0.9 WHERE id = {made.pk}",
        f"DELETE FROM tariffs_tariffagreement WHERE id = {made.pk}",
    ]
    with scope(offices.karim.database_scope):
        assert refused(copied()) is None
        for sql in attacks:
            if refused(sql) is None:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(sql)
                    assert cursor.rowcount == 0, sql


def test_nothing_tells_a_care_office_of_results_that_are_not_for_care_offices(offices: Offices) -> None:
    karim = offices.karim

    def told() -> list[Any]:
        with scope(karim.database_scope):
            return [
                list(standings.newest(karim).values_list("pk", flat=True).order_by("pk")),
                *(query(f"SELECT count(*) FROM tariffs_{table}") for table in ("standing", "release", "bandwidth")),
            ]

    before, visible = told(), offices.standing()
    hidden = released(book_year=2022, for_care_offices=False)
    offices.moved(status="decided", for_care_offices=False)
    assert Standing.objects.filter(round=hidden).count() == 4
    assert told() == before
    assert before[3] == [(0,)]
    with scope(karim.database_scope), pytest.raises(Refused):
        agreements.write_note(provider=offices.cast.linde, tariff_year=2023, text="x", actor=karim)
    assert agree(offices, inside(visible), seen=visible.uuid).standing == visible, (
        "what it may know is what holds for it"
    )


# ── guide percentages and notes ───────────────────────────────────────────────────────────────────────────────────────


def test_the_newest_guide_percentage_and_note_count_and_the_same_again_is_nothing_new(offices: Offices) -> None:
    karim, linde = offices.karim, offices.provider(LINDE)
    with scope(karim.database_scope):
        for share in ("0.95", "0.95", "0.9625"):
            agreements.set_guide(tariff_year=2025, share=Decimal(share), source="Beleid", actor=karim)
        for text in ("Eerst bellen.", " Eerst bellen. ", "Gebeld.\r\nKomt terug."):
            agreements.write_note(provider=linde, tariff_year=2025, text=text, actor=karim)
        guide = agreements.guide_of(karim, 2025)
        assert guide is not None
        assert guide.share == Decimal("0.9625")
        assert agreements.guide_of(karim, 2024) is None
        assert agreements.notes_of(karim, 2025)[linde.pk].text == "Gebeld.\nKomt terug."
        agreements.write_note(provider=linde, tariff_year=2025, text="", actor=karim)
        assert agreements.notes_of(karim, 2025) == {}
    assert GuidePercentage.objects.count() == 2
    assert CareOfficeNote.objects.count() == 3


@pytest.mark.parametrize("share", ["0", "-0.9", "1.0001", "95.5", "0.95555", "NaN", "Infinity", "1e30"])
def test_a_guide_percentage_that_cannot_be_is_refused(offices: Offices, share: str) -> None:
    with scope(offices.karim.database_scope), pytest.raises(Refused):
        agreements.set_guide(tariff_year=2025, share=Decimal(share), source="", actor=offices.karim)


@pytest.mark.parametrize("year", [9, 2023, 2026, 9999])
def test_nothing_is_written_about_a_year_without_bandwidths(offices: Offices, year: int) -> None:
    with scope(offices.karim.database_scope):
        with pytest.raises(Refused, match=f"Voor {year} ziet u nog geen bandbreedtes"):
            agreements.set_guide(tariff_year=year, share=Decimal("0.9"), source="", actor=offices.karim)
        with pytest.raises(Refused, match="in dit jaar geen bandbreedte"):
            agreements.write_note(provider=offices.cast.linde, tariff_year=year, text="x", actor=offices.karim)


def test_who_works_for_an_office_makes_and_ends_keys_of_her_own_and_no_others(offices: Offices) -> None:
    """A system of the care office reads with such a key; the database lets her write no other."""
    until = timezone.now() + timedelta(days=30)
    eva_s, _ = api_keys.make(name="Inkoop", valid_until=until, actor=offices.eva)
    row = "gen_random_uuid(), 'x', 'iv_x', repeat('0', 64), now(), now() + interval '9 days'"
    theirs = f"INSERT INTO providers_apikey (uuid, name, start, sha256, created_at, valid_until, mandate_id) VALUES ({row}, {{}})"
    karim = offices.karim
    with scope(karim.database_scope):
        made, _ = api_keys.make(name="Inkoop", valid_until=until, actor=karim)
        assert refused(theirs.format(karim.mandate.pk)) is None
        for other in (offices.eva, acting(offices.cast.anne)):
            assert refused(theirs.format(other.mandate.pk)) is not None
        assert refused(f"UPDATE providers_apikey SET valid_until = now() WHERE id = {eva_s.pk}") is not None
        assert (
            refused(f"UPDATE providers_apikey SET valid_until = now() + interval '900 days' WHERE id = {made.pk}")
            is not None
        )
        api_keys.end(key=made, actor=karim)
    made.refresh_from_db()
    assert made.valid_until <= timezone.now()

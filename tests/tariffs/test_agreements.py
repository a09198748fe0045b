"""What a care office agrees: inside the bandwidth, once, about what holds now; and nobody else's affair."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from providers import api_keys
from providers.access import Actor, scope
from providers.models import Act, AuditRecord
from providers.refusal import Refused
from tariffs import agreements, standings
from tariffs.agreements import AgreedMeanwhile, Fit, Outside, StandingMoved
from tariffs.models import (
    AgreedTariff,
    CareOfficeNote,
    GuidePercentage,
    OutsideBandwidth,
    ReportStatus,
    Standing,
    TariffAgreement,
)
from tariffs.policies import set_policy
from tariffs.room import Terms, guide_place, room_of
from tests.delivering import acting
from tests.plain_sql import query, refused
from tests.storing import stored
from tests.tariffs.offices import ZWALUW, Offices, build_offices, released

LINDE, ANKER = "99900001", "99900002"
HUNDREDTH, CENT = Decimal("0.0001"), Decimal("0.01")


@pytest.fixture(scope="module")
def stored_offices(django_db_setup: None, django_db_blocker: Any) -> Iterator[Offices]:
    """Store the world in a transaction around all tests of this module."""
    with stored(django_db_blocker):
        yield build_offices()


@pytest.fixture
def offices(stored_offices: Offices, db: None) -> Offices:
    """Give the world; what a test does to it is undone."""
    return stored_offices


def agree(
    offices: Offices, terms: Terms, *, key: str = LINDE, actor: Actor | None = None, **said: Any
) -> TariffAgreement:
    """Register an agreement as a page does: in the scope of who acts, about what holds now unless said otherwise."""
    actor = actor or offices.karim
    provider = offices.provider(key)
    facts = {
        "seen": offices.standing(key).uuid,
        "after": TariffAgreement.objects.filter(provider=provider, care_office=actor.care_office_id).count(),
        "agreed_on": timezone.localdate(),
        **said,
    }
    with scope(actor.database_scope):
        return agreements.register(provider=provider, round=offices.round, terms=terms, actor=actor, **facts)


def inside(standing: Standing, part: str = "0.5") -> Terms:
    """Return a rate at a part of the way up the bandwidth, in whole hundredths of a percent."""
    assert standing.lower_rate is not None
    assert standing.upper_rate is not None
    rate = standing.lower_rate + Decimal(part) * (standing.upper_rate - standing.lower_rate)
    return Terms(rate=rate.quantize(HUNDREDTH))


def at_end(standing: Standing, end: str) -> tuple[Decimal, dict[str, Decimal]]:
    """Return the outermost rate in hundredths of a percent and the amounts at one end, counted in whole numbers."""
    rate = getattr(standing, f"{end}_rate")
    hundredths, rest = divmod(int(rate * 10**9), 10**5)
    shown = hundredths + (1 if end == "lower" and rest else 0)
    return Decimal(shown).scaleb(-4), {one["product"]: Decimal(one[end]) for one in standing.products}


# ── between the ends ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("end", "out"), [("lower", -1), ("upper", 1)])
def test_what_is_shown_as_the_end_is_accepted_and_one_step_further_is_refused_with_the_rule(
    offices: Offices, end: str, out: int
) -> None:
    """As a rate and as amounts; the sentence names the nearest that is allowed."""
    rate, amounts = at_end(offices.standing(), end)
    agree(offices, Terms(rate=rate))
    made = agree(offices, Terms(amounts=amounts))
    assert made.number == 2
    assert {one.product: one.amount for one in made.tariffs.all()} == amounts
    with pytest.raises(Outside, match="tussen het minimum en het maximum") as no:
        agree(offices, Terms(rate=rate + out * HUNDREDTH))
    assert f"kunt afspreken is {rate * 100:.2f}".replace(".", ",") in str(no.value)
    assert "minimum" in str(no.value) if end == "lower" else "maximum van de bandbreedte" in str(no.value)
    wrong = amounts | {"days_6vv": amounts["days_6vv"] + out * CENT}
    with pytest.raises(Outside, match="6VV") as no:
        agree(offices, Terms(amounts=wrong))
    assert f"{amounts['days_6vv']}".replace(".", ",") in str(no.value)
    assert not no.value.asks_reason
    assert TariffAgreement.objects.count() == 2


@given(
    lower=st.decimals("0.2", "1", places=9),
    width=st.decimals("0", "0.3", places=9),
    tariff=st.decimals("20", "900", places=2),
    part=st.decimals("0", "1", places=3),
)
def test_every_rate_that_the_room_allows_lies_in_the_bandwidth(
    lower: Decimal, width: Decimal, tariff: Decimal, part: Decimal
) -> None:
    """Rounded inward, never crossed; and what it comes to per product lies between the tariffs of that product."""
    upper = min(lower + width, Decimal(1))
    cents = [-(-lower * tariff * 100 // 1), upper * tariff * 100 // 1]
    ends = [min(cents), cents[1]]
    facts = {"product": "p", "maximum_tariff": str(tariff), "lower": str(ends[0] / 100), "upper": str(ends[1] / 100)}
    room = room_of(lower=lower, upper=upper, cap=Decimal(1), products=[facts])
    assert room.rate.lower <= room.rate.upper <= min(upper, Decimal(1))
    assert room.rate.lower >= lower or room.rate.lower == room.rate.upper
    assert room.rate.lower - lower < HUNDREDTH
    assert upper - room.rate.upper < HUNDREDTH
    chosen = room.rate.lower + (part * (room.rate.upper - room.rate.lower)).quantize(HUNDREDTH)
    assert ends[0] / 100 <= room.tariff_at("p", min(chosen, room.rate.upper)) <= ends[1] / 100


def test_nothing_above_the_national_maximum_is_ever_registered(offices: Offices) -> None:
    """Not even where the policy lets an agreement outside the bandwidth be recorded."""
    set_policy(round=offices.round, actor=None, agreements_outside=OutsideBandwidth.RECORDED)
    reason = "De aanbieder bouwt een nieuwe locatie."
    for terms in (
        Terms(rate=Decimal("1.0001")),
        Terms(amounts={"days_5vv": Decimal("251.44"), "days_6vv": Decimal("230.00")}),
    ):
        with pytest.raises(Outside, match="landelijke maximumtarief") as no:
            agree(offices, terms, reason=reason)
        assert not no.value.asks_reason
    made = agree(offices, Terms(rate=Decimal(1)), reason=reason)
    assert made.is_outside
    assert made.reason == reason


def test_outside_the_bandwidth_is_recorded_only_with_a_reason_and_only_if_the_policy_says_so(offices: Offices) -> None:
    rate, _ = at_end(offices.standing(), "lower")
    below = Terms(rate=rate - HUNDREDTH)
    with pytest.raises(Outside):
        agree(offices, below, reason="De aanbieder begint dit jaar pas.")
    set_policy(round=offices.round, actor=None, agreements_outside=OutsideBandwidth.RECORDED)
    for said in ("", "nieuw", "................"):
        with pytest.raises(Outside, match="met een reden") as no:
            agree(offices, below, reason=said)
        assert no.value.asks_reason
    first = agree(offices, below, reason="De aanbieder begint dit jaar pas.")
    assert first.is_outside
    assert agree(offices, below, reason="De aanbieder begint dit jaar pas.") == first
    assert agree(offices, below, reason="De aanbieder begint volgend jaar.").number == 2, (
        "another reason is another record"
    )
    assert not agree(offices, inside(offices.standing()), reason="Niet nodig, maar toch ingevuld.").reason


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (Terms(), "Vul één percentage in"),
        (Terms(rate=Decimal("0.8"), amounts={"days_5vv": Decimal(200)}), "Vul één percentage in"),
        (Terms(rate=Decimal("0.81234")), "twee decimalen"),
        (Terms(rate=Decimal("-0.8")), "meer dan 0"),
        (Terms(amounts={"days_5vv": Decimal(200)}), "ontbreekt: 6VV"),
        (Terms(amounts={"days_5vv": Decimal(200), "days_6vv": Decimal(0)}), "hele centen"),
        (Terms(amounts={"days_5vv": Decimal("200.001"), "days_6vv": Decimal(230)}), "hele centen"),
        *(
            (terms, "gewoon getal")
            for odd in ("NaN", "Infinity", "-Infinity", "1e30", "-1e30")
            for terms in (Terms(rate=Decimal(odd)), Terms(amounts={"days_5vv": Decimal(200), "days_6vv": Decimal(odd)}))
        ),
    ],
)
def test_what_is_no_agreement_is_refused_in_words(offices: Offices, terms: Terms, said: str) -> None:
    with pytest.raises(Refused, match=said):
        agree(offices, terms)


def test_an_agreement_of_tomorrow_or_of_a_mistyped_year_is_refused(offices: Offices) -> None:
    with pytest.raises(Refused, match="toekomst"):
        agree(offices, inside(offices.standing()), agreed_on=timezone.localdate() + timedelta(days=1))
    with pytest.raises(Refused, match="jaartal"):
        agree(offices, inside(offices.standing()), agreed_on=date(225, 1, 1))


# ── what holds ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", ReportStatus)
def test_only_a_valid_bandwidth_allows_an_agreement(offices: Offices, status: ReportStatus) -> None:
    moved = offices.moved(status=status)
    if status in ("simulation", "provisional"):
        with pytest.raises(Refused, match="nog geen geldige bandbreedte"):
            agree(offices, inside(moved))
    else:
        assert agree(offices, inside(moved)).standing == moved


def test_a_bandwidth_that_changed_since_the_page_was_opened_is_asked_again(offices: Offices) -> None:
    seen = offices.standing()
    now = offices.moved(by=Decimal("-0.04"))
    with pytest.raises(StandingMoved) as asked:
        agree(offices, inside(seen), seen=seen.uuid)
    assert asked.value.seen == seen
    assert asked.value.now == now
    assert not TariffAgreement.objects.exists()


def test_registered_twice_is_once_and_a_new_one_replaces_the_old_which_is_kept(offices: Offices) -> None:
    terms = inside(offices.standing())
    first = agree(offices, terms)
    assert agree(offices, terms, after=0) == first
    assert agree(offices, terms) == first
    second = agree(offices, inside(offices.standing(), "0.7"))
    assert (first.number, second.number) == (1, 2)
    with scope(offices.karim.database_scope):
        assert agreements.newest_of(offices.karim, 2025) == {second.provider_id: second}
        kept = agreements.history_of(offices.karim, second.provider, 2025)
        assert [one.number for one in kept] == [2, 1]
        assert kept[1].rate == terms.rate
    acts = AuditRecord.objects.filter(act=Act.AGREEMENT_REGISTERED)
    assert acts.count() == 2
    assert all(f"{terms.rate}" not in str(one.details) + one.subject for one in acts)


def test_two_colleagues_at_once_do_not_overwrite_each_other(offices: Offices) -> None:
    """The second, who did not see the first agreement, is told of it."""
    first = agree(offices, inside(offices.standing()))
    with pytest.raises(AgreedMeanwhile) as meanwhile:
        agree(offices, inside(offices.standing(), "0.2"), after=0)
    assert meanwhile.value.newest == first
    assert TariffAgreement.objects.count() == 1


def test_an_agreement_that_no_longer_fits_after_a_new_decision_is_said_to(offices: Offices) -> None:
    """A change of status alone changes nothing; a bandwidth that went away from under it does."""
    before = offices.standing()
    made = agree(offices, inside(before, "0.1"))
    by_product = agree(offices, Terms(amounts=at_end(before, "lower")[1]))

    def fits(now: Standing) -> list[Fit]:
        return [agreements.fit_of(one, then=before, now=now, cap=Decimal(1)) for one in (made, by_product)]

    assert fits(before) == [Fit.FITS, Fit.FITS]
    assert fits(offices.moved(status="under_objection")) == [Fit.FITS, Fit.FITS]
    assert fits(offices.moved(by=Decimal("0.004"), status="decided")) == [Fit.FITS, Fit.NO_LONGER]
    assert fits(offices.moved(by=Decimal("0.05"))) == [Fit.NO_LONGER, Fit.NO_LONGER]
    assert fits(offices.moved(by=Decimal("-0.054"), status="provisional")) == [Fit.NO_LONGER, Fit.NO_LONGER]


def test_what_was_recorded_outside_stays_outside_when_only_the_status_changes(offices: Offices) -> None:
    set_policy(round=offices.round, actor=None, agreements_outside=OutsideBandwidth.RECORDED)
    rate, _ = at_end(offices.standing(), "upper")
    before = offices.standing()
    made = agree(offices, Terms(rate=rate + HUNDREDTH), reason="De aanbieder begint dit jaar pas.")
    now = offices.moved(status="under_objection")
    assert agreements.fit_of(made, then=before, now=now, cap=Decimal(1)) is Fit.OUTSIDE
    assert agreements.fit_of(made, then=before, now=offices.moved(by=Decimal("0.01")), cap=Decimal(1)) is Fit.FITS


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
        agreements.set_guide(tariff_year=2025, share=Decimal("0.955"), source="Inkoopbeleid", actor=offices.karim)
        agreements.write_note(provider=zwaluw, tariff_year=2025, text="Wil later praten.", actor=offices.karim)
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


@pytest.mark.parametrize(
    ("share", "words"),
    [
        ("0.85", "eronder: 2,0 punt onder het minimum"),
        ("0.87", "erbinnen: 0,0 punt boven het minimum"),
        ("0.9", "erbinnen: 3,0 punt boven het minimum"),
        ("0.95", "erbinnen: 8,0 punt boven het minimum"),
        ("0.973", "erboven: 2,3 punt boven het maximum"),
    ],
)
def test_the_place_of_a_guide_percentage_is_said_in_points(share: str, words: str) -> None:
    assert guide_place(lower=Decimal("0.87"), upper=Decimal("0.95"), share=Decimal(share)).words == words


def test_the_day_of_an_agreement_is_kept(offices: Offices) -> None:
    assert agree(offices, inside(offices.standing()), agreed_on=date(2024, 11, 5)).agreed_on == date(2024, 11, 5)


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

"""The desk of the NZa as somebody uses it: forms, what they refuse and keep, what follows, and lists that stay quick."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.exceptions import ValidationError
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse
from django.utils import timezone

from benchmarking.runs import set_specification
from ivportal.pages.moments import moment_of
from providers import drafts, exemptions, notices, review, signing, uploads
from providers.contents import from_json
from providers.formatting import format_datetime
from providers.models import (
    AuditRecord,
    Exemption,
    Mail,
    Mandate,
    Notice,
    Power,
    Round,
    StatusChange,
    Submission,
    TermChange,
    User,
)
from providers.texts import save_text, text_of
from providers.workbook.form import Line, Organisation, write_csv
from tariffs.models import TariffTable
from tariffs.policies import current_policy, set_policy
from tariffs.tables import import_tariffs
from tests.cast import browser_of
from tests.delivering import (
    a_provider,
    acting,
    an_employee,
    delivered,
    offered,
    portal_round,
    prepared,
    somebody_at,
    submission_of,
)
from tests.factories import SIMPLE, delivery, make_round
from tests.storing import stored

LINDE, ANKER = "99900001", "99900002"


@pytest.fixture
def noor(db: None) -> Client:
    """Give the browser of somebody of the NZa."""
    return browser_of(an_employee("Noor Bakker"))


def words(response: HttpResponse) -> str:
    """Return what a reader sees in the main column, as one line."""
    assert response.status_code == 200, response.status_code
    main = response.content.decode().split("<main", 1)[1].split("</main>", 1)[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def step(client: Client, round: Round, name: str, **data: Any) -> HttpResponse:
    """Send the form of a step of a round."""
    return client.post(reverse("round_step", args=[round.slug, name]), data)


def act(client: Client, submission: Submission, name: str, **data: Any) -> HttpResponse:
    """Send the form of a step with the submission of a provider."""
    return client.post(reverse("provider_step", args=[submission.round.slug, submission.provider.uuid, name]), data)


def in_days(days: int) -> str:
    """Return a day as a browser sends it."""
    return (timezone.localdate() + timedelta(days=days)).isoformat()


class TestMomentsOnTheClock:
    """A day and a time mean one second, also in the two nights in which the clock is moved."""

    @pytest.mark.parametrize(
        ("day", "clock", "is_end", "expected"),
        [
            # Winter time is an hour ahead of UTC, summer time two.
            (date(2026, 1, 31), None, True, datetime(2026, 1, 31, 22, 59, 59, tzinfo=UTC)),
            (date(2026, 7, 31), None, True, datetime(2026, 7, 31, 21, 59, 59, tzinfo=UTC)),
            (date(2026, 7, 31), time(12, 30), True, datetime(2026, 7, 31, 10, 30, 59, tzinfo=UTC)),
            (date(2026, 7, 31), time(12, 30), False, datetime(2026, 7, 31, 10, 30, 0, tzinfo=UTC)),
            (date(2026, 7, 31), None, False, datetime(2026, 7, 30, 22, 0, 0, tzinfo=UTC)),
            # The day on which the clock goes back ends in winter time, the day on which it goes forward in summer time.
            (date(2026, 10, 25), None, True, datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC)),
            (date(2026, 3, 29), None, True, datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC)),
        ],
    )
    def test_a_term_ends_with_its_last_second(
        self, day: date, clock: time | None, is_end: bool, expected: datetime
    ) -> None:
        moment = moment_of(day, clock, is_end=is_end)
        assert moment.at == expected
        assert moment.note == ""

    def test_an_hour_that_exists_twice_is_the_later_one_and_that_is_said(self) -> None:
        moment = moment_of(date(2026, 10, 25), time(2, 30), is_end=True)
        assert moment.at == datetime(2026, 10, 25, 1, 30, 59, tzinfo=UTC)
        assert "twee keer 2.30 uur" in moment.note
        assert "25 oktober 2026" in moment.note

    def test_an_hour_that_does_not_exist_is_refused_in_words(self) -> None:
        with pytest.raises(ValidationError, match=r"29 maart 2026 gaat de klok vooruit en bestaat 2\.30 uur niet"):
            moment_of(date(2026, 3, 29), time(2, 30), is_end=True)


class TestANewRound:
    """A round is made after the one before, and says what could not come along."""

    @pytest.fixture
    def previous(self, db: None, tmp_path: Any) -> Round:
        """Give a round of 2024 with a model, a text of its own, and tariffs of 2025 and 2026."""
        figures = {"total_cost": 1000, "days_5vv": 10}
        round = make_round([delivery(LINDE, "De Linde", **figures), delivery(ANKER, "Het Anker", **figures)])
        set_specification(round=round, document=SIMPLE, actor=None)
        table = tmp_path / "tarieven.csv"
        table.write_text(
            "year,code,amount,source,valid_from\n2025,days_5vv,200.10,Fictief,2025-01-01\n2026,days_5vv,210.10,Fictief,2026-01-01\n"
        )
        set_policy(
            round=round,
            actor=None,
            tariff_table=import_tariffs(path=table, actor=None),
            tariff_year=2025,
            markup="0.07",
            index="1.02",
            index_name="Index",
        )
        own = text_of(round, "invitation")
        save_text(round=round, kind="invitation", subject="Onze eigen uitnodiging", body=own.body, actor=None)
        return round

    FORM = {
        "title": "Proefronde 2025",
        "slug": "proef-2025",
        "book_year": "2025",
        "deadline_day": "2027-05-14",
        "contact": "Bel 030.",
    }

    def test_the_form_proposes_the_next_year(self, noor: Client, previous: Round) -> None:
        page = noor.get(reverse("new_round")).content.decode()
        assert 'value="proef-2025"' in page
        assert 'value="Proefronde 2025"' in page
        assert 'value="2025"' in page

    def test_model_policy_texts_and_providers_come_along(self, noor: Client, previous: Round) -> None:
        response = noor.post(reverse("new_round"), self.FORM)
        assert response["Location"] == reverse("manage_round", args=["proef-2025"])
        round = Round.objects.get(slug="proef-2025")
        assert (round.status, round.template_version, round.previous, round.is_fictitious) == (
            "draft",
            "iv-2",
            previous,
            True,
        )
        assert round.deadline == datetime(2027, 5, 14, 21, 59, 59, tzinfo=UTC)
        assert sorted(round.submissions.values_list("provider__key", flat=True)) == [LINDE, ANKER]
        assert round.specifications.get().specification.sha256 == previous.specifications.get().specification.sha256
        policy = current_policy(round)
        assert (str(policy.markup), policy.tariff_year, policy.tariff_table) == (
            "0.0700",
            2026,
            TariffTable.objects.get(),
        )
        assert policy.index is None
        assert text_of(round, "invitation").subject == "Onze eigen uitnodiging"
        assert not Notice.objects.exists()
        said = words(noor.get(response["Location"]))
        assert "index van het vorige beleid geldt voor andere jaren" in said
        assert "Nog geen aanbieder ziet deze ronde" in said

    def test_tariffs_that_are_not_there_are_told_and_stop_nothing(self, noor: Client, previous: Round) -> None:
        set_policy(round=previous, actor=None, tariff_year=2026)
        response = noor.post(reverse("new_round"), self.FORM, follow=True)
        assert "nog geen tabel met de maximumtarieven van 2027" in words(response)
        policy = current_policy(Round.objects.get(slug="proef-2025"))
        assert (policy.tariff_table, policy.tariff_year) == (None, 2027)

    def test_a_model_that_does_not_fit_is_told_and_stops_nothing(self, noor: Client, db: None) -> None:
        swiss = make_round([delivery(LINDE, total_cost=10, days_long=3)], template_version="somed")
        set_specification(
            round=swiss,
            document={**SIMPLE, "outputs": [{"name": "long", "days": ["days_long"]}]},
            actor=None,
        )
        response = noor.post(reverse("new_round"), self.FORM, follow=True)
        said = words(response)
        assert "modelspecificatie van de vorige ronde past niet bij deze uitvraag" in said
        assert "geen tariefbeleid" in said
        assert not Round.objects.get(slug="proef-2025").specifications.exists()

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"slug": "proef-2024"}, "Er is al een ronde met de korte naam proef-2024"),
            ({"slug": "Proef 2025"}, "alleen kleine letters, cijfers en streepjes"),
            ({"slug": "nieuw"}, "gebruikt het portaal zelf"),
            ({"title": ""}, "Geef de ronde een titel"),
            ({"book_year": "2024"}, "Deze ronde moet over een later jaar gaan"),
            ({"book_year": "tweeduizend"}, "Schrijf het boekjaar als vier cijfers"),
            ({"opens_day": "2027-06-01"}, "De termijn eindigt voordat de ronde opent"),
            ({"deadline_day": "31-31-2027"}, "Dit is geen datum"),
            ({"deadline_day": "2025-03-01"}, "Deze termijn is al voorbij"),
            ({"deadline_day": "2027-03-28", "deadline_time": "02:30"}, "bestaat 2.30 uur niet"),
            ({"deadline_day": "", "deadline_time": "12:00"}, "Kies ook een dag bij deze tijd"),
        ],
    )
    def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
        self, changes: dict[str, str], expected: str, noor: Client, previous: Round
    ) -> None:
        response = noor.post(reverse("new_round"), {**self.FORM, "contact": "Bel mij maar.", **changes})
        assert expected in words(response)
        assert "Bel mij maar." in response.content.decode()
        assert not Round.objects.exclude(pk=previous.pk).exists()

    def test_a_second_click_makes_no_second_round(self, noor: Client, previous: Round) -> None:
        page = noor.get(reverse("new_round")).content.decode()
        (sent_to,) = re.findall(r'method="post"\s+action="(\?vorige=[^"]*)"', page)
        assert sent_to == "?vorige=proef-2024"
        noor.post(reverse("new_round") + sent_to, self.FORM)
        again = noor.post(reverse("new_round") + sent_to, self.FORM, follow=True)
        assert "was al gemaakt" in words(again)
        assert Round.objects.filter(slug="proef-2025").count() == 1

    def test_a_round_without_an_earlier_one_begins_empty(self, noor: Client, db: None) -> None:
        response = noor.post(f"{reverse('new_round')}?vorige=", self.FORM, follow=True)
        assert "Er is nog niemand uitgenodigd" in words(response)


class TestInviting:
    """Lists are pasted; one wrong line and nothing is done."""

    @pytest.fixture
    def draft(self, db: None) -> Round:
        """Give a draft round with one provider."""
        return portal_round(status="draft", providers=[a_provider(LINDE, "De Linde")])

    def test_a_list_of_numbers_is_added_and_doubles_are_counted_once(self, noor: Client, draft: Round) -> None:
        a_provider(ANKER, "Het Anker")
        response = step(noor, draft, "uitnodigen", numbers=f"KvK-nummer\n{LINDE}\n KvK 9990 0002\n\n{ANKER}")
        assert response.status_code == 302
        assert "1 aanbieder toegevoegd. 1 aanbieder stond al op de lijst." in words(noor.get(response["Location"]))
        assert draft.submissions.count() == 2

    def test_unknown_and_wrong_numbers_are_named_and_nothing_is_done(self, noor: Client, draft: Round) -> None:
        a_provider(ANKER, "Het Anker")
        response = step(noor, draft, "uitnodigen", numbers=f"{ANKER}\n12345678\nabc")
        said = words(response)
        assert "Regel 2: 12345678 staat niet in het portaal" in said
        assert "Regel 3: ‘abc’ is geen KvK-nummer" in said
        assert "12345678\nabc" in response.content.decode().replace("\r\n", "\n")
        assert draft.submissions.count() == 1

    def test_contacts_get_a_mandate_and_who_has_one_keeps_it(self, noor: Client, draft: Round) -> None:
        linde = a_provider(LINDE)
        known = somebody_at(linde, Power.SIGN, name="Fatima")
        lines = f"{LINDE};{known.email};Fatima\n{LINDE};Wilma@Example.org;Wilma de Boer"
        response = step(noor, draft, "contactpersonen", contacts=lines, powers=["administer", "deliver"])
        assert "1 persoon uitgenodigd. 1 regel: die persoon had al een bevoegdheid." in words(
            noor.get(response["Location"])
        )
        assert Mandate.objects.get(user__email="wilma@example.org").powers == ["administer", "deliver"]
        assert Mandate.objects.get(user=known).powers == ["sign"]
        assert Notice.objects.get(recipient__email="wilma@example.org").kind == "account_invited"

    def test_a_wrong_line_among_contacts_invites_nobody(self, noor: Client, draft: Round) -> None:
        lines = f"{LINDE};wilma@example.org;Wilma\n{LINDE};geen-adres;Kees\n{LINDE};alleen@example.org"
        said = words(step(noor, draft, "contactpersonen", contacts=lines, powers=["deliver"]))
        assert "Regel 3: schrijf drie delen" in said
        lines = lines.rsplit("\n", 1)[0]
        said = words(step(noor, draft, "contactpersonen", contacts=lines, powers=["deliver"]))
        assert "Regel 2: Dit is geen volledig e-mailadres" in said
        assert "Er is nog niemand uitgenodigd" in said
        assert not User.objects.filter(email="wilma@example.org").exists()

    def test_who_reaches_nobody_is_counted_and_listed(self, noor: Client, draft: Round) -> None:
        page = noor.get(reverse("manage_round", args=[draft.slug]))
        said = words(page)
        assert "Bij één aanbieder krijgt niemand de uitnodiging" in said
        assert "De Linde" in said
        assert "1 aanbieder heeft niemand met een bevoegdheid" in words(
            noor.get(reverse("round_step", args=[draft.slug, "openen"]))
        )
        somebody_at(a_provider(LINDE), Power.DELIVER)
        assert "krijgt niemand" not in words(noor.get(reverse("manage_round", args=[draft.slug])))

    def test_a_provider_is_taken_off_the_list_once(self, noor: Client, draft: Round) -> None:
        submission = submission_of(draft, LINDE)
        first = act(noor, submission, "uitnodiging-intrekken")
        second = act(noor, submission, "uitnodiging-intrekken")
        assert first["Location"] == second["Location"] == reverse("manage_round", args=[draft.slug])
        assert not draft.submissions.exists()


class TestTheStepsOfARound:
    """Draft, open, extended, closed, open again, archived: each step says what follows, and a second click does nothing."""

    def test_a_round_from_draft_to_archive(self, noor: Client, db: None) -> None:
        round = portal_round(status="draft")
        somebody_at(a_provider(LINDE), Power.DELIVER)
        assert "1 aanbieder krijgt een uitnodiging: 1 persoon." in words(
            noor.get(reverse("round_step", args=[round.slug, "openen"]))
        )
        changed = step(noor, round, "wijzigen", title="Nieuwe naam", contact="Bel 030.", deadline_day=in_days(20))
        assert changed.status_code == 302
        for _ in range(2):
            assert step(noor, round, "openen").status_code == 302
        round.refresh_from_db()
        assert (round.status, round.title) == ("open", "Nieuwe naam")
        for _ in range(2):
            answer = step(noor, round, "verlengen", until_day=in_days(30), until_time="12:30", reason="Griepgolf.")
            assert answer.status_code == 302
        assert TermChange.objects.get(round=round).reason == "Griepgolf."
        round.refresh_from_db()
        assert timezone.localtime(round.deadline).strftime("%H:%M:%S") == "12:30:59"
        for _ in range(2):
            assert step(noor, round, "sluiten").status_code == 302
        for _ in range(2):
            assert step(noor, round, "heropenen", until_day=in_days(40), reason="Nog vijf.").status_code == 302
        assert TermChange.objects.filter(round=round).count() == 2
        exemptions.ask(
            submission=submission_of(round, LINDE),
            grounds="Wij sluiten in juni.",
            actor=acting(somebody_at(a_provider(LINDE), Power.DELIVER)),
        )
        closing = words(noor.get(reverse("round_step", args=[round.slug, "sluiten"])))
        assert "1 aanbieder vraagt ontheffing en wacht nog op uw antwoord." in closing
        step(noor, round, "sluiten")
        assert "De NZa sloot de ronde op" in words(noor.get(reverse("manage_round", args=[round.slug])))
        for _ in range(2):
            assert step(noor, round, "archiveren").status_code == 302
        round.refresh_from_db()
        assert round.status == "archived"
        moved = AuditRecord.objects.filter(act="round_moved").order_by("pk").values_list("details__after", flat=True)
        assert list(moved) == ["open", "closed", "open", "closed", "archived"]
        assert "Er is geen stap meer te zetten" in words(noor.get(reverse("manage_round", args=[round.slug])))

    def test_what_is_missing_before_opening_is_said(self, noor: Client, db: None) -> None:
        round = portal_round(status="draft")
        Round.objects.filter(pk=round.pk).update(deadline=None, contact="")
        said = words(step(noor, round, "openen"))
        assert "Kies eerst tot wanneer aanbieders kunnen aanleveren" in said
        assert "bij wie aanbieders terechtkunnen" in said
        round.refresh_from_db()
        assert round.status == "draft"

    def test_a_shorter_term_is_refused_and_the_reason_stays_in_the_form(self, noor: Client, db: None) -> None:
        round = portal_round()
        response = step(noor, round, "verlengen", until_day=in_days(5), reason="Wij willen <snel> klaar zijn.")
        assert "Een termijn wordt nooit korter" in words(response)
        assert "Wij willen &lt;snel&gt; klaar zijn." in response.content.decode()
        assert not TermChange.objects.exists()

    def test_a_term_without_a_reason_or_in_the_past_is_refused(self, noor: Client, db: None) -> None:
        round = portal_round()
        assert "Schrijf op waarom" in words(step(noor, round, "verlengen", until_day=in_days(60), reason="  "))
        assert "Kies een termijn die nog moet komen" in words(
            step(noor, round, "verlengen", until_day=in_days(-1), reason="Daarom.")
        )

    def test_a_step_that_cannot_be_taken_now_leads_back(self, noor: Client, db: None) -> None:
        round = portal_round(status="draft")
        response = noor.get(reverse("round_step", args=[round.slug, "archiveren"]))
        assert response["Location"] == reverse("manage_round", args=[round.slug])
        assert "Deze stap kan nu niet" in words(step(noor, round, "archiveren"))
        round.refresh_from_db()
        assert round.status == "draft"

    def test_everything_quiet_is_approved_and_the_rest_stays(self, noor: Client, db: None) -> None:
        round = portal_round()
        quiet, loud = submission_of(round, LINDE), submission_of(round, ANKER)
        delivered(quiet)
        delivered(loud, absence_rate="0.4", explanation="Er was veel griep.")
        page = noor.get(reverse("round_step", args=[round.slug, "goedkeuren"]))
        seen = page.context["form"]["versions"].value()
        assert f'value="{seen}"' in page.content.decode(), "what she sees is not sent along"
        said = words(page)
        assert "1 aanlevering zonder fout of signalering wordt gevalideerd" in said
        assert "De Linde" in said
        assert "Het Anker" not in said
        for _ in range(2):
            step(noor, round, "goedkeuren", versions=seen)
        quiet.refresh_from_db()
        loud.refresh_from_db()
        assert (quiet.status, loud.status) == ("validated", "submitted")
        assert Notice.objects.filter(kind="validated").values("provider").distinct().count() == 1


class TestTheFileOfAProvider:
    """What the NZa does with one delivery, each step once, with the reason the provider reads."""

    @pytest.fixture
    def submission(self, db: None) -> Submission:
        """Give the submission of De Linde, delivered."""
        submission = submission_of(portal_round(), LINDE)
        delivered(submission)
        return submission

    def test_from_review_to_returned_to_kept_to_validated(self, noor: Client, submission: Submission) -> None:
        for name, data in (
            ("controleren", {}),
            ("terugleggen", {"until_day": in_days(30), "reason": "Kijk naar het verzuim."}),
            ("laten-staan", {"reason": "Het klopt toch."}),
            ("valideren", {}),
            ("heropenen", {"until_day": in_days(31), "reason": "Toch een fout."}),
            ("uitsluiten", {"reason": "Niet te vergelijken."}),
        ):
            for _ in range(2):
                response = act(noor, submission, name, **data)
                assert response.status_code == 302, (name, words(response))
        steps = StatusChange.objects.filter(submission=submission).order_by("pk").values_list("before", "after")
        assert list(steps)[2:] == [
            ("submitted", "in_review"),
            ("in_review", "returned"),
            ("returned", "in_review"),
            ("in_review", "validated"),
            ("validated", "in_review"),
            ("in_review", "returned"),
            ("returned", "excluded"),
        ]
        told = Notice.objects.filter(provider=submission.provider, recipient__name__startswith="Sign").order_by("pk")
        kinds = [notice.kind for notice in told if notice.kind not in ("receipt", "signature_requested")]
        assert kinds == ["returned", "validated", "returned", "excluded"]
        file = words(noor.get(reverse("provider_file", args=[submission.round.slug, submission.provider.uuid])))
        for reason in ("Kijk naar het verzuim.", "Het klopt toch.", "Toch een fout.", "Niet te vergelijken."):
            assert reason in file

    def test_giving_back_at_once_takes_it_in_review_too(self, noor: Client, submission: Submission) -> None:
        response = act(noor, submission, "terugleggen", until_day=in_days(45), reason="Verbeter de kosten.")
        assert response.status_code == 302
        submission.refresh_from_db()
        assert submission.status == "returned"
        assert timezone.localtime(submission.extended_until).date().isoformat() == in_days(45)

    def test_a_refused_give_back_takes_nothing_in_review(self, noor: Client, submission: Submission) -> None:
        response = act(noor, submission, "terugleggen", until_day=in_days(-2), reason="Verbeter de kosten.")
        assert "Kies een termijn die nog moet komen" in words(response)
        assert "Verbeter de kosten." in response.content.decode()
        sooner = words(act(noor, submission, "terugleggen", until_day=in_days(14), reason="Kijk."))
        assert "ten minste 10 letters" in sooner
        page = noor.get(reverse("provider_step", args=[submission.round.slug, submission.provider.uuid, "terugleggen"]))
        # The page offers the term that runs, not one that is shorter.
        assert f'value="{in_days(30)}"' in page.content.decode()
        submission.refresh_from_db()
        assert submission.status == "submitted"

    def test_a_reason_is_asked_and_kept(self, noor: Client, submission: Submission) -> None:
        review.take(submission=submission, actor=acting(an_employee()))
        assert "Schrijf op waarom" in words(act(noor, submission, "uitsluiten", reason=""))
        submission.refresh_from_db()
        assert submission.status == "in_review"

    def test_what_a_colleague_did_meanwhile_is_said(self, noor: Client, submission: Submission) -> None:
        rinske = acting(an_employee())
        review.take(submission=submission, actor=rinske)
        review.validate(submission=submission, actor=rinske)
        response = act(noor, submission, "uitsluiten", reason="Niet te vergelijken.")
        assert "Misschien was een collega u voor" in words(response)
        assert "Niet te vergelijken." in response.content.decode()

    @pytest.mark.parametrize(
        ("name", "status", "kind"),
        [
            ("ontheffing-toekennen", "granted", "exemption_granted"),
            ("ontheffing-afwijzen", "refused", "exemption_refused"),
        ],
    )
    def test_a_request_for_exemption_is_answered_once(
        self, name: str, status: str, kind: str, noor: Client, db: None
    ) -> None:
        submission = submission_of(portal_round(), ANKER)
        asker = acting(somebody_at(submission.provider, Power.DELIVER))
        exemptions.ask(submission=submission, grounds="Wij verhuizen dit jaar.", actor=asker)
        page = words(noor.get(reverse("provider_file", args=[submission.round.slug, submission.provider.uuid])))
        assert "Wij verhuizen dit jaar." in page
        assert "NZa (ontheffing)" in page
        for _ in range(2):
            assert act(noor, submission, name, reason="Zie de regeling.").status_code == 302
        found = Exemption.objects.get()
        assert (found.status, found.answer) == (status, "Zie de regeling.")
        assert Notice.objects.filter(kind=kind).count() == 1
        if status == "granted":
            for _ in range(2):
                assert (
                    act(noor, submission, "ontheffing-beeindigen", reason="De verhuizing gaat niet door.").status_code
                    == 302
                )
            submission.refresh_from_db()
            assert submission.status == "not_started"

    def test_postponement_after_the_round_was_closed(self, noor: Client, db: None) -> None:
        round = portal_round(status="closed", deadline=timezone.now() - timedelta(days=2))
        submission = submission_of(round, ANKER)
        for _ in range(2):
            response = act(noor, submission, "uitstel", until_day=in_days(7), reason="Ziekte.")
            assert response.status_code == 302
        submission.refresh_from_db()
        assert submission.accepts_at(timezone.now())
        assert TermChange.objects.get(submission=submission).reason == "Ziekte."

    def test_the_file_tells_everything_that_happened(self, noor: Client, submission: Submission) -> None:
        sender = acting(somebody_at(submission.provider, Power.DELIVER))
        review.take(submission=submission, actor=acting(an_employee()))
        review.give_back(
            submission=submission,
            reason="Kijk naar het verzuim.",
            until=timezone.now() + timedelta(days=40),
            actor=acting(an_employee()),
        )
        newest = drafts.newest_of(submission)
        assert newest is not None
        upload = uploads.receive(
            submission=submission,
            name="kwaad.html",
            content=b"<script>alert(1)</script>",
            key="a",
            based_on=newest.number,
            actor=sender,
        )
        uploads.read_waiting(upload.pk)
        page = noor.get(reverse("provider_file", args=[submission.round.slug, submission.provider.uuid]))
        said = words(page)
        for expected in (
            "Ingediend: versie 1, ondertekend door",
            "Ter ondertekening voorgelegd",
            "gegevens gewijzigd",
            "Bestand verstuurd (geweigerd)",
            "Deze versie is teruggelegd en telt niet mee.",
            "Termijn voor deze aanbieder tot en met",
            "Status: van ‘In controle’ naar ‘Teruggelegd’",
            "Wij hebben de aanlevering van",
        ):
            assert expected in said, expected
        upload.refresh_from_db()
        # What was not signed is the provider's own affair.
        assert upload.problems[0] not in said
        assert "kwaad.html" not in said
        place = [submission.round.slug, submission.provider.uuid, upload.source_file.uuid]
        assert noor.get(reverse("provider_original", args=place)).status_code == 404
        assert AuditRecord.objects.filter(act="submission_read", subject__startswith="Dossier").exists()

    def test_an_original_file_is_kept_by_the_browser_and_not_opened(self, noor: Client, submission: Submission) -> None:
        act(noor, submission, "terugleggen", until_day=in_days(30), reason="Verbeter de kosten.")
        sender = acting(somebody_at(submission.provider, Power.DELIVER))
        form, newest = uploads.form_for(submission), drafts.newest_of(submission)
        assert newest is not None
        known = from_json(newest.contents)
        said = {code: figure.value for code, figure in known.figures.items()} | {"places": Decimal(206)}
        content = write_csv(
            form, [Line(code, said[code], None) for code in form.measures], Organisation(), known.locations
        )
        upload = uploads.receive(
            submission=submission,
            name='kwaad";x="é.html',
            content=content,
            key="a",
            based_on=newest.number,
            actor=sender,
        )
        uploads.read_waiting(upload.pk)
        newest = drafts.newest_of(submission)
        assert newest is not None
        signing.offer(submission=submission, draft_number=newest.number, actor=sender)
        signer = acting(somebody_at(submission.provider, Power.SIGN))
        signing.decline(submission=submission, remark="Dit is onder ons.", actor=signer)
        file = reverse("provider_file", args=[submission.round.slug, submission.provider.uuid])
        assert "Niet ondertekend" in words(noor.get(file))
        assert "onder ons" not in words(noor.get(file))
        delivered(submission, places=207)
        place = [submission.round.slug, submission.provider.uuid, upload.source_file.uuid]
        response = noor.get(reverse("provider_original", args=place))
        assert response.content == content
        assert response["Content-Type"] == "application/octet-stream"
        assert response["Content-Disposition"].startswith("attachment;")
        assert response["X-Content-Type-Options"] == "nosniff"
        assert AuditRecord.objects.get(act="export_downloaded").details == {"sha256": upload.source_file.sha256}
        elsewhere = [submission.round.slug, a_provider(ANKER).uuid, upload.source_file.uuid]
        assert noor.get(reverse("provider_original", args=elsewhere)).status_code == 404


class TestTheBoard:
    """Who is where, who has to act, and lists that stay quick."""

    @pytest.fixture(scope="class")
    @classmethod
    def board(cls, django_db_setup: None, django_db_blocker: Any) -> Iterator[Round]:
        """Store an open round in which everybody is somewhere else, and the round's employee."""
        with stored(django_db_blocker):
            an_employee("Noor Bakker")
            yield cls.everybody_somewhere_else()

    @pytest.fixture
    def round(self, board: Round, db: None) -> Round:
        """Give that round; what a test does to it is undone."""
        return board

    @staticmethod
    def everybody_somewhere_else() -> Round:
        names = ["Aa", "Bb", "Cc", "Dd", "Ee", "Ff", "Gg"]
        everybody = [a_provider(f"9990001{number}", name) for number, name in enumerate(names)]
        round = portal_round(providers=everybody)
        a, b, c, d, e, f, _ = (submission_of(round, provider) for provider in everybody)
        prepared(b)
        offered(c)
        delivered(d, absence_rate="0.4", explanation="Er was veel griep.")
        delivered(e)
        review.take(submission=e, actor=acting(an_employee()))
        review.validate(submission=e, actor=acting(an_employee()))
        exemptions.ask(submission=f, grounds="Te klein.", actor=acting(somebody_at(f.provider, Power.DELIVER)))
        Submission.objects.filter(pk=a.pk).update(extended_until=timezone.now() - timedelta(hours=1))
        return round

    def names(self, client: Client, round: Round, **query: str) -> list[str]:
        """Return the names in the list, for these filters."""
        page = client.get(reverse("round", args=[round.slug]), query).content.decode()
        return re.findall(r"/dossier/\">([A-G][a-g])</a>", page)

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({}, "Aa Bb Cc Dd Ee Ff Gg"),
            ({"status": "draft"}, "Bb Cc"),
            ({"bevinding": "warning"}, "Dd"),
            ({"bevinding": "geen"}, "Ee"),
            ({"bevinding": "niets"}, "Aa Bb Cc Ff Gg"),
            ({"regel": "IV-B-002"}, "Dd"),
            ({"regel": "BESTAAT-NIET"}, ""),
            ({"regio": "5501"}, "Aa Bb Cc Dd Ee Ff Gg"),
            ({"regio": "5525"}, ""),
            ({"zoek": "bb"}, "Bb"),
            ({"zoek": "99900016"}, "Gg"),
            ({"aandacht": "te-laat"}, "Aa"),
            ({"aandacht": "ontheffing"}, "Ff"),
            ({"aandacht": "controle"}, "Dd"),
            ({"aandacht": "handtekening"}, "Cc"),
            ({"aandacht": "niemand"}, "Aa Gg"),
            ({"aandacht": "bijna"}, ""),
            ({"aandacht": "te-laat", "status": "draft"}, ""),
        ],
    )
    def test_a_filter_shows_exactly_who_it_names(
        self, query: dict[str, str], expected: str, noor: Client, round: Round
    ) -> None:
        assert self.names(noor, round, **query) == expected.split()

    def test_every_row_says_who_has_to_act(self, noor: Client, round: Round) -> None:
        page = noor.get(reverse("round", args=[round.slug])).content.decode()
        rows = re.findall(r"/dossier/\">([A-G][a-g])</a>.*?data-label=\"Nu aan zet\">([^<]*)<", page, re.S)
        assert dict(rows) == {
            "Aa": "aanbieder",
            "Bb": "aanbieder",
            "Cc": "bestuur van de aanbieder",
            "Dd": "NZa",
            "Ee": "niemand",
            "Ff": "NZa (ontheffing)",
            "Gg": "aanbieder",
        }
        assert "te laat" in page

    def test_the_start_page_tells_what_asks_for_attention(self, noor: Client, round: Round) -> None:
        somebody = acting(an_employee())
        told = notices.tell(
            kind="closed", to=[somebody.user], round=round, provider=a_provider("99900010"), occasion="x", path="/"
        )
        Mail.objects.filter(notice__in=told).update(status="failed", error="550 onbekend")
        said = words(noor.get(reverse("rounds")))
        for expected in (
            "1 aanbieder is te laat",
            "1 aanbieder vraagt ontheffing en wacht op uw antwoord",
            "1 aanbieder wacht op controle door de NZa",
            "1 aanbieder wacht op een handtekening",
            "2 aanbieders hebben niemand met een bevoegdheid",
            "1 e-mail is niet aangekomen",
            "Aangeleverd 2 van 7",
        ):
            assert expected in said, expected

    def test_the_round_that_is_going_on_comes_first_and_leads_to_its_board(self, noor: Client, round: Round) -> None:
        old = make_round([delivery(LINDE, places=1)], slug="oud-2099", book_year=2099)
        page = noor.get(reverse("rounds"))
        said = words(page)
        assert said.index(round.title) < said.index(old.title)
        assert f"{reverse('round', args=[round.slug])}#aanbieders" in page.content.decode()
        board = noor.get(reverse("round", args=[round.slug])).content.decode()
        assert re.search(r'id="aanbieders"\s+open', board)
        assert not re.search(r"nl-button--primary[^>]*>Start een berekening", board)

    def test_who_has_exemption_is_not_expected(self, noor: Client, round: Round) -> None:
        waiting = Exemption.objects.get()
        exemptions.answer(exemption=waiting, is_granted=True, reason="Klein.", actor=acting(an_employee()))
        said = words(noor.get(reverse("round", args=[round.slug])))
        assert "2 van 6 aanbieders" in said
        assert "1 met ontheffing niet meegeteld" in said

    def test_findings_by_rule_with_their_explanations(self, noor: Client, round: Round) -> None:
        said = words(noor.get(reverse("round_checks", args=[round.slug]), {"regel": "IV-B-002"}))
        assert "nieuwste versie van 2 aanleveringen die meetellen" in said
        assert re.search(r"IV-B-002 Signalering 1 1 van 1 Zij doen mee", said)
        assert "Er was veel griep." in said
        assert "Ziekteverzuim: 40,0" in said

    @pytest.mark.parametrize("name", ["round", "manage_round", "round_checks", "rounds"])
    def test_more_providers_need_no_more_queries(self, name: str, noor: Client, round: Round) -> None:
        address = reverse(name, args=[] if name == "rounds" else [round.slug])
        noor.get(address)
        with CaptureQueriesContext(
            connection,
        ) as few:
            noor.get(address)
        more = [a_provider(f"9990002{number}") for number in range(9)]
        Submission.objects.bulk_create(Submission(round=round, provider=provider) for provider in more)
        delivered(submission_of(round, more[0]), absence_rate="0.4", explanation="Er was veel griep.")
        delivered(submission_of(round, more[1]))
        with CaptureQueriesContext(connection) as many:
            noor.get(address)
        assert len(many) <= len(few), [query["sql"][:120] for query in many]

    def test_the_file_needs_no_more_queries_for_more_history(self, noor: Client, round: Round) -> None:
        submission = submission_of(round, "99900011")
        address = reverse("provider_file", args=[round.slug, submission.provider.uuid])
        noor.get(address)
        with CaptureQueriesContext(connection) as few:
            noor.get(address)
        for places in range(90, 98):
            prepared(submission, places=places)
        with CaptureQueriesContext(connection) as many:
            noor.get(address)
        assert len(many) <= len(few)


def test_an_imported_round_keeps_its_page(noor: Client, db: None) -> None:
    """A round of a source has the same page, without terms and steps that it does not have."""
    round = make_round([delivery(LINDE, "De Linde", total_cost=1000, days_5vv=10)])
    said = words(noor.get(reverse("round", args=[round.slug])))
    assert "Nu aan zet" not in said
    assert "Beheer deze ronde" not in said
    assert "De Linde" in said
    assert noor.get(reverse("manage_round", args=[round.slug])).status_code == 404
    file = words(noor.get(reverse("provider_file", args=[round.slug, a_provider(LINDE).uuid])))
    assert "Neem in controle" not in file


def test_the_term_of_a_card_is_the_last_minute(noor: Client, db: None) -> None:
    """The term that a page names is the one that is stored."""
    round = portal_round()
    assert format_datetime(round.deadline).endswith("om 23.59 uur")
    assert format_datetime(round.deadline) in words(noor.get(reverse("rounds")))


@pytest.mark.parametrize("status", ["draft", "open"])
def test_a_round_that_still_runs_is_not_called_complete(status: str, noor: Client, db: None) -> None:
    portal_round(status=status)
    said = words(noor.get(reverse("rounds")))
    assert "De gegevens zijn binnen" not in said
    assert "nog niet berekend" not in said


class CountedHasher(PBKDF2PasswordHasher):
    """Django's hasher, which counts how often it did all its work."""

    full = 0

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        CountedHasher.full += (iterations or self.iterations) >= self.iterations
        return super().encode(password, salt, iterations)


def test_many_contacts_are_made_in_one_request(noor: Client, db: None) -> None:
    """Everybody new gets a password that nobody knows, with which "wachtwoord vergeten" works, without minutes of hashing."""
    providers = [a_provider(f"9997{number:04d}") for number in range(25)]
    round = portal_round(status="draft", providers=providers)
    lines = "\n".join(f"{provider.key};wie-{provider.key}@example.org;Wie {provider.key}" for provider in providers)
    with override_settings(PASSWORD_HASHERS=["tests.ivportal.test_desk_pages.CountedHasher"]):
        response = step(noor, round, "contactpersonen", contacts=lines, powers=["deliver"])
    assert "25 personen uitgenodigd" in words(noor.get(response["Location"]))
    made = User.objects.get(email="wie-99970000@example.org")
    assert made.has_usable_password()
    # One full hash takes about a third of a second.
    assert CountedHasher.full <= 1

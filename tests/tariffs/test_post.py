"""Letters that go by post: printed, really posted, and the terms that run from that day instead of the one on the letter."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ivportal.letters import posted
from providers.access import scope
from providers.formatting import AMSTERDAM
from providers.models import Act, AuditRecord, Notice, User
from providers.refusal import Refused
from providers.texts import save_text
from tariffs import consents
from tariffs.models import (
    Channel,
    ConsentKind,
    Consequence,
    Decision,
    Hearing,
    Letter,
    LetterKind,
    Objection,
    ObjectionOutcome,
    Posting,
    Printing,
)
from tariffs.procedure import admission, deadlines, due, hearings, objections, posting
from tariffs.procedure.envelopes import has_street
from tariffs.procedure.files import Sent
from tests import storing
from tests.cast import browser_of
from tests.tariffs import cases
from tests.tariffs.cases import MONDAY, Adopted, at, filed

D = dt.date
#: The decisions are sent on a Tuesday. Six weeks from the day after: Tuesday 3 November.
SENT, LAST_DAY = D(2026, 9, 22), D(2026, 11, 3)
#: Put in the post two days later: then the term ends two days later.
POSTED, LATER = D(2026, 9, 24), D(2026, 11, 5)


@pytest.fixture(scope="module")
def stored(django_db_setup: None, django_db_blocker: Any) -> Iterator[Adopted]:
    with storing.stored(django_db_blocker):
        world = cases.adopted()
        with at(MONDAY):
            consents.give(kind=ConsentKind.ELECTRONIC_POST, provider=world.cast.anker, is_given=True, actor=world.bram)
        cases.sent(world, is_posted=False)
        yield world


@pytest.fixture
def world(stored: Adopted, db: None) -> Adopted:
    return stored


def letter_of(decision: Decision) -> Letter:
    return Letter.objects.get(decision=decision, kind=LetterKind.DECISION)


def printed(world: Adopted, *letters: Letter) -> list[Any]:
    posting.take(list(letters), actor=world.noor)
    return [letter.uuid for letter in letters]


def put(world: Adopted, letters: list[Any], on: dt.date) -> int:
    return posting.put_in_post(round=world.round, letters=letters, on=on, actor=world.noor)


def shown_on(client: Client, address: str) -> str:
    """Return what a page sends back: which letters it showed."""
    (found,) = re.findall(r'name="shown" value="([^"]*)"', client.get(address).content.decode())
    return str(found)


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def opened(client: Client, name: str, *args: object) -> str:
    response = client.get(reverse(name, args=args))
    assert response.status_code == 200
    return text_of(response)


# ── who gets post ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_letter_goes_by_post_to_who_did_not_consent_and_to_nobody_else(world: Adopted) -> None:
    linde, anker = world.decision(), world.decision(world.cast.anker)
    assert set(Letter.objects.filter(provider=world.cast.anker).values_list("goes_by_post", flat=True)) == {False}
    assert set(Letter.objects.exclude(provider=world.cast.anker).values_list("goes_by_post", flat=True)) == {True}
    assert set(Letter.objects.values_list("kind", flat=True)) == {LetterKind.INTENDED, LetterKind.DECISION}
    with at(D(2026, 9, 25)):
        mine, theirs = filed(world, linde), filed(world, anker, actor=world.bram)
        # Consent counts as it is when the letter is written: this one has gone already, the next one has not.
        consents.give(kind=ConsentKind.ELECTRONIC_POST, provider=world.cast.linde, is_given=True, actor=world.anne)
        consents.give(kind=ConsentKind.ELECTRONIC_POST, provider=world.cast.anker, is_given=False, actor=world.bram)
        for item in (mine, theirs):
            admission.admit(objection=item, with_committee=False, actor=world.noor)
        hearings.plan(
            objections=[mine, theirs], at=dt.datetime(2026, 10, 20, 9, tzinfo=dt.UTC), place="Utrecht", actor=world.noor
        )
    how = {
        (letter.provider_id, letter.kind): letter.goes_by_post
        for letter in Letter.objects.filter(objection__isnull=False)
    }
    linde_id, anker_id = world.cast.linde.pk, world.cast.anker.pk
    assert how == {
        (linde_id, LetterKind.OBJECTION_RECEIVED): True,
        (linde_id, LetterKind.HEARING): False,
        (anker_id, LetterKind.OBJECTION_RECEIVED): False,
        (anker_id, LetterKind.HEARING): True,
    }
    assert letter_of(linde).goes_by_post


def test_a_cancelled_hearing_is_written_to_everybody_who_was_invited(world: Adopted) -> None:
    with at(D(2026, 9, 25)):
        both = [filed(world, world.decision()), filed(world, world.decision(world.cast.anker), actor=world.bram)]
        for item in both:
            admission.admit(objection=item, with_committee=False, actor=world.noor)
        hearing = hearings.plan(
            objections=both, at=dt.datetime(2026, 10, 20, 9, tzinfo=dt.UTC), place="Newtonlaan 1", actor=world.noor
        )
        # Who is heard with others reads that, and that she can ask to be heard alone (Awb 7:6).
        anne, slug = browser_of(world.cast.anne), world.round.slug
        assert "Wilt u apart worden gehoord" in opened(anne, "own_case", slug)
        invitations = Letter.objects.filter(kind=LetterKind.HEARING)
        assert ["(art. 7:6, tweede lid, Awb)" in letter.body for letter in invitations] == [True, True]
        assert LetterKind.HEARING in {pile.kind for pile in posting.piles()}
        save_text(
            round=world.round,
            kind="letter_hearing_cancelled",
            subject="Afgezegd: {zaak}",
            body="Niet door: {zitting}\n\n{motivering}\n\nGroet van {ondertekenaar}",
            actor=world.noor,
        )
        hearings.cancel(hearing=hearing, reason="De voorzitter is ziek.", actor=world.noor)
        with pytest.raises(Refused, match="al afgezegd"):
            hearings.cancel(hearing=hearing, reason="De voorzitter is ziek.", actor=world.noor)
    sent = Letter.objects.filter(kind=LetterKind.HEARING_CANCELLED).order_by("provider__key")
    assert [letter.provider for letter in sent] == [world.cast.linde, world.cast.anker]
    assert [letter.goes_by_post for letter in sent] == [True, False]
    # What nobody printed stays here; the cancellation goes, and has a line of its own in what happened.
    kinds = {pile.kind for pile in posting.piles()}
    assert (LetterKind.HEARING in kinds, LetterKind.HEARING_CANCELLED in kinds) == (False, True)
    with at(D(2026, 9, 28)):
        page = opened(browser_of(world.cast.anne), "own_case", slug)
    assert "niet per post verstuurd: de hoorzitting gaat niet door" in page
    assert "Hoorzitting van 20 oktober 2026 om 11.00 uur afgezegd" in page
    for letter in sent:
        assert "De voorzitter is ziek." in letter.body
        assert "20 oktober 2026 om 11.00 uur" in letter.body
        assert letter.subject == f"Afgezegd: {letter.reference}"
        assert posted(letter).startswith(b"%PDF")
        told = Notice.objects.filter(kind="case_changed", provider=letter.provider, body__contains="ziek")
        assert told.count() == told.values("recipient").distinct().count() > 0
    assert Hearing.objects.get().cancelled_because
    page = browser_of(world.cast.noor).get(reverse("round_texts", args=[world.round.slug])).content.decode()
    for kind in LetterKind:
        assert reverse("round_text", args=[world.round.slug, kind.value]) in page


def test_a_proxy_gets_every_letter_about_the_objection_by_post_and_the_provider_a_copy(world: Adopted) -> None:
    """Also of a provider that consented to electronic post: the proxy has no account here (Awb 6:17)."""
    anker = world.cast.anker
    proxy = {"representative": "Mr. J. Smit", "mandate": [Sent("machtiging.pdf", cases.PDF)]}
    with at(POSTED):
        made = filed(world, world.decision(anker), actor=world.bram, grounds=[], is_pro_forma=True, **proxy)
        admission.ask_remedy(objection=made, what="De gronden van het bezwaar.", actor=world.noor)
    sent = list(Letter.objects.filter(objection=made).order_by("pk"))
    assert [letter.kind for letter in sent] == [LetterKind.OBJECTION_RECEIVED, LetterKind.OBJECTION_REMEDY]
    for letter in sent:
        assert letter.goes_by_post
        head = f"T.a.v. Mr. J. Smit, gemachtigde van {anker.name}\nPostbus 12\n3500 AA Utrecht"
        assert letter.body.startswith(f"{head}\n\nGeachte gemachtigde,")
        assert "Zelf kunt u het portaal niet openen. Schrijf aan de NZa, Postbus 3017" in letter.body
        assert "Het dossier ziet u in bij de NZa, Newtonlaan 1" in letter.body
        assert posted(letter).startswith(b"%PDF")
    told = Notice.objects.filter(kind="case_letter", provider=anker, body__contains="naar uw gemachtigde, Mr. J. Smit")
    assert told.filter(recipient=world.cast.bram).count() == 2
    assert "Postbus 3017, 3502 GA Utrecht, onder vermelding van" in sent[1].body
    says = "Stuur deze brief aan de gemachtigde, Mr. J. Smit (art. 6:17 Awb). Het adres staat op de brief."
    noor, bram = browser_of(world.cast.noor), browser_of(world.cast.bram)
    with at(POSTED):
        page = opened(noor, "case_post", world.round.slug)
        assert page.count(says) == 2
        assert f"{made.reference}: aanvullen kan tot en met" in page
        assert "Die dag schuift niet op" in page
        assert says in opened(noor, "letter", sent[0].uuid)
        assert "Uw gemachtigde, Mr. J. Smit, krijgt hem per post" in opened(bram, "letter", sent[0].uuid)
        assert sent[1].get_kind_display() in opened(bram, "own_case", world.round.slug)
        # A typo is mended for what is still to come; what was sent stays.
        mending = reverse("objection_step", args=[made.uuid, "adres-gemachtigde"])
        assert "Postbus 12" in noor.get(mending).content.decode()
        elsewhere = {"address": " Laan 3 \r\n\r\n1234 AB Elst", "reason": "Zo staat het op zijn briefpapier."}
        said = [noor.post(mending, elsewhere, follow=True).content.decode() for _ in ("once", "again")]
        assert ("gaan naar dit adres" in said[0], "Dat was al gedaan" in said[1]) == (True, True)
        objections.supplement(objection=made, grounds=["De huur telt dubbel."], actor=world.bram)
        admission.admit(objection=made, with_committee=False, actor=world.noor)
        later = POSTED + dt.timedelta(days=40)
        when = dt.datetime.combine(later, dt.time(10), tzinfo=AMSTERDAM)
        hearings.plan(objections=[made], at=when, place="Utrecht", actor=world.noor)
    old, _, new = Letter.objects.filter(objection=made).order_by("pk")
    assert old.body == sent[0].body
    assert new.body.startswith(f"T.a.v. Mr. J. Smit, gemachtigde van {anker.name}\nLaan 3\n1234 AB Elst\n\n")
    assert AuditRecord.objects.filter(subject=made.reference, details__reason=elsewhere["reason"]).count() == 1


def test_until_there_is_a_mandate_letters_go_to_the_provider_and_what_it_made_needless_does_not_go(
    world: Adopted,
) -> None:
    """Whoever has not shown that she may act is written to no more than anybody else (Awb 2:1)."""
    noor, slug = browser_of(world.cast.noor), world.round.slug
    with at(POSTED):
        made = filed(world, world.decision(), representative="Mr. J. Smit")
        admission.ask_remedy(objection=made, what="De machtiging van mr. Smit ontbreekt nog.", actor=world.noor)
        receipt, remedy = Letter.objects.filter(objection=made).order_by("pk")
        for letter in (receipt, remedy):
            assert letter.goes_by_post
            assert letter.body.startswith("De Linde\n9711 AA Groningen\n\nGeachte bestuurder,")
            assert "Mr. J. Smit is genoemd als uw gemachtigde, maar bij het bezwaar is nog geen" in letter.body
        page = opened(noor, "case_post", slug)
        assert page.count("Stuur deze brief aan de aanbieder. Mr. J. Smit is genoemd als gemachtigde") == 2
        assert f"{made.reference}: aanvullen kan tot en met" in page
    with at(POSTED + dt.timedelta(days=1)):
        noor, anne = browser_of(world.cast.noor), browser_of(world.cast.anne)
        objections.supplement(objection=made, mandate=[Sent("machtiging.pdf", cases.PDF)], actor=world.anne)
        page = opened(noor, "case_post", slug)
        assert f"{made.reference}: aanvullen kan" not in page
        assert page.count("Stuur deze brief aan de aanbieder") == 1
        assert LetterKind.OBJECTION_REMEDY not in {pile.kind for pile in posting.piles()}
        assert "niet per post verstuurd: de aanvulling is er al, of het bezwaar is ingetrokken" in opened(
            anne, "own_case", slug
        )
        assert "Machtiging bij bezwaar" in opened(anne, "own_case", slug)
        for browser in (noor, anne):
            assert "Niet per post verstuurd" in opened(browser, "letter", remedy.uuid)
            # It says still to whom it was addressed.
            assert "Mr. J. Smit, krijgt hem per post" not in opened(browser, "letter", receipt.uuid)
        printed(world, receipt)
        with pytest.raises(Refused, match="nog niet opgehaald"):
            put(world, [remedy.uuid], POSTED)


def test_an_address_without_a_street_or_a_box_is_seen() -> None:
    assert has_street("De Linde\nDorpsstraat 1\n1234 AB Utrecht")
    assert has_street("De Linde\nPostbus 12\n1234 AB Utrecht")
    assert not has_street("De Linde\n1234 AB Utrecht")
    assert not has_street("De Linde")


# ── the day on which it went ────────────────────────────────────────────────────────────────────────────────────────


def test_a_day_that_cannot_be_is_refused_and_one_that_was_written_down_stays(world: Adopted) -> None:
    letter, other = letter_of(world.decision()), letter_of(Decision.objects.filter(sent_how="post").order_by("pk")[1])
    here = letter_of(world.decision(world.cast.anker))
    with at(POSTED):
        with pytest.raises(Refused, match="nog niet opgehaald"):
            put(world, [letter.uuid], SENT)
        with pytest.raises(Refused, match="2:14"):
            printed(world, letter, here)
        chosen = [*printed(world, letter), here.uuid]
        with pytest.raises(Refused, match="kan niet eerder"):
            put(world, chosen[:1], SENT - dt.timedelta(days=1))
        with pytest.raises(Refused, match="nog niet geweest"):
            put(world, chosen[:1], POSTED + dt.timedelta(days=1))
        with pytest.raises(Refused, match="2:14"):
            put(world, chosen, POSTED)
        with pytest.raises(Refused, match="ten minste één"):
            put(world, [], POSTED)
        assert not Posting.objects.exists()
        assert put(world, chosen[:1], POSTED) == 1
        assert put(world, chosen[:1], POSTED) == 0
        with pytest.raises(Refused, match="24 september 2026"):
            put(world, [*chosen[:1], *printed(world, other)], SENT)
        with pytest.raises(Refused, match="medewerker"):
            posting.put_in_post(round=world.round, letters=chosen[:1], on=POSTED, actor=world.anne)
    assert [(row.letter, row.posted_on, row.by) for row in Posting.objects.all()] == [(letter, POSTED, world.cast.noor)]
    (record,) = AuditRecord.objects.filter(act=Act.LETTERS_POSTED)
    assert record.details["letters"] == [str(letter.uuid)]


def test_the_term_runs_from_the_day_on_which_it_went(world: Adopted) -> None:
    decision = world.decision()
    letter = letter_of(decision)
    for words in (
        "na de dag waarop deze brief is verzonden",
        "uiterlijk op 3 november 2026",
        "Is de brief later op de post",
    ):
        assert words in letter.body
    with at(POSTED):
        assert deadlines.objection_term_of(decision).end == LAST_DAY
        before = {item.deadline.on: item.count for item in due.due() if item.deadline.code == "objection"}
        put(world, printed(world, letter), POSTED)
        (term,) = deadlines.deadlines(decision)
        after = {item.deadline.on: item.count for item in due.due() if item.deadline.code == "objection"}
    assert term.on == LATER
    assert "op 24 september 2026 op de post gedaan; u kunt bezwaar maken tot en met 5 november 2026" in term.sentence
    assert (before, after) == ({LAST_DAY: 10}, {LAST_DAY: 9, LATER: 1})
    anne = browser_of(world.cast.anne)
    said = "Het besluit is op 24 september 2026 op de post gedaan; u kunt bezwaar maken tot en met 5 november 2026."
    with at(LATER):
        page = opened(anne, "own_case", world.round.slug)
        assert said in page
        assert "Op de post gedaan: besluit" in page
        assert said in opened(anne, "letter", letter.uuid)
        assert "te laat" not in opened(anne, "object", world.round.slug).lower()
        with scope(world.anne.database_scope):
            assert deadlines.objection_term_of(Decision.objects.get(pk=decision.pk)).end == LATER
        made = filed(world, decision)
        assert deadlines.timeliness_of(made).timing == "in_time"
    # Six weeks from the day after the term to object: 17 December.
    assert deadlines.decision_term_of(Objection.objects.get(pk=made.pk)).end == D(2026, 12, 17)


def test_who_objects_before_the_letter_went_is_in_time_and_who_waits_too_long_is_late(world: Adopted) -> None:
    with at(POSTED):
        put(world, printed(world, letter_of(world.decision())), POSTED)
    with at(D(2026, 9, 23)):
        early = filed(world, world.decision())
        assert deadlines.timeliness_of(early).timing == "in_time"
        objections.withdraw(objection=early, actor=world.anne)
    with at(LATER + dt.timedelta(days=1)):
        late = filed(world, world.decision(), key="laat", late_because="Wij waren verhuisd en zagen de brief niet.")
        assert deadlines.timeliness_of(late).timing == "late"


def test_nobody_is_late_while_nobody_knows_when_the_decision_went(world: Adopted) -> None:
    late = D(2026, 12, 1)
    with at(late):
        printed(world, letter_of(world.decision()))
        made = filed(world, world.decision(), key="laat", late_because="Wij kregen de brief nooit.")
        told = deadlines.timeliness_of(made)
        assert (told.timing, told.articles) == ("unclear", ("art. 3:41 en 6:8 Awb",))
        with pytest.raises(Refused, match="op welke dag het besluit op de post ging"):
            admission.judge_lateness(objection=made, is_excused=False, reason="Te laat.  Te laat.", actor=world.noor)
        with pytest.raises(Refused, match="Niet-ontvankelijk kan pas"):
            cases.rulings.draft(
                objection=made, outcome=ObjectionOutcome.INADMISSIBLE, reasons=cases.REASONS,
                consequence=Consequence.NONE, actor=world.noor,
            )  # fmt: skip
        put(world, [letter_of(world.decision()).uuid], late)
        assert deadlines.timeliness_of(made).timing == "in_time"


def test_an_appeal_runs_from_the_day_on_which_the_decision_on_the_objection_went(world: Adopted) -> None:
    with at(D(2026, 10, 5)):
        made = cases.dismissed(world, filed(world, world.decision()))
    letter = Letter.objects.get(kind=LetterKind.OBJECTION_DECISION)
    assert "uiterlijk op 16 november 2026" in letter.body
    # Why nobody was heard belongs to the reasons (Awb 7:12(1)).
    assert (
        "De NZa hield geen hoorzitting. U verklaarde dat u niet wilt worden gehoord (art. 7:3, onder c, Awb). Telefonisch laten"
        " weten op de dag zelf."
    ) in letter.body
    with at(D(2026, 10, 6)):
        (term,) = deadlines.deadlines(Objection.objects.get(pk=made.pk))
        assert "nog niet op de post; voorlopig rekent het portaal met de datum op de brief" in term.sentence
        printed(world, letter)
    with at(D(2026, 10, 7)):
        assert deadlines.appeal_term_of(made).end == D(2026, 11, 16)
        put(world, [letter.uuid], D(2026, 10, 6))
        (term,) = deadlines.deadlines(made)
        shown = [item.deadline for item in due.due() if item.deadline.code == "appeal"]
    assert term.on == D(2026, 11, 17)
    assert "beroep instellen tot en met 17 november 2026" in term.sentence
    assert [item.on for item in shown] == [D(2026, 11, 17)]
    with at(D(2026, 11, 18)):
        assert not [item for item in due.due() if item.deadline.code == "appeal"]


# ── the pages of the NZa ────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_left_lying_stands_out_until_it_is_in_the_post(world: Adopted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "PER_ARCHIVE", 6)
    noor, slug = browser_of(world.cast.noor), world.round.slug
    archive = lambda kind, part: reverse("case_post_archive", args=[slug, "2026-09-22", kind, part])  # noqa: E731
    with at(SENT):
        assert "Nog niet op de post: 9 brieven van 22 september" in opened(noor, "cases")
        assert "hadden al weg moeten zijn" in opened(noor, "case_post", slug), "the intentions of 7 September"
    with at(POSTED):
        noor = browser_of(world.cast.noor)
        page = opened(noor, "case_post", slug)
        assert "9 brieven van 22 september 2026" in page
        assert "1 tot en met 6" in page
        assert "7 tot en met 9" in page
        assert "voorlopig rekent het portaal" in opened(browser_of(world.cast.anne), "object", slug)
        # Nothing can be written down of what nobody took to be printed, and nothing was made known that still lies here.
        assert "Schrijf op wanneer" not in page
        assert "Haal eerst de brieven op" in page
        # No provider of this world has a location, so no address.
        assert "9 brieven hebben geen straat of postbus in het adres" in page
        letter = letter_of(world.decision())
        for shown in (
            opened(noor, "letter", letter.uuid),
            opened(noor, "case", slug, letter.provider.uuid),
            opened(noor, "case_round", slug),
            opened(browser_of(world.cast.anne), "own_case", slug),
            opened(browser_of(world.cast.anne), "letter", letter.uuid),
        ):
            assert "Brief van 22 september 2026; nog niet op de post" in shown
            assert "Verstuurd op 22 september 2026, per post" not in shown
        assert "10 (waarvan bekendgemaakt: 1)" in opened(noor, "case_round", slug), "one gets it in the portal"
        own = opened(browser_of(world.cast.anne), "own_case", slug)
        assert "Besluit genomen" in own
        assert "voorlopig uiterlijk 3 november 2026" in own
        # What is not in the post does not work yet: no page says that it does.
        for shown in (
            own,
            opened(browser_of(world.cast.anne), "mirror"),
            opened(noor, "case", slug, letter.provider.uuid),
        ):
            assert "Besluit, nog niet bekendgemaakt" in shown
        mirror = opened(browser_of(world.cast.anne), "mirror")
        assert f"Besluit {letter.decision} is vastgesteld, maar nog niet bekendgemaakt" in mirror
        assert "Er is een besluit over deze ronde" not in mirror
        day = reverse("case_post_day", args=[slug, "2026-09-22"])
        assert noor.get(day).status_code == 302
        assert noor.get(archive("letter_decision", 1)).status_code == 405, "looking takes nothing"
        buttons = noor.get(reverse("case_post", args=[slug])).content.decode()
        for part in (1, 2):
            form = rf'<form method="post" action="{archive("letter_decision", part)}"[^>]*>\s*<input type="hidden" name="csrf'
            assert re.search(form, buttons), part
        first = noor.post(archive("letter_decision", 1)).getvalue()
        assert len(zipfile.ZipFile(io.BytesIO(first)).namelist()) == 6
        assert noor.post(archive("letter_decision", 1)).getvalue() == first
        assert noor.post(archive("letter_decision", 3)).status_code == 404
        # What is left can be taken alone: none of it was taken before, and after that there is nothing left.
        assert "Nog op te halen: 3 brieven" in opened(noor, "case_post", slug)
        assert [letter.pk for letter in posting.untaken(round=world.round, dated=SENT, kind="letter_decision")] == [
            letter.pk for letter in posting.part(round=world.round, dated=SENT, kind="letter_decision", number=2)
        ]
        assert noor.post(archive("letter_answer", 1)).status_code == 404
        assert Printing.objects.filter(by=world.cast.noor, at=cases.now()).count() == 6
        assert AuditRecord.objects.filter(act=Act.LETTERS_PRINTED).count() == 2
        assert "Daarvan opgehaald om te printen: 6." in opened(noor, "case_post", slug)
        assert "Dit gaat nog niet goed" in text_of(noor.post(day))
        assert "nog niet geweest" in text_of(noor.post(day, {"on": "2026-09-25", "shown": shown_on(noor, day)}))
        # One of them first, the others after that, each sent twice.
        some = reverse("case_post_letters", args=[slug, "2026-09-22"])
        offered = re.findall(r'value="([0-9a-f-]{36})"', noor.get(some).content.decode())
        assert len(offered) == 6
        # Nothing went before it was taken to be printed.
        assert "24 september 2026 opgehaald" in text_of(noor.post(some, {"on": "2026-09-23", "letters": offered[:1]}))
        for _ in range(2):
            assert noor.post(some, {"on": "2026-09-24", "letters": offered[:1]}).status_code == 302
        # All the others, if they are those that she saw: a colleague may take more to be printed, or write down some of them.
        shown = shown_on(noor, day)
        assert set(shown.split()) == set(offered[1:])
        for seen in ("", "niets", offered[1], " ".join(offered)):
            refused = noor.post(day, {"on": "24-09-2026", "shown": seen})
            assert refused.status_code == 200
            assert "Ververs de bladzijde" in text_of(refused)
        assert Posting.objects.count() == 1
        rest = zipfile.ZipFile(io.BytesIO(noor.post(archive("letter_decision", 0)).getvalue()))
        assert len(rest.namelist()) == 3
        assert "al opgehaald" in text_of(noor.post(archive("letter_decision", 0), follow=True))
        assert "Nog op te halen: " not in opened(noor, "case_post", slug)
        assert "Ververs de bladzijde" in text_of(noor.post(day, {"on": "24-09-2026", "shown": shown}))
        assert Posting.objects.count() == 1
        assert put(world, offered[1:3], POSTED) == 2
        assert "Ververs de bladzijde" in text_of(noor.post(day, {"on": "24-09-2026", "shown": shown}))
        assert "Nog niet op de post: 6 brieven van 22 september 2026" in opened(noor, "cases")
        assert "6 brieven van 22 september 2026" in opened(noor, "case_round", slug)
        shown = shown_on(noor, day)
        for _ in range(2):
            assert noor.post(day, {"on": "24-09-2026", "shown": shown}).status_code == 302
        assert sorted(Posting.objects.values_list("posted_on", flat=True)) == [POSTED] * 9
        assert "van 22 september 2026" not in opened(noor, "cases")
        own = opened(browser_of(world.cast.anne), "own_case", slug)
        assert "Nog niet op de post" not in own
        assert ("nog niet bekendgemaakt" in own, "uiterlijk 5 november 2026" in own) == (False, True)
        letter = Letter.objects.get(uuid=offered[0])
        for page in (
            opened(noor, "letter", letter.uuid),
            opened(noor, "case", slug, letter.provider.uuid),
            opened(noor, "case_round", slug),
        ):
            assert "Brief van 22 september 2026; op de post gedaan op 24 september 2026" in page


def test_how_many_objections_there_are_does_not_make_the_board_slower(world: Adopted) -> None:
    def questions() -> int:
        with CaptureQueriesContext(connection) as captured:
            codes = {item.deadline.code for item in due.due()}
        assert {"decide", "post"} <= codes
        return len(captured)

    with at(D(2026, 9, 25)):
        one = cases.heard(world, filed(world, world.decision()))
        first = questions()
        for decision in Decision.objects.exclude(pk=one.decision_id).order_by("pk"):
            made = objections.register(
                decision=decision,
                channel=Channel.EMAIL,
                received_at=cases.now(),
                posted_on=None,
                grounds=["Te laag."],
                is_pro_forma=False,
                signed_by="Iemand",
                key="een",
                actor=world.noor,
            )
            admission.admit(objection=made, with_committee=False, actor=world.noor)
        cases.judged(world, one, "unfounded")
        assert questions() == first


def test_nobody_else_sees_or_writes_the_post(world: Adopted) -> None:
    letter = letter_of(world.decision())
    with at(POSTED):
        put(world, printed(world, letter), POSTED)
    user: User = world.cast.bram
    bram = browser_of(user)
    slug = world.round.slug
    for name, args in (
        ("case_post", [slug]),
        ("case_post_day", [slug, "2026-09-22"]),
        ("case_post_letters", [slug, "2026-09-22"]),
        ("case_post_archive", [slug, "2026-09-22", "letter_decision", 1]),
    ):
        ask = bram.post if name == "case_post_archive" else bram.get
        assert ask(reverse(name, args=args)).status_code == 403, name
    with scope(world.bram.database_scope):
        assert not Posting.objects.exists()
    assert Printing.objects.exists()
    with scope(world.anne.database_scope):
        assert Posting.objects.get().posted_on == POSTED
        assert not Printing.objects.exists()

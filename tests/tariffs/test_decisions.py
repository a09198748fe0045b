"""Decisions from intention to notification, for a whole round at once: who may take them, when, and what everybody is told."""

from __future__ import annotations

import datetime as dt
import hashlib
import html
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from ivportal.letters import posted
from ivportal.pages.cases.own import mirror_on_paper
from providers.models import Notice
from providers.refusal import Refused
from providers.texts import Text as RoundWording
from providers.texts import kinds, problems_of, save_text, text_of
from tariffs import consents, letters, standings
from tariffs.models import (
    Bandwidth,
    Channel,
    ConsentKind,
    Decision,
    DecisionStatus,
    Letter,
    LetterKind,
    Standing,
    StatementOfViews,
)
from tariffs.procedure import decisions, dossier, due, posting, timeline, views, withdrawing
from tariffs.procedure.case import case_of
from tariffs.procedure.files import Sent
from tests import storing
from tests.tariffs import cases
from tests.tariffs.cases import MONDAY, PDF, REASONS, Adopted, at

#: Fourteen days from the day after Monday 7 September 2026.
VIEWS_UNTIL = dt.date(2026, 9, 21)
S = DecisionStatus


@pytest.fixture(scope="module")
def stored(django_db_setup: None, django_db_blocker: Any) -> Iterator[Adopted]:
    with storing.stored(django_db_blocker):
        yield cases.adopted()


@pytest.fixture
def world(stored: Adopted, db: None) -> Adopted:
    return stored


def test_everybody_with_a_bandwidth_gets_a_decision_and_nobody_twice(world: Adopted) -> None:
    with at(MONDAY):
        count = decisions.prepare_all(release=world.release, actor=world.noor).done
        assert decisions.prepare_all(release=world.release, actor=world.rinske).done == 0
    assert count == Bandwidth.objects.filter(run=world.release.run, upper_rate__isnull=False).count() == 10
    found = world.decision()
    band = Bandwidth.objects.get(run=world.release.run, provider=world.cast.linde)
    assert found.figures["upper_rate"] == str(band.upper_rate)
    assert {item["product"] for item in found.figures["products"]} == {"days_5vv", "days_5vv_with_treatment"}
    assert not Decision.objects.visible_to(world.anne).exists()
    assert Letter.objects.count() == Notice.objects.filter(kind="case_letter").count() == 0


def test_an_intention_says_until_when_and_is_told_once(world: Adopted) -> None:
    with at(MONDAY):
        cases.announced(world)
        with pytest.raises(Refused, match="3:2"):
            decisions.announce_all(round=world.round, actor=world.rinske)
    found = world.decision()
    assert (found.status, found.views_until) == (S.ANNOUNCED, VIEWS_UNTIL)
    letter = Letter.objects.get(decision=found)
    assert "21 september 2026" in letter.body
    assert "art. 4:8 Awb" in letter.body
    assert "geen bezwaar" in letter.body
    assert "ook vóór die dag. Daarna kunt u niet meer aanvullen." in letter.body
    year = world.release.tariff_year
    assert f"De tarieven gelden van 1 januari {year} tot en met 31 december {year}." in letter.body
    told = Notice.objects.filter(kind="case_letter", provider=world.cast.linde)
    assert told.count() == told.values("recipient").distinct().count() > 1
    assert not Notice.objects.filter(kind="case_letter", body__contains="{").exists()


def test_an_intention_that_goes_later_leaves_as_many_days_to_speak(world: Adopted) -> None:
    """The policy lets the term run on to a working day; what went on the day on the letter, and what is drawn up, stays."""
    with at(MONDAY):
        cases.announced(world)
    first, second, third = Letter.objects.filter(kind=LetterKind.INTENDED, goes_by_post=True).order_by("pk")[:3]
    assert "evenveel dagen langer" in first.body
    assert first.decision is not None
    assert third.decision is not None
    before = VIEWS_UNTIL
    later = first.dated + dt.timedelta(days=3)
    put = {"round": world.round, "actor": world.noor}
    with at(first.dated):
        posting.take([first, second, third], actor=world.noor)
        posting.put_in_post(letters=[second.uuid], on=first.dated, **put)
    with at(later):
        posting.put_in_post(letters=[first.uuid], on=later, **put)
        until = Decision.objects.get(pk=first.decision_id).views_until
        assert until == before + dt.timedelta(days=3)
        assert Decision.objects.get(pk=second.decision_id).views_until == before
    with at(before + dt.timedelta(days=2)):
        with pytest.raises(Refused, match="4:8"):
            decisions.draft_all(round=world.round, actor=world.noor, reasons=REASONS, decisions=[first.decision.uuid])
        # Of the third nobody knows that it went: its time to speak cannot have begun, unless somebody spoke.
        with pytest.raises(Refused, match="niet vast dat de brief met het voornemen op de post is gedaan"):
            decisions.draft_all(round=world.round, actor=world.noor, reasons=REASONS, decisions=[third.decision.uuid])
        drafted = decisions.draft_all(round=world.round, actor=world.noor, reasons=REASONS)
        assert (drafted.done, [count for _, count in drafted.left if count]) == (1, [1, 8])
        assert "8 bleven liggen: van hun brief met het voornemen staat niet vast" in drafted.sentence
        views.write_down(
            decision=third.decision, text=views.WAIVED, channel=Channel.EMAIL, received_at=MONDAY, key="geen",
            actor=world.noor,
        )  # fmt: skip
        decisions.draft_all(round=world.round, actor=world.noor, reasons=REASONS, decisions=[third.decision.uuid])
        posting.put_in_post(letters=[third.uuid], on=later, **put)
        assert Decision.objects.get(pk=third.decision_id).views_until == before


def test_no_decision_before_the_time_to_speak_is_over(world: Adopted) -> None:
    with at(MONDAY):
        cases.announced(world)
        cases.posted(world)
    with at(dt.datetime(2026, 9, 21, 23, 59, tzinfo=MONDAY.tzinfo)):
        assert decisions.draft_all(round=world.round, actor=world.noor).done == 0
        with pytest.raises(Refused, match="4:8"):
            decisions.draft_all(round=world.round, actor=world.noor, decisions=[world.decision().uuid])
        views.waive(decision=world.decision(), key="geen", actor=world.anne)
        assert decisions.draft_all(round=world.round, actor=world.noor).done == 1
    with at(VIEWS_UNTIL + dt.timedelta(days=1)):
        assert decisions.draft_all(round=world.round, actor=world.noor).done == 9
        with pytest.raises(Refused, match="4:8"):
            views.give(decision=world.decision(), text="Nog iets.", key="laat", actor=world.anne)


def test_views_are_answered_before_there_is_a_decision(world: Adopted) -> None:
    with at(MONDAY):
        cases.announced(world)
        found = world.decision()
        for _ in range(2):
            said = views.give(
                decision=found, text="De huur telt dubbel.", key="een", sent=[Sent("huur.pdf", PDF)], actor=world.anne
            )
        oral = views.write_down(
            decision=found, text="Per telefoon: ook de dagen.", channel=Channel.ORAL, received_at=MONDAY, key="tel",
            actor=world.noor,
        )  # fmt: skip
        assert StatementOfViews.objects.count() == 2
        assert any(item.deadline.code == "react" and item.provider == world.cast.linde for item in due.due())
        with pytest.raises(Refused, match="3:46"):
            decisions.draft_all(round=world.round, actor=world.noor, decisions=[found.uuid])
        with pytest.raises(Refused, match="3:46"):
            views.react(views=said, reaction="Nee.", actor=world.noor)
        for item in (said, oral):
            views.react(views=item, reaction="De huur telt één keer mee.", actor=world.noor)
        decisions.draft_all(round=world.round, actor=world.noor, decisions=[found.uuid])
        decisions.send_all(round=world.round, actor=world.rinske, decisions=[found.uuid])
    body = Letter.objects.get(decision=found, kind=LetterKind.DECISION).body
    assert "> De huur telt dubbel." in body
    assert "De huur telt één keer mee." in body
    with pytest.raises(Refused, match="6:4"):
        views.give(decision=found, text="Nog iets.", key="na", actor=world.anne)


def test_one_draws_up_and_another_decides(world: Adopted) -> None:
    with at(MONDAY):
        cases.announced(world)
        cases.posted(world)
    with at(dt.date(2026, 9, 22)):
        decisions.draft_all(round=world.round, actor=world.noor, reasons=REASONS)
        with pytest.raises(Refused, match="3:2"):
            decisions.send_all(round=world.round, actor=world.noor, decisions=[world.decision().uuid])
        assert decisions.send_all(round=world.round, actor=world.noor).done == 0
        with pytest.raises(IntegrityError, match="another_than_who_drew_it_up"), transaction.atomic():
            Decision.objects.update(decided_by=world.cast.noor)
        outcome = decisions.send_all(round=world.round, actor=world.rinske)
        with pytest.raises(Refused, match="3:2"):
            decisions.send_all(round=world.round, actor=world.rinske)
    assert (outcome.done, outcome.left[0][1]) == (10, 0)
    found = world.decision()
    assert (found.status, found.sent_on, found.sent_how) == (S.SENT, dt.date(2026, 9, 22), Channel.POST)
    body = Letter.objects.get(decision=found, kind=LetterKind.DECISION).body
    assert "uiterlijk op 3 november 2026" in body
    assert f"tot en met 31 december {world.release.tariff_year}" in body
    assert REASONS in body
    for article in ("3:45", "6:5", "6:7", "6:8", "6:16"):
        assert f"art. {article} Awb" in body, article
    holds = standings.current(world.cast.linde, world.round)
    assert holds is not None
    assert (holds.status, holds.decision, holds.for_care_offices) == ("decided", found, True)
    assert Standing.objects.filter(provider=world.cast.linde).count() == 2


def test_who_consented_gets_it_in_the_portal_and_the_others_by_post(world: Adopted) -> None:
    with pytest.raises(Refused, match="Ondertekenen"):
        consents.give(
            kind=ConsentKind.ELECTRONIC_POST,
            provider=world.cast.linde,
            is_given=True,
            actor=cases.acting(world.cast.daan),
        )
    consents.give(kind=ConsentKind.ELECTRONIC_POST, provider=world.cast.linde, is_given=True, actor=world.anne)
    cases.sent(world)
    assert world.decision().sent_how == Channel.PORTAL
    assert set(Decision.objects.exclude(provider=world.cast.linde).values_list("sent_how", flat=True)) == {Channel.POST}
    assert "2:14" in Notice.objects.filter(kind="case_letter", provider=world.cast.linde)[0].body


def test_a_decision_can_go_back_and_an_intention_can_be_withdrawn(world: Adopted) -> None:
    with at(MONDAY):
        cases.announced(world)
        cases.posted(world)
        with pytest.raises(Refused, match="3:46"):
            withdrawing.withdraw(decision=world.decision(), reason="Nee", actor=world.noor)
        withdrawing.withdraw(decision=world.decision(), reason="Er komt een nieuwe berekening.", actor=world.noor)
        assert decisions.prepare_all(release=world.release, actor=world.noor).done == 1
    assert Notice.objects.filter(kind="case_changed", provider=world.cast.linde).exists()
    references = list(Decision.objects.filter(provider=world.cast.linde).values_list("reference", flat=True))
    assert len(set(references)) == 2
    with at(dt.date(2026, 9, 22)):
        anker = world.decision(world.cast.anker)
        decisions.draft_all(round=world.round, actor=world.noor, decisions=[anker.uuid], reasons="Eerste tekst.")
        decisions.take_back(decision=anker, reason="De motivering is te kort.", actor=world.rinske)
        assert world.decision(world.cast.anker).reasons == ""
        decisions.draft_all(round=world.round, actor=world.noor, decisions=[anker.uuid], reasons="Tweede tekst.")
        withdrawing.withdraw(decision=anker, reason="Er komt een nieuwe berekening.", actor=world.rinske)
        seen = case_of(provider=world.cast.anker, round=world.round, actor=world.noor)
        assert [event.text for event in timeline.events(seen) if event.what.endswith("opgesteld")] == ["Tweede tekst."]


@pytest.mark.parametrize("verb", ["announce_all", "draft_all", "send_all"])
def test_a_provider_decides_nothing(world: Adopted, verb: str) -> None:
    with pytest.raises(Refused, match="medewerker van de NZa"):
        getattr(decisions, verb)(round=world.round, actor=world.anne)


def test_hundreds_cost_no_more_questions_to_the_database_than_ten(world: Adopted) -> None:
    def queries(verb: Any) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            verb()
        return len(captured)

    with at(MONDAY):
        decisions.prepare_all(release=world.release, actor=world.noor)
        one = [world.decision().uuid]
        few = queries(lambda: decisions.announce_all(round=world.round, actor=world.noor, decisions=one))
        many = queries(lambda: decisions.announce_all(round=world.round, actor=world.noor))
        assert many <= few + 2
        cases.posted(world)
    with at(dt.date(2026, 9, 22)):
        decisions.draft_all(round=world.round, actor=world.noor)
        few = queries(lambda: decisions.send_all(round=world.round, actor=world.rinske, decisions=one))
        many = queries(lambda: decisions.send_all(round=world.round, actor=world.rinske))
        assert many <= few + 2


# ── letters and the file ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_letter_stays_what_it_was_and_its_pdf_can_be_read_aloud(world: Adopted) -> None:
    found = cases.sent(world)
    letter = Letter.objects.get(decision=found, kind=LetterKind.DECISION)
    assert letter.sha256 == letters.fingerprint(letter)
    first = posted(letter)
    save_text(
        round=world.round,
        kind="letter_decision",
        subject="Anders",
        body="{bandbreedte} {zienswijze} {motivering} {rechtsmiddel}",
        actor=world.noor,
    )
    assert posted(Letter.objects.get(pk=letter.pk)) == first
    assert b"/StructTreeRoot" in first
    assert re.search(rb"/Lang\s*\(nl", first)
    assert b"/Title" in first
    with pytest.raises(Exception, match="never changed"), transaction.atomic():
        Letter.objects.filter(pk=letter.pk).update(body="Iets anders")
    changed = Letter(subject=letter.subject, body=letter.body + "!", figures=letter.figures, dated=letter.dated)
    assert letters.fingerprint(changed) != letter.sha256


def test_what_the_law_wants_in_a_letter_cannot_be_taken_out(world: Adopted) -> None:
    for name in [kind for kind in kinds() if kind.startswith("letter_")]:
        kind = kinds()[name]
        assert not problems_of(kind, kind.default), name
        assert not re.search(r"[{}]", kind.example(kind.default).body), name
    with pytest.raises(Refused, match="rechtsmiddel"):
        save_text(
            round=world.round,
            kind="letter_decision",
            subject="Besluit",
            body="{bandbreedte} {zienswijze} {motivering}",
            actor=world.noor,
        )
    assert {kind.value for kind in LetterKind} <= set(kinds())
    assert text_of(world.round, "letter_decision") == kinds()["letter_decision"].default
    assert isinstance(kinds()["letter_decision"].default, RoundWording)


def test_what_a_provider_writes_never_looks_like_what_the_nza_says(world: Adopted) -> None:
    hostile = "## Besluit\nDe NZa geeft u gelijk.\n- en betaalt\n\n#set page(fill: red) *vet* $x$"
    blocks = letters.blocks(f"Intro\n\n{letters.quoted(hostile)}\n\n## Kop\n\n- een\n- twee\n\nSlot")
    assert [block.kind for block in blocks] == ["paragraph", "quote", "heading", "list", "paragraph"]
    assert "De NZa geeft u gelijk." in blocks[1].lines


def test_the_file_of_a_case_is_whole_and_says_so_itself(world: Adopted) -> None:
    with at(MONDAY):
        cases.announced(world)
        views.give(
            decision=world.decision(), text="De huur telt dubbel.", key="een", sent=[Sent("huur ë.pdf", PDF)],
            actor=world.anne,
        )  # fmt: skip
    facts: dict[str, Any] = {
        "provider": world.cast.linde,
        "round": world.round,
        "render": posted,
        "mirror": mirror_on_paper,
    }
    whole = dossier.bundle(actor=world.noor, **facts).read()
    assert whole == dossier.bundle(actor=world.noor, **facts).read()
    archive = zipfile.ZipFile(io.BytesIO(whole))
    assert archive.namelist()[-1] == "0-inventaris.html"
    index = archive.read("0-inventaris.html").decode()
    rows = re.findall(r'<a href="([^"]+)">.*?<code>([0-9a-f]{64})</code>', index, flags=re.S)
    assert sorted(html.unescape(path) for path, _ in rows) == sorted(set(archive.namelist()) - {"0-inventaris.html"})
    for path, digest in rows:
        assert hashlib.sha256(archive.read(html.unescape(path))).hexdigest() == digest, path
    assert any(archive.read(path) == PDF for path, _ in rows)
    # Numbers, names and the days of the archive itself all follow the order of time.
    names = [path.split("/")[1] for path, _ in rows]
    assert names == sorted(names)
    assert all(f"{n:03d}-2026-09-07-" in name for n, name in enumerate(names, start=1))
    assert {item.date_time for item in archive.infolist()} == {(2026, 9, 7, 10, 0, 0)}
    assert {path.split("/")[0] for path, _ in rows} == {
        "1-spiegel-en-duiding",
        "2-voornemen-en-zienswijze",
        "5-tijdlijn",
    }
    assert any(name.endswith("-huur-e.pdf") for name in names)
    mirror = next(path for path, _ in rows if path.endswith("spiegel-versie-1.pdf"))
    assert archive.read(mirror).startswith(b"%PDF")
    assert re.search(r"<td>Spiegel, versie 1[^<]*</td>\s*<td>[1-9]</td>", index)
    own = zipfile.ZipFile(dossier.bundle(actor=world.anne, **facts))
    timeline = own.read(next(name for name in own.namelist() if name.startswith("5-tijdlijn"))).decode()
    assert "voorbereid" not in timeline
    assert "Het Anker" not in timeline + own.read("0-inventaris.html").decode()

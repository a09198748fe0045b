"""Objections that are treated together, on the pages of the NZa: what they share, who reads what, and who is heard apart."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from providers.refusal import Refused
from tariffs.models import Consequence, Ground, Hearing, Letter, LetterKind, Objection, ObjectionGroup
from tariffs.models import ObjectionOutcome as O
from tariffs.procedure import admission, groups, hearings, rulings
from tariffs.procedure.files import Sent
from tests.cast import browser_of
from tests.tariffs import cases
from tests.tariffs.cases import PDF, REASONS, Adopted, at, filed

pytestmark = pytest.mark.usefixtures("db")

SHARED = "De huisvesting telt te laag mee."
HEARD_ON = dt.date(2026, 10, 20)


@pytest.fixture
def world(db: None) -> Adopted:
    world = cases.adopted()
    cases.sent(world)
    return world


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def step(client: Client, objection: Objection, name: str, **said: Any) -> str:
    """Take a step on its page; return what the page says if it was refused, and nothing if it was taken."""
    answer = client.post(reverse("objection_step", args=[objection.uuid, name]), said)
    return "" if answer.status_code == 302 else text_of(answer)


def test_what_a_group_shares_is_seen_written_answered_and_read_once_and_with_care(world: Adopted) -> None:
    noor, slug = browser_of(world.cast.noor), world.round.slug
    with at(dt.date(2026, 9, 25)):
        mine = filed(world, world.decision(), grounds=[f"{SHARED.upper()} ", "Onze grond is te duur gerekend."])
        theirs = filed(
            world, world.decision(world.cast.anker), grounds=[SHARED, "Het gebouw telt niet goed."], actor=world.bram
        )
        joining = {"name": "Huisvesting", "objections": [str(mine.uuid), str(theirs.uuid)]}
        page = reverse("new_objection_group", args=[slug])
        for ground in ("Onze grond is te duur gerekend.", "Het gebouw telt niet goed."):
            assert ground in text_of(noor.get(page))
        spoken_for = text_of(noor.post(page, {**joining, "representative": "Actiz"}))
        assert f"bij De Linde ({mine.reference}), Het Anker ({theirs.reference}) is geen machtiging" in spoken_for
        assert noor.post(page, joining).status_code == 302
        group = ObjectionGroup.objects.get()
        page = reverse("objection_group", args=[group.uuid])
        seen = text_of(noor.get(page))
        assert "Het gebouw telt niet goed." in seen
        assert groups.words_of(groups.in_common(group)) == groups.words_of(SHARED)
        assert "Dit lezen De Linde en Het Anker." in text_of(noor.post(page, {"text": "Zoals bij Het Anker."}))
        noor.post(page, {"text": SHARED})
        mine.refresh_from_db()
        assert [ground.text for ground in rulings.grounds_of(mine)] == [SHARED, "Onze grond is te duur gerekend."]
        assert groups.in_common(group) == ""
        for item in (mine, theirs):
            admission.admit(objection=Objection.objects.get(pk=item.pk), with_committee=False, actor=world.noor)
        when = {"at_day": f"{HEARD_ON:%Y-%m-%d}", "at_time": "14:00", "place": "Utrecht"}
        assert "art. 7:6, tweede lid" in text_of(noor.get(reverse("objection_step", args=[mine.uuid, "hoorzitting"])))
        assert step(noor, mine, "hoorzitting", **when) == ""
    with at(HEARD_ON + dt.timedelta(days=1)):
        noor = browser_of(world.cast.noor)
        told = "Aanwezig was De Linde. De keuken van Het Anker kost € 1,2 mln."
        warned = step(noor, mine, "verslag", text=told)
        assert "Dit lezen De Linde en Het Anker, ook in hun dossier." in warned
        assert "Hierin staat ‘De Linde’, ‘Het Anker’" in warned
        assert "blijven staan." in step(noor, mine, "verslag", text=told, names=["De Linde"])
        assert step(noor, mine, "verslag", text="Aanwezig was De Linde. Zij lichtte toe.", names=["De Linde"]) == ""
        assert Hearing.objects.get().report.endswith("Zij lichtte toe.")
        shared, other = rulings.grounds_of(Objection.objects.get(pk=mine.pk))
        verdicts = {f"verdict_{shared.pk}": "unfounded", f"verdict_{other.pk}": f"gedeeld-{shared.pk}"}
        named = {**verdicts, f"reasons_{shared.pk}": "Bij Het Anker ook niet."}
        assert "Dit lezen De Linde en Het Anker." in step(noor, mine, "gronden", **named)
        assert step(noor, mine, "gronden", **{**verdicts, f"reasons_{shared.pk}": REASONS}) == ""
    other = Ground.objects.get(pk=other.pk)
    assert (other.verdict, "gedeelde grond 1" in other.reasons) == ("unfounded", True)
    assert all(ground.verdict for ground in rulings.grounds_of(Objection.objects.get(pk=mine.pk)))
    assert not Ground.objects.get(objection=theirs, number=2).verdict
    # What is thought of it for another counts here too, and what was drawn up here rests on it no more.
    rulings.draft(objection=mine, outcome=O.DISMISSED, reasons=REASONS, consequence=Consequence.NONE, actor=world.noor)
    noor = browser_of(world.cast.noor)
    theirs = Objection.objects.get(pk=theirs.pk)
    page = noor.get(reverse("objection_step", args=[mine.uuid, "gronden"])).context["form"].fields
    said = (page[f"verdict_{other.pk}"].initial, page[f"reasons_{other.pk}"].initial)
    assert said == (f"gedeeld-{shared.pk}", "")
    shared, _ = rulings.grounds_of(theirs)
    rulings.judge(objection=theirs, verdicts={shared.pk: ("founded", REASONS)}, actor=world.noor)
    mine = Objection.objects.get(pk=mine.pk)
    assert (mine.outcome, mine.drafted_by) == ("", None)
    assert [ground.verdict for ground in rulings.grounds_of(mine)] == ["founded", "founded"]
    # In the file it stands as it was filed.
    filed_as = browser_of(world.cast.anne).get(reverse("own_bundle", args=[slug]))
    with zipfile.ZipFile(io.BytesIO(b"".join(filed_as.streaming_content))) as bundle:
        (name,) = [each for each in bundle.namelist() if mine.reference in each and each.endswith(".txt")]
        kept = bundle.read(name).decode()
    assert f"Gedeelde grond 1: {SHARED}" in kept
    assert f"Grond 1: {SHARED.upper()}" in kept
    groups.leave(objection=mine, actor=world.noor)
    assert [ground.verdict for ground in rulings.grounds_of(Objection.objects.get(pk=mine.pk))] == ["", ""]


def test_one_of_a_group_is_heard_apart_and_her_report_is_read_by_nobody_else(world: Adopted) -> None:
    noor = browser_of(world.cast.noor)
    with at(dt.date(2026, 9, 25)):
        proven = {"representative": "Actiz", "mandate": [Sent("machtiging.pdf", PDF)]}
        mine = filed(world, world.decision(), **proven)
        theirs = filed(world, world.decision(world.cast.anker), actor=world.bram)
        both = {"round": world.round, "name": "Keukens", "objections": [mine.uuid, theirs.uuid], "actor": world.noor}
        with pytest.raises(Refused, match=r"bij Het Anker \S+ is geen machtiging"):
            groups.join(**both, representative="Actiz")
        groups.join(**both)
        for item in (mine, theirs):
            admission.admit(objection=Objection.objects.get(pk=item.pk), with_committee=False, actor=world.noor)
        when = {"at_day": f"{HEARD_ON:%Y-%m-%d}", "at_time": "14:00", "place": "Utrecht"}
        assert step(noor, mine, "hoorzitting", **when, apart="on") == ""
        cancelling = reverse("objection_step", args=[mine.uuid, "afzeggen"])
        said = [
            text_of(noor.post(cancelling, {"reason": "De Linde kan dan niet."}, follow=True)) for _ in ("once", "again")
        ]
        assert ("gaat niet door" in said[0], "Dat was al gedaan" in said[1]) == (True, True)
        assert step(noor, mine, "hoorzitting", **when, apart="on") == ""
    invitations = Letter.objects.filter(kind=LetterKind.HEARING)
    assert [hearings.TOGETHER in letter.body for letter in invitations] == [False, False], "hers, twice"
    assert set(Objection.objects.values_list("provider__name", "status")) == {
        ("De Linde", "hearing"),
        ("Het Anker", "admitted"),
    }
    with at(HEARD_ON + dt.timedelta(days=1)):
        noor = browser_of(world.cast.noor)
        about = text_of(noor.get(reverse("objection_step", args=[mine.uuid, "verslag"])))
        assert "Dit leest De Linde, ook in het dossier." in about
        # Her own name is no news to her.
        assert step(noor, mine, "verslag", text="De keuken van De Linde kost € 1,2 mln, zei Anne.") == ""
    slug = world.round.slug
    assert "€ 1,2 mln" in text_of(browser_of(world.cast.anne).get(reverse("own_case", args=[slug])))
    assert "€ 1,2 mln" not in text_of(browser_of(world.cast.bram).get(reverse("own_case", args=[slug])))

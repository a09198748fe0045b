"""The pages of a case, looked at and clicked through by those it concerns, and refused to everybody else."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from providers.models import Act, AuditRecord
from tariffs.models import CaseFile, Decision, Letter, LetterKind, Objection, Settlement, StatementOfViews
from tariffs.policies import set_policy
from tests import storing
from tests.cast import browser_of
from tests.tariffs import cases
from tests.tariffs.cases import PDF, REASONS, Adopted


@pytest.fixture(scope="module")
def stored(django_db_setup: None, django_db_blocker: Any) -> Iterator[Adopted]:
    with storing.stored(django_db_blocker):
        yield cases.adopted()


@pytest.fixture
def world(stored: Adopted, db: None) -> Adopted:
    return stored


def post(client: Client, url: str, **said: Any) -> Any:
    response = client.post(url, said)
    assert response.status_code == 302, text_of(response)[200:1500]
    return response


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_the_procedure_is_played_on_the_pages(world: Adopted) -> None:
    noor, rinske = browser_of(world.cast.noor), browser_of(world.second)
    anne, slug = browser_of(world.cast.anne), world.round.slug
    assert "Er is nog geen (voorgenomen) besluit" in text_of(anne.get(reverse("own_cases")))
    assert anne.get(reverse("own_case", args=[slug])).status_code == 404
    post(noor, reverse("case_round_step", args=[slug, "voorbereiden"]))
    # Nothing that is prepared can be seen.
    assert anne.get(reverse("own_case", args=[slug])).status_code == 404
    post(noor, reverse("case_round_step", args=[slug, "bekendmaken"]))
    assert "; nog niet op de post" in text_of(noor.get(reverse("case_round", args=[slug])))
    page = text_of(anne.get(reverse("own_case", args=[slug])))
    assert "U kunt een zienswijze geven" in page
    assert "art. 4:8 Awb" in page
    answer = anne.post(reverse("give_views", args=[slug]), {"zienswijze": " "})
    assert answer.status_code == 409
    post(
        anne,
        reverse("give_views", args=[slug]),
        zienswijze="De huur telt dubbel mee.",
        sleutel="een",
        bestanden=SimpleUploadedFile("huur.pdf", PDF),
    )
    post(anne, reverse("give_views", args=[slug]), zienswijze="De huur telt dubbel mee.", sleutel="een")
    views = StatementOfViews.objects.get()
    assert CaseFile.objects.get().views == views
    linde = reverse("case", args=[slug, world.cast.linde.uuid])
    assert "nog niet wat de NZa ervan vindt" in text_of(noor.get(linde))
    assert "Overweeg een zienswijze" in text_of(noor.get(reverse("cases")))
    decision = world.decision()
    step = lambda name: reverse("decision_step", args=[decision.uuid, name])  # noqa: E731
    assert "3:46" in text_of(noor.post(step("opstellen"), {"reasons": ""}))
    post(
        noor,
        reverse("views_step", args=[views.uuid, "overweging"]),
        consideration="De huur telt één keer mee, zie bijlage.",
    )
    assert "De huur telt één keer" not in text_of(anne.get(reverse("own_case", args=[slug])))
    post(noor, step("opstellen"), reasons=REASONS)
    assert "3:2" in text_of(noor.post(step("vaststellen")))
    with CaptureQueriesContext(connection) as asked:
        seen = text_of(rinske.get(step("vaststellen")))
    assert not any('"tariffs_mirrorreport"."content"' in query["sql"] for query in asked)
    for part in (
        "De huur telt één keer mee",
        "De huur telt dubbel mee",
        "Gelijk aan het voornemen",
        "Noor",
        "Concept",
        REASONS,
    ):
        assert part in seen, part
    seen = text_of(rinske.get(reverse("case_round_step", args=[slug, "vaststellen"]), {"zoek": "linde"}))
    assert "ja ja Noor Concept van de brief aan De Linde" in seen, seen[500:3000]
    assert "Opbrengst bij de hoogste tarieven" in seen
    assert Letter.objects.filter(kind=LetterKind.DECISION).count() == 0
    post(rinske, step("vaststellen"))
    page = text_of(anne.get(reverse("own_case", args=[slug])))
    assert "Er is een besluit" in page
    assert "De huur telt één keer" in page
    assert "Maak bezwaar" in page
    post(
        anne,
        reverse("object", args=[slug]),
        grond=["De huur telt dubbel.", "De dagen kloppen niet."],
        naam="Anne de Wit",
        sleutel="b",
    )
    objection = Objection.objects.get()
    from tariffs.procedure.objections import settle_standings

    settle_standings()
    step = lambda name: reverse("objection_step", args=[objection.uuid, name])  # noqa: E731
    post(noor, step("behandelen"))
    assert noor.post(step("toewijzen"), {"to": world.cast.anne.pk}).status_code == 200
    post(noor, step("toewijzen"), to=world.second.pk)
    assert "Rinske de Ronde" in text_of(noor.get(reverse("cases")))
    post(noor, step("niet-horen"), ground="c", reason="Zij ziet daarvan af, zei zij.")
    page = text_of(noor.get(linde))
    assert ("Niet gehoord (art. 7:3 Awb)" in page, "Gehoord " in page) == (True, False)
    form = noor.get(step("gronden")).content.decode()
    names = re.findall(r'name="(verdict_\d+)"', form)
    assert len(names) == 2
    verdicts = dict.fromkeys(names, "founded")
    post(noor, step("gronden"), **verdicts, **{name.replace("verdict", "reasons"): REASONS for name in names})
    set_policy(round=world.round, actor=world.noor, objections_settled=Settlement.FULL_RERUN)
    assert re.search(r"\(nu 17\.351\).*Nieuw getal 1", text_of(noor.get(step("gegevens"))))
    assert "Nieuw getal" not in text_of(noor.get(step("opstellen")))
    set_policy(round=world.round, actor=world.noor, objections_settled=Settlement.FROZEN_FRONTIER)
    assert "gegevens/" not in noor.get(linde).content.decode()
    post(
        noor,
        step("opstellen"),
        outcome="granted",
        consequence="frozen_frontier",
        reasons=REASONS,
        measure_1="days_5vv",
        value_1="19.351",
    )
    page = text_of(anne.get(reverse("own_case", args=[slug])))
    assert "gegrond" not in page.lower()
    assert REASONS not in page.split("Uw bezwaar")[1]
    assert "U stelde deze beslissing zelf op" in text_of(noor.post(step("beslissen")))
    assert "art. 10:3, derde lid" in text_of(rinske.post(step("beslissen"))).split("Wat gebeurt er dan")[0]
    ineke = browser_of(world.ineke.user)
    with CaptureQueriesContext(connection) as asked:
        seen = text_of(ineke.get(step("beslissen")))
    assert not any('"tariffs_mirrorreport"."content"' in query["sql"] for query in asked)
    for part in ("Verschil met besluit", "Maximale kosten", "Concept", "Uw bezwaar is gegrond.", "Ineke Vos", REASONS):
        assert part in seen, part
    # To the NZa in the third person; to the provider, in the letter, in the second. What changed stands in both.
    for part in (
        "Het bezwaar is gegrond.",
        "Alleen de eigen cijfers van de aanbieder",
        "Alleen uw eigen cijfers",
        "19.351",
    ):
        assert part in seen, part
    assert re.search(r"Met deze andere gegevens rekende de NZa:.*: was [\d.,]+, wordt 19\.351", seen, re.DOTALL)
    assert "procentpunt" in seen
    for client, why in (
        (noor, "U stelde deze beslissing zelf op: een collega"),
        (rinske, "U nam het besluit waartegen"),
    ):
        for url in (step("beslissen"), linde):
            page = text_of(client.get(url))
            assert why in page
            assert not re.search(r"\bBeslis\b", page)
        assert "(een collega)" in text_of(client.get(step("beslissen")))
    assert client.get(linde).content.decode().count("nl-button--primary") == 0
    assert ineke.get(linde).content.decode().count("nl-button--primary") == 1
    assert text_of(rinske.get(reverse("objection_concept", args=[objection.uuid]))).count("niet verstuurd") == 1
    assert "gegevens/" not in noor.get(linde).content.decode()
    post(ineke, step("beslissen"))
    assert "De brief is nog op de post te doen" in text_of(ineke.get(linde))
    assert "Neem de gegevens over" in text_of(noor.get(linde))
    assert re.search(r"Wat gebeurt er dan\?.*19\.351\.", text_of(noor.get(step("gegevens"))))
    post(noor, step("gegevens"))
    assert "Gegevens overgenomen bij bezwaar" in text_of(anne.get(reverse("own_case", args=[slug])))
    assert "Neem de gegevens over" not in text_of(noor.get(linde))
    page = text_of(anne.get(reverse("own_case", args=[slug])))
    assert "Uw bezwaar is gegrond." in page
    assert "in beroep bij het College van Beroep" in page
    assert "Beroepstermijn" in page
    assert "Bezwaartermijn" not in page
    assert "Voor andere zorgaanbieders verandert er niets" in page
    letter = Letter.objects.get(kind=LetterKind.OBJECTION_DECISION)
    pdf = anne.get(reverse("letter_pdf", args=[letter.uuid]))
    assert pdf.content.startswith(b"%PDF")
    assert pdf.content == noor.get(reverse("letter_pdf", args=[letter.uuid])).content
    assert b"/StructTreeRoot" in pdf.content
    assert b"/Lang" in pdf.content
    assert letter.sha256 in text_of(anne.get(reverse("letter", args=[letter.uuid])))
    bundle = anne.get(reverse("own_bundle", args=[slug]))
    archive = zipfile.ZipFile(io.BytesIO(bundle.getvalue()))
    assert any(name.endswith("huur.pdf") for name in archive.namelist())
    assert AuditRecord.objects.filter(act=Act.CASE_DOWNLOADED, user=world.cast.anne).count() == 1
    for client, url in ((noor, reverse("cases")), (noor, linde), (noor, reverse("case_round", args=[slug]))):
        assert client.get(url).status_code == 200


def test_a_case_is_nobody_elses(world: Adopted) -> None:
    decision = cases.sent(world)
    with cases.at(dt.date(2026, 9, 25)):
        objection = cases.filed(world, decision)
    letter = Letter.objects.filter(provider=world.cast.linde)[0]
    slug = world.round.slug
    bram, karim, greet, daan = (
        browser_of(user) for user in (world.cast.bram, world.cast.karim, world.cast.greet, world.cast.daan)
    )
    for name, args in (
        ("letter", [letter.uuid]),
        ("letter_pdf", [letter.uuid]),
        ("supplement_objection", [slug, objection.uuid]),
        ("withdraw_objection", [slug, objection.uuid]),
        ("notice_of_default", [slug, objection.uuid]),
    ):
        assert bram.get(reverse(name, args=args)).status_code == 404, name
        assert karim.get(reverse(name, args=args)).status_code == 403, name
    for name in ("own_case", "own_bundle", "give_views", "object"):
        assert karim.get(reverse(name, args=[slug])).status_code == 403, name
    for name in ("cases", "own_cases"):
        assert karim.get(reverse(name)).status_code == 403
    assert bram.get(reverse("cases")).status_code == 403
    assert bram.get(reverse("case", args=[slug, world.cast.linde.uuid])).status_code == 403
    assert bram.get(reverse("objection_step", args=[objection.uuid, "behandelen"])).status_code == 403
    # Who only reads, reads; who may only fill in does not object.
    page = text_of(greet.get(reverse("own_case", args=[slug])))
    assert "Trek het bezwaar in" not in page
    anker = browser_of(cases.somebody_at(world.cast.anker, name="Lezer"))
    page = text_of(anker.get(reverse("own_case", args=[slug])))
    assert "Maak bezwaar" not in page
    assert "Dat doet een collega" in page
    assert greet.post(reverse("give_views", args=[slug])).status_code == 403
    for client in (greet, daan):
        assert client.post(reverse("object", args=[slug])).status_code == 403
        assert client.post(reverse("withdraw_objection", args=[slug, objection.uuid])).status_code == 403
        assert client.post(reverse("post_consent")).status_code == 403
    assert Decision.objects.filter(provider=world.cast.linde).count() == 1
    page = text_of(bram.get(reverse("own_case", args=[slug])))
    assert "De Linde" not in page
    assert decision.reference not in page

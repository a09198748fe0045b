"""After a whole procedure: what one provider or care office can fetch tells nothing of another, in no notation and no packing.

The search digs: PDF, workbooks, archives in archives, compressed and encoded parts of pages, headers, and the API. That it sees a
leak is tested first, with one of each kind.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import struct
import zipfile
from collections.abc import Iterator
from functools import cache
from typing import Any

import openpyxl
import pytest
from django.db.models import QuerySet
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from ivportal.letters import letter
from providers.models import Provider, User
from tariffs.models import (
    AgreedTariff,
    CaseFile,
    Decision,
    InterpretationResponse,
    Letter,
    MirrorReport,
    Objection,
    PublicNoteItem,
    TariffAgreement,
)
from tests.access.hidden import secrets_of, told
from tests.access.played import Played, play
from tests.access.reading import Fetched, fetch_all, numbers_in, text_of
from tests.access.test_matrix import MATRIX, address_of
from tests.access.unpacking import text_in
from tests.access.world import somebody_of
from tests.api.calling import key_for
from tests.cast import browser_of
from tests.delivering import acting
from tests.ivportal.test_letters import FACTS
from tests.storing import stored

METHOD = "/methode/"
SECRET = 9_271_833.67
#: Who objected, with success; and a peer of many, about whom there is a decision.
PROVIDERS = ("99900001", "99900003")
OFFICERS = ("karim",)


# ── that the search sees what is there ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "written",
    [
        "9271833.67", "9.271.833,67", "9,271,833.67", "9 271 833,67", "9\u00a0271\u00a0833,67", "9\u202f271\u202f833,67",
        "9&nbsp;271&nbsp;833,67", "9&#8239;271&#8239;834", "9'271'833.67", "9271834", "9.271.834", "€ 9.271.833,67-",
        "9.27183367e6", "9.27183367E+06", "9,27183e+6", "9272 duizend", "9.272 duizend", "9271,83k", "9,27183 mln",
        r"9\u00a0271\u00a0833,67", "%39%32%37%31%38%33%34", "x=9271833.67&y", "<td>9.271.834</td>", "-9271833.67",
    ],
)  # fmt: skip
def test_the_search_sees_a_figure_in_every_notation(written: str) -> None:
    within = 2e-4 if "duizend" in written else 2e-5
    for text in (written, f"<p>Kosten: {written}.</p>", json.dumps({"kosten": written})):
        assert told(sorted(numbers_in(text_in(text.encode()))), SECRET, within=within), text


def packed() -> dict[str, bytes]:
    """Return a figure in each packing that somebody can open with ordinary tools."""
    plain = "Kosten: € 9.271.833,67".encode()
    document = letter("receipt", {**FACTS, "statement": "Kosten: € 9.271.833,67"})
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active["B2"] = SECRET
    sheet = io.BytesIO()
    book.save(sheet)
    made = {"a letter": document, "a workbook": sheet.getvalue(), "a compressed file": gzip.compress(plain)}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in made.items():
            bundle.writestr(name, content)
    hidden_name = io.BytesIO()
    with zipfile.ZipFile(hidden_name, "w") as bundle:
        bundle.writestr("kosten-9271834.txt", "niets")
    inside = {
        "a letter in a page": document,
        "compressed in a page": gzip.compress(plain),
        "letters for bytes": plain,
        "numbers as bytes": struct.pack("<d", SECRET),
        "small numbers as bytes": struct.pack("<fff", 1.5, SECRET, 2.5),
        "whole numbers as bytes": struct.pack("<iii", 1, round(SECRET), 2),
    }
    pages = {
        name: f'<script type="application/json">{{"bdata": "{base64.b64encode(content).decode()}"}}</script>'.encode()
        for name, content in inside.items()
    }
    return {**made, "an archive of all": archive.getvalue(), "a name in an archive": hidden_name.getvalue(), **pages}


@pytest.mark.parametrize("kind", list(packed()))
def test_the_search_sees_a_figure_in_every_packing(kind: str) -> None:
    assert told(sorted(numbers_in(text_in(packed()[kind]))), SECRET, within=2e-5)


def test_the_search_sees_what_only_a_header_tells() -> None:
    answer = HttpResponse("Niets.", headers={"ETag": '"kosten-9271833.67"'})
    page = Fetched("/", 200, tuple(answer.headers.items()), text_of(answer))
    assert told(page.numbers, SECRET, within=2e-5)
    assert not told(sorted(numbers_in(page.text)), SECRET, within=2e-5)


# ── after a procedure ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def stored_play(django_db_setup: None, django_db_blocker: Any) -> Iterator[Played]:
    """Play the procedure, once for all tests of this module."""
    with stored(django_db_blocker):
        yield play()


@pytest.fixture
def played(stored_play: Played, db: None) -> Played:
    """Give the world after it."""
    return stored_play


def guesses() -> list[str]:
    """Return the addresses of everything that belongs to one provider: who has one of these in hand may try it."""
    found = [
        reverse(name, args=[pk])
        for name, pks in (
            ("letter", Letter.objects.values_list("uuid", flat=True)),
            ("letter_pdf", Letter.objects.values_list("uuid", flat=True)),
            ("case_file", CaseFile.objects.values_list("uuid", flat=True)),
            ("own_response", InterpretationResponse.objects.values_list("uuid", flat=True)),
            ("mirror_report", MirrorReport.objects.values_list("uuid", flat=True)),
            ("mirror_pdf", MirrorReport.objects.values_list("uuid", flat=True)),
            ("report_responses", MirrorReport.objects.values_list("uuid", flat=True)),
        )
        for pk in pks
    ]
    for objection in Objection.objects.select_related("decision__round"):
        args = [objection.decision.round.slug, objection.uuid]
        found += [reverse(name, args=args) for name in ("supplement_objection", "notice_of_default")]
    return found


@cache
def fetched(played: Played, person: User) -> dict[str, Fetched]:
    """Return all that somebody can fetch, in a browser and with a key: by links, by every address there is, and by guessing."""
    world = played.world
    tried = [address_of(world, case.name, case.places) for case in MATRIX if case.method == "get"]
    rounds = [world.round.slug, world.unreleased.dataset.round.slug, "bestaat-niet"]
    of_the_api = [
        reverse("api_rounds"), reverse("api_bandwidths"), f"{reverse('api_bandwidths')}?jaar=2025", reverse("api_openapi"),
        *(reverse(f"api_{name}", args=[slug]) for slug in rounds for name in ("round", "submissions", "delivery", "data")),
        reverse("api_receipt", args=[world.signed.uuid]),
    ]  # fmt: skip
    found = fetch_all(browser_of(person), also=[*tried, *guesses()], but=METHOD)
    caller = Client(headers={"Authorization": f"Bearer {key_for(acting(person))}"})
    for address in of_the_api:
        answer = caller.get(address)
        found[f"api {address}"] = Fetched(address, answer.status_code, tuple(answer.headers.items()), text_of(answer))
    return found


def of_provider(played: Played, key: str) -> dict[str, Fetched]:
    return fetched(played, somebody_once(Provider.objects.get(key=key)))


@cache
def somebody_once(provider: Provider) -> User:
    return somebody_of(provider)


def figures_of(played: Played, provider: Provider) -> dict[str, float]:
    """Return what nobody else may learn: what was computed, and what was decided since."""
    found = secrets_of(played.world, provider)
    for decision in Decision.objects.filter(provider=provider):
        for name in ("minimum", "maximum"):
            found[f"{name} in {decision.reference}"] = float(decision.figures[name])
    return found


def everybody() -> QuerySet[Provider]:
    """Return all that were computed."""
    return Provider.objects.filter(mirror_reports__isnull=False).distinct()


def test_everything_there_is_was_really_fetched(played: Played) -> None:
    """Of each kind something: pages, letters, files, the dossier, the export, the API; and own words and figures are found."""
    own = of_provider(played, "99900001")
    opened = {address for address, page in own.items() if page.status == 200}
    for kind in ("/spiegel/", "/besluiten/proef-2024/", "/brieven/", "/duiding/", "/bestanden/", "dossier", "api "):
        assert any(kind in address for address in opened), f"nothing of {kind}: {sorted(opened)}"
    everything = "\n".join(page.said for page in own.values())
    assert [word for word in played.words["99900001"] if word not in everything] == []
    numbers = sorted(numbers_in(everything))
    found = figures_of(played, played.world.cast.linde)
    assert len([name for name in found if "minimum in" in name]) == 2
    for name, figure in found.items():
        if name.startswith("m"):
            assert told(numbers, figure, within=1e-4), name
    office = "\n".join(page.said for page in fetched(played, played.world.cast.karim).values())
    assert [word for word in played.words["karim"] if word not in office] == []
    assert TariffAgreement.objects.count() >= 3
    assert not AgreedTariff.objects.exists()


@pytest.mark.parametrize("key", PROVIDERS)
def test_no_provider_reads_a_figure_of_another(played: Played, key: str) -> None:
    viewer = Provider.objects.get(key=key)
    own = sorted(figures_of(played, viewer).values())
    others = {
        f"{name} of {other}": secret
        for other in everybody().exclude(pk=viewer.pk)
        for name, secret in figures_of(played, other).items()
        if not told(own, secret, within=1e-3)
    }
    leaks = found_in(of_provider(played, key), others)
    assert leaks == []


def found_in(pages: dict[str, Fetched], secrets: dict[str, float]) -> list[str]:
    """Return where which figure is told."""
    found = []
    for address, page in pages.items():
        numbers = page.numbers
        found += [f"{address}: {name}" for name, secret in secrets.items() if told(numbers, secret, within=2e-5)]
    return found


@pytest.mark.parametrize("who", [*PROVIDERS, *OFFICERS])
def test_nobody_reads_what_another_said_or_was_told(played: Played, who: str) -> None:
    pages = fetched(played, getattr(played.world.cast, who)) if who in OFFICERS else of_provider(played, who)
    others = [word for owner, words in played.words.items() if owner != who for word in words]
    assert len(others) > 20
    assert [
        f"{address}: {word}" for address, page in pages.items() for word in others if word in page.said.lower()
    ] == []


@pytest.mark.parametrize("key", PROVIDERS)
def test_no_provider_reads_who_else_there_is(played: Played, key: str) -> None:
    """Peers have no names here; nor do those whose objections are treated together."""
    viewer = Provider.objects.get(key=key)
    for other in everybody().exclude(pk=viewer.pk):
        for address, page in of_provider(played, key).items():
            for name in (other.name, other.key, str(other.uuid)):
                assert name not in page.said, f"{address} names {name}"


@pytest.mark.parametrize("who", OFFICERS)
def test_no_care_office_reads_costs_decisions_or_objections(played: Played, who: str) -> None:
    secrets = {
        f"{name} of {provider}": secret
        for provider in everybody()
        for name, secret in figures_of(played, provider).items()
    }
    pages = fetched(played, getattr(played.world.cast, who))
    assert found_in(pages, secrets) == []
    marks = [
        *Objection.objects.values_list("reference", flat=True),
        *Decision.objects.values_list("reference", flat=True),
    ]
    assert [f"{address}: {mark}" for address, page in pages.items() for mark in marks if mark in page.said] == []


def test_a_leak_that_is_planted_is_found(played: Played) -> None:
    """In a note that everybody reads, as somebody of the NZa might write it by mistake."""
    anker = played.world.cast.anker
    secret = secrets_of(played.world, anker)["total cost"]
    item = PublicNoteItem.objects.get(note=played.world.note)
    note = reverse("public_note", args=[item.note.uuid])
    client = browser_of(played.world.cast.anne)
    others = {"total cost": secret}
    assert found_in({note: page_of(client, note)}, others) == []
    # What was published never changes: the mistake is in a note that is written now.
    new = type(item.note).objects.create(round=item.note.round, number=2, prepared_by=played.world.cast.noor)
    new.items.create(
        number=1, question="Hoeveel?", answer=f"Een ander had € {secret:,.0f} aan kosten.".replace(",", ".")
    )
    type(new).objects.filter(pk=new.pk).update(
        published_by=played.world.cast.maria, published_at=item.note.published_at
    )
    planted = reverse("public_note", args=[new.uuid])
    assert found_in({planted: page_of(client, planted)}, others) == [f"{planted}: total cost"]


def page_of(client: Client, address: str) -> Fetched:
    answer = client.get(address)
    return Fetched(address, answer.status_code, tuple(answer.headers.items()), text_of(answer))

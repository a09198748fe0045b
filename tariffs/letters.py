"""Letters of the procedure: put together from the texts of the round, frozen with a hash when they are sent, and told once.

A letter to a provider without consent to electronic post (Awb 2:14) goes by post as well, whatever it says: it waits to be
printed (``tariffs.procedure.posting``). Consent counts as it is when the letter is written. Only answers in the interpretation
period are in the portal alone: they are informal, no step in a procedure of the law, and nothing begins with them.

Who has a proxy for an objection gets every letter about it through the proxy (Awb 6:17), who has no account here: by post,
whatever the provider consented to, with a copy in the portal. That begins once there is a mandate (Awb 2:1): before it the
letters go to the provider itself, and say why.

The text is plain: paragraphs, headings (``## ``), lists (``- ``), quotes (``> ``). :func:`blocks` reads it back, for the page
and for the PDF alike. What people wrote themselves goes in by :func:`quoted`, so that it cannot look like what the NZa says.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.conf import settings
from django.urls import reverse

from providers import notices
from providers.access import Actor
from providers.audit import record_each
from providers.formatting import format_date
from providers.mandates import people_of_each
from providers.models import Act, Location, Provider, Round
from providers.texts import text_of
from tariffs import consents
from tariffs.marks import mark_of
from tariffs.models import (
    CaseFile,
    Channel,
    ConsentKind,
    Decision,
    FileKind,
    InterpretationResponse,
    Letter,
    LetterKind,
    Objection,
)
from tariffs.terms import amsterdam_day

BlockKind = Literal["heading", "paragraph", "list", "quote"]
#: Informal: these are in the portal alone, also for who gets the others by post.
PORTAL_ONLY = frozenset({LetterKind.ANSWER})
MARKS: dict[str, BlockKind] = {"## ": "heading", "- ": "list", "> ": "quote"}
BY_PORTAL = "U koos ervoor om post langs elektronische weg te ontvangen (art. 2:14 Awb). De brief is daarmee aan u bekendgemaakt."
BY_POST = (
    "U krijgt deze brief per post. Wilt u zulke brieven voortaan in het portaal ontvangen? Dat regelt u bij ‘Besluiten’"
    " (art. 2:14 Awb)."
)
BY_PROXY = "De brief gaat per post naar uw gemachtigde, {name} (art. 6:17 Awb). In het portaal staat een kopie."
#: How most letters begin; to a proxy that is not right.
TO_DIRECTOR, TO_PROXY = "Geachte bestuurder,", "Geachte gemachtigde,"
#: The text with which letters to a proxy end.
TO_A_PROXY = "letter_to_proxy"
FIRST_LINE = "T.a.v. {proxy}, gemachtigde van {own}"


@dataclass(frozen=True)
class Block:
    """A part of a letter: a heading, a paragraph, a list or a quote, with its lines."""

    kind: BlockKind
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """A letter that is about to be sent. ``facts``: what its text asks for besides the common ones.

    ``text``: which text of ``providers/texts.toml`` it is, if not that of its kind. ``later``: what its ``termijnzin`` says
    besides if it goes by post, of what happens if it is put in the post on a later day.
    """

    kind: LetterKind
    provider: Provider
    round: Round
    reference: str
    facts: Mapping[str, str]
    figures: Mapping[str, Any] | None = None
    decision: Decision | None = None
    objection: Objection | None = None
    response: InterpretationResponse | None = None
    is_told: bool = field(default=True)
    later: str = ""
    text: str = ""

    @property
    def text_name(self) -> str:
        """Return which text it is."""
        return self.text or self.kind.value


def send(letter: Outgoing, *, actor: Actor | None, at: datetime) -> Letter:
    """Send one letter; see :func:`send_all`."""
    (sent,) = send_all([letter], actor=actor, at=at)
    return sent


def send_all(letters: Sequence[Outgoing], *, actor: Actor | None, at: datetime) -> list[Letter]:
    """Store letters as they are sent, and tell the people of each provider once. In few queries, however many there are.

    Call it inside the transaction of what happened, in a scope that sees everything: a provider writes no letters of the NZa.
    """
    if not letters:
        return []
    made = composed(letters, actor=actor, at=at)
    Letter.objects.bulk_create(made, batch_size=200)
    record_each(
        act=Act.LETTER_SENT,
        actor=actor,
        details={"count": len(made)},
        subjects=[f"{row.get_kind_display()} {row.reference}" for row in made],
    )
    _tell([row for row, letter in zip(made, letters, strict=True) if letter.is_told])
    return made


def composed(letters: Sequence[Outgoing], *, actor: Actor | None, at: datetime) -> list[Letter]:
    """Return letters as they would be sent by ``actor`` at a moment; nothing is stored and nobody is told."""
    texts = {
        (round, name): text_of(round, name)
        for round, name in {(letter.round, letter.text_name): None for letter in letters}
    }
    providers = {letter.provider.pk for letter in letters}
    addresses = _addresses(providers)
    here = gets_post_here(providers)
    proxies = _proxies(letters)
    closings = {round: text_of(round, TO_A_PROXY) for round in {letter.round for letter in letters} if proxies}
    made = []
    for letter in letters:
        proxy = proxies.get(letter.objection.pk, "") if letter.objection is not None else ""
        goes_by_post = _goes_by_post(letter, here, proxy)
        said = dict(letter.facts)
        if goes_by_post and letter.later:
            said["termijnzin"] = f"{said['termijnzin']} {letter.later}"
        common = {
            "aanbieder": letter.provider.name,
            "ronde": letter.round.title,
            "boekjaar": str(letter.round.book_year),
            "zaak": letter.reference,
            "portaal": f"{settings.PORTAL_ADDRESS.rstrip('/')}{path_of(letter.round)}",
        }
        text = texts[letter.round, letter.text_name].filled({**common, **said})
        closing = closings[letter.round].filled(common).body if proxy else ""
        body = _addressed(letter, text.body, addresses, proxy, closing)
        row = Letter(
            provider=letter.provider,
            round=letter.round,
            kind=letter.kind,
            response=letter.response,
            decision=letter.decision,
            objection=letter.objection,
            reference=letter.reference,
            subject=text.subject[:250],
            body=body,
            figures=dict(letter.figures) if letter.figures is not None else None,
            dated=amsterdam_day(at),
            goes_by_post=goes_by_post,
            sent_at=at,
            sent_by=actor.user if actor else None,
        )
        row.sha256 = fingerprint(row)
        made.append(row)
    return made


def _goes_by_post(letter: Outgoing, here: frozenset[int], proxy: str) -> bool:
    """Tell whether a letter is printed and posted too; one with a decision goes as the decision says that it is made known."""
    if letter.kind in PORTAL_ONLY:
        return False
    if proxy:
        return True
    if letter.decision is not None and letter.decision.sent_how:
        return letter.decision.sent_how == Channel.POST
    return letter.provider.pk not in here


def proxy_of(letter: Letter) -> str:
    """Return the name of the proxy to whom a letter about an objection was addressed (Awb 6:17); empty if it was to nobody."""
    name = letter.objection.representative if letter.objection is not None else ""
    return name if name and letter.body.startswith(FIRST_LINE.format(proxy=name, own="")) else ""


def _proxies(letters: Sequence[Outgoing]) -> dict[int, str]:
    """Return the proxies who have shown a mandate (Awb 2:1), by objection."""
    named = {
        letter.objection.pk: letter.objection.representative
        for letter in letters
        if letter.objection is not None and letter.objection.representative
    }
    if not named:
        return {}
    shown = CaseFile.objects.filter(objection__in=named, kind=FileKind.MANDATE).values_list("objection", flat=True)
    return {pk: named[pk] for pk in shown if pk is not None}


def _addressed(letter: Outgoing, body: str, addresses: Mapping[int, str], proxy: str, closing: str) -> str:
    """Return the text of a letter under its address; that of a proxy stands in the objection, if somebody filled it in.

    ``closing``: what a letter to a proxy ends with.
    """
    own, text = letter.provider.name, body.strip()
    if not proxy:
        head = addresses.get(letter.provider.pk) or own
        return _tidy(f"{head}\n\n{text}\n\n{_without_mandate(letter)}")
    assert letter.objection is not None
    head = "\n".join([FIRST_LINE.format(proxy=proxy, own=own), *letter.objection.representative_address.splitlines()])
    if text.startswith(TO_DIRECTOR):
        text = f"{TO_PROXY}{text.removeprefix(TO_DIRECTOR)}"
    return _tidy(f"{head}\n\n{text}\n\n{closing}")


def _without_mandate(letter: Outgoing) -> str:
    """Say why a letter about an objection does not go to who is named as proxy; empty if nobody is."""
    name = letter.objection.representative if letter.objection is not None else ""
    if not name:
        return ""
    return (
        f"{name} is genoemd als uw gemachtigde, maar bij het bezwaar is nog geen machtiging (art. 2:1, tweede lid, Awb). Daarom"
        " gaat deze brief naar u. Is de machtiging er, dan gaan de volgende brieven naar uw gemachtigde (art. 6:17 Awb)."
    )


def how_it_goes(letter: Letter) -> str:
    """Say to the people of a provider how a letter reaches them."""
    if proxy := proxy_of(letter):
        return BY_PROXY.format(name=proxy)
    return BY_POST if letter.goes_by_post else BY_PORTAL


def fingerprint(letter: Letter) -> str:
    """Return the SHA-256 of what a letter says: subject, text, figures and date in canonical form."""
    said = {
        "subject": letter.subject,
        "body": letter.body,
        "figures": letter.figures,
        "dated": letter.dated.isoformat(),
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def blocks(body: str) -> list[Block]:
    """Return the parts of a letter in order."""
    found: list[Block] = []
    kind: BlockKind = "paragraph"
    lines: list[str] = []

    def close() -> None:
        if lines:
            found.append(Block(kind, tuple(lines)))
            lines.clear()

    for line in body.splitlines():
        if not line.strip():
            close()
            continue
        now: BlockKind = next((of for mark, of in MARKS.items() if line.startswith(mark)), "paragraph")
        if now != kind or now == "heading":
            close()
        kind = now
        lines.append(line[2:].lstrip("# ").strip() if now != "paragraph" else line.strip())
    close()
    return found


def quoted(text: str) -> str:
    """Return what somebody wrote as a quote: none of it reads as a heading or a sentence of the NZa."""
    return "\n".join(f"> {line.strip()}" for line in text.splitlines() if line.strip())


def plain_lines(text: str) -> str:
    """Return what a member of staff wrote as paragraphs: no headings, lists stay."""
    return "\n".join(line.lstrip("#> ") if line.startswith(("#", ">")) else line for line in text.strip().splitlines())


def path_of(round: Round) -> str:
    """Return where a provider finds its case of a round."""
    return reverse("own_case", args=[round.slug])


def gets_post_here(providers: Collection[int]) -> frozenset[int]:
    """Return which of these providers consented to electronic post (Awb 2:14)."""
    return consents.given(kind=ConsentKind.ELECTRONIC_POST) & frozenset(providers)


def _addresses(providers: set[int]) -> dict[int, str]:
    """Return name and postal address of each provider, from its first location."""
    found: dict[int, str] = {}
    rows = Location.objects.filter(provider__in=providers).select_related("provider").order_by("provider", "number")
    for place in rows:
        street = place.street
        lines = [place.provider.name, street, f"{place.postcode} {place.place}".strip()]
        found.setdefault(place.provider_id, "\n".join(line for line in lines if line))
    return found


def _tidy(body: str) -> str:
    """Return a text without gaps where a placeholder was filled with nothing."""
    return re.sub(r"\n{3,}", "\n\n", body.replace("\r\n", "\n")).strip()


def _tell(letters: Sequence[Letter]) -> None:
    people = people_of_each({letter.provider_id for letter in letters})
    for round in {letter.round: None for letter in letters}:
        notices.tell_all(
            kind="case_letter",
            round=round,
            path=path_of(round),
            messages=[
                notices.Message(
                    to=people.get(letter.provider_id, []),
                    provider=letter.provider,
                    occasion=f"letter {letter.uuid}",
                    facts={
                        "onderwerp": letter.get_kind_display().lower(),
                        "zaak": letter.reference,
                        "hoe": how_it_goes(letter),
                        "termijn": "",
                    },
                )
                for letter in letters
                if letter.round_id == round.pk
            ],
        )


def answers(responses: Sequence[InterpretationResponse], *, actor: Actor | None, at: datetime) -> list[Letter]:
    """Send the answers to responses as letters; who is answered is told by the channel itself."""
    return send_all([_answer(response) for response in responses], actor=actor, at=at)


def _answer(response: InterpretationResponse) -> Outgoing:
    round = response.report.release.round
    said = [quoted(response.text) or "> Akkoord", plain_lines(response.answer), f"({response.get_outcome_display()})"]
    return Outgoing(
        kind=LetterKind.ANSWER,
        provider=response.provider,
        round=round,
        reference=f"{mark_of(round)}-R{str(response.uuid)[:8].upper()}",
        facts={
            "antwoorden": f"## {response.get_item_display()}\n\n" + "\n\n".join(said),
            "ondertekenaar": response.answered_by.name if response.answered_by else "",
        },
        response=response,
        is_told=False,
    )


def clause(*, channel: str, until: date, starts: date | None, articles: Sequence[str], whom: str, needs: str) -> str:
    """Return where somebody can go who disagrees, until when and with what (Awb 3:45 for objections, 6:23 for appeals).

    Which day the letter is really put in the post is not known when it is written. So it says the last day if that is the day on
    the letter, the day before ``starts``; and that there is more time if it is later (Awb 3:41, 6:8).
    """
    dated = (
        f"op {format_date(starts - timedelta(days=1))}, de datum van deze brief"
        if starts
        else "op de datum van deze brief"
    )
    return (
        f"U kunt {channel} bij {whom}. Dat kan binnen zes weken na de dag waarop deze brief is verzonden ({', '.join(articles)})."
        f" Is dat {dated}, dan kan het uiterlijk op {format_date(until)}. Is de brief later op de post gedaan, dan heeft u langer"
        f" de tijd: de laatste dag staat in het portaal. {needs}"
    )

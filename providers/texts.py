"""The texts with which the portal speaks: the portal's own, and those that the NZa puts in their place in a round.

A text has placeholders in braces: those of :data:`COMMON`, and the ``facts`` that its entry in ``texts.toml`` names. What is
filled in is never looked through again, so braces in a reason or a name stay what they are.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.db import transaction

from providers import powers
from providers.access import Actor
from providers.audit import record
from providers.models import Act, Round, RoundText
from providers.refusal import Refused

#: Placeholders of every text, with what they stand for and an example.
COMMON: dict[str, tuple[str, str]] = {
    "naam": ("de naam van wie het bericht krijgt", "Anne de Wit"),
    "aanbieder": ("de naam van de zorgaanbieder", "Stichting De Linde"),
    "ronde": ("de naam van de ronde", "Integrale Vergelijking 2026"),
    "boekjaar": ("het boekjaar van de ronde", "2025"),
    "termijn": ("tot wanneer deze zorgaanbieder mag aanleveren", "14 mei 2026 om 23.59 uur"),
    "vraagbaak": ("wie vragen beantwoordt: de zin die bij de ronde staat", "Bel de helpdesk van de NZa: 030 000 0000."),
    "adres": ("het adres van de bladzijde waar het om gaat", "https://portaal.example.org/aanlevering/iv-2026/"),
}
#: Those of what is no mail: what somebody signs says the same for whoever signs it, and has no address.
OF_A_STATEMENT = ("aanbieder", "ronde", "boekjaar")
#: Further placeholders, each in some texts only.
SPECIAL: dict[str, tuple[str, str]] = {
    "reden": ("de reden, zoals de NZa of de collega die opschreef", "Het tabblad met zorgdagen telt niet op."),
    "wie": ("de naam van wie dit deed", "Daan Mulder"),
    "versie": ("het nummer van de ingediende versie", "2"),
    "moment": ("wanneer de aanlevering binnenkwam", "12 mei 2026 om 16.04 uur"),
    "kenmerk": ("het kenmerk (SHA-256) van het document dat is ondertekend", "3f9a5c07d2e1"),
    "aantal": ("hoeveel signaleringen erbij kwamen", "3"),
    "organisatie": ("voor welke organisatie", "Stichting De Linde"),
    "bevoegdheden": ("wat iemand mag", "Gegevens invullen"),
    "status": ("de status van de uitkomsten", "voorlopig"),
    "nieuw": ("wat er nieuw is en waarom, zoals de NZa dat opschreef", "Twee aanbieders verbeterden hun gegevens."),
    "nummer": ("het nummer van een nota van inlichtingen", "2"),
    "einde": ("tot wanneer de bevoegdheid geldt", "31 december 2026"),
    "zaak": ("het kenmerk van het besluit of het bezwaar", "IV-2026-0012"),
    "onderwerp": ("waar de brief over gaat", "Besluit IV-2026-0012"),
    "hoe": ("hoe de brief wordt verstuurd", "De brief is in het portaal aan u bekendgemaakt."),
    "portaal": ("het adres van de zaak in het portaal", "https://portaal.example.org/besluiten/iv-2026/"),
    "ondertekenaar": ("wie de brief namens de NZa verstuurt", "Noor Bakker"),
    "bandbreedte": ("minimum en maximum, in regels", "- Minimaal: 88,4 % van de maximumtarieven"),
    "termijnzin": ("de termijn met het artikel waarop zij berust", "U heeft tot en met 4 januari 2027 (art. 4:8 Awb)."),
    "zienswijze": ("wat de NZa zegt van de zienswijze", "U gaf geen zienswijze."),
    "motivering": ("de redenen die de NZa opschreef", "De kosten van huisvesting tellen volledig mee."),
    "rechtsmiddel": (
        "waar, tot wanneer en hoe iemand in bezwaar of beroep kan; de wet schrijft dit voor (art. 3:45 en 6:23 Awb)",
        "U kunt tot en met 4 januari 2027 bezwaar maken.",
    ),
    "ontvangst": (
        "wanneer het bezwaar binnenkwam, en of dat op tijd was",
        "Ontvangen op 4 januari 2027. Dat is op tijd.",
    ),
    "gevraagd": ("wat er nog ontbreekt", "de gronden van uw bezwaar"),
    "zitting": ("wanneer en waar de hoorzitting is", "4 januari 2027 om 10.00 uur, Newtonlaan 1 in Utrecht"),
    "gronden": ("elke bezwaargrond met het oordeel en de redenen", "## Grond 1"),
    "uitkomst": ("wat er op het bezwaar is beslist, in een zin", "Uw bezwaar is gegrond."),
    "gevolg": ("wat daaruit volgt voor het besluit", "Het besluit blijft zoals het is."),
    "stand": ("of de beslistermijn stilstaat of weer loopt", "De termijn om te beslissen staat stil (art. 4:15 Awb)."),
    "horen": ("waarom er geen hoorzitting was", "De NZa hield geen hoorzitting (art. 7:3, onder a, Awb)."),
    "vervolg": ("of er een nieuw voornemen volgt", "U krijgt een nieuw voornemen."),
    "antwoorden": ("de reactie en wat de NZa daarop antwoordt", "U schreef: de zorgdagen kloppen niet."),
}
LONGEST_SUBJECT = 200
LONGEST_BODY = 10_000
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Text:
    """A subject line and a body, with placeholders or filled in."""

    subject: str
    body: str

    def filled(self, facts: Mapping[str, str]) -> Text:
        """Return the text with its placeholders filled in; the subject stays one line, whatever the facts hold."""

        def fill(written: str) -> str:
            return _PLACEHOLDER.sub(lambda found: facts[found[1]], written)

        return Text(" ".join(fill(self.subject).split()), fill(self.body))

    def body_for(self, **facts: str) -> str:
        """Return the body filled with ``facts``."""
        return self.filled({**dict.fromkeys(_PLACEHOLDER.findall(self.subject), ""), **facts}).body


@dataclass(frozen=True)
class Kind:
    """One kind of text, as ``texts.toml`` describes it."""

    name: str
    label: str
    purpose: str
    facts: tuple[str, ...]
    is_mail: bool
    of_round: bool
    default: Text
    required: tuple[str, ...] = ()
    """Placeholders without which the text does not do what it is for."""

    @property
    def placeholders(self) -> dict[str, tuple[str, str]]:
        """Return the placeholders that are allowed, with what they stand for and an example."""
        common = COMMON if self.is_mail else {name: COMMON[name] for name in OF_A_STATEMENT}
        return {**common, **{name: SPECIAL[name] for name in self.facts}}

    def example(self, text: Text) -> Text:
        """Return ``text`` filled with example values."""
        return text.filled({name: example for name, (_, example) in self.placeholders.items()})


@cache
def kinds() -> Mapping[str, Kind]:
    """Return every kind of text by its name, in the order of the file."""
    content = tomllib.loads(Path(__file__).with_name("texts.toml").read_text(encoding="utf-8"))
    return {
        name: Kind(
            name=name,
            label=entry["label"],
            purpose=entry["purpose"],
            facts=tuple(entry["facts"]),
            is_mail=entry.get("is_mail", True),
            of_round=entry.get("of_round", True),
            default=Text(entry["subject"], entry["body"].strip()),
            required=tuple(entry.get("required", ())),
        )
        for name, entry in content.items()
    }


def text_of(round: Round | None, kind: str) -> Text:
    """Return the text of ``kind`` with its placeholders: the one of the round, or else the portal's own."""
    own = RoundText.objects.filter(round=round, kind=kind).first() if round is not None else None
    return Text(own.subject, own.body) if own is not None else kinds()[kind].default


def save_text(*, round: Round, kind: str, subject: str, body: str, actor: Actor | None) -> None:
    """Put a text of the NZa in the place of the portal's own. Raises :class:`Refused` with what is wrong with it."""
    powers.require_staff(actor)
    described = kinds()[kind]
    text = Text(" ".join(subject.split()), body.replace("\r\n", "\n").strip())
    problems = problems_of(described, text)
    if problems:
        raise Refused(" ".join(problems))
    with transaction.atomic():
        RoundText.objects.update_or_create(
            round=round, kind=kind, defaults={"subject": text.subject, "body": text.body}
        )
        record(act=Act.TEXT_CHANGED, actor=actor, subject=f"{described.label} in {round}", details={"kind": kind})


def reset_text(*, round: Round, kind: str, actor: Actor | None) -> None:
    """Use the portal's own text again."""
    powers.require_staff(actor)
    with transaction.atomic():
        gone, _ = RoundText.objects.filter(round=round, kind=kind).delete()
        if gone:
            subject = f"{kinds()[kind].label} in {round}"
            record(act=Act.TEXT_CHANGED, actor=actor, subject=subject, details={"kind": kind, "default": True})


def copy_texts(*, source: Round, target: Round) -> None:
    """Give a round the texts of another one; those it has already stay."""
    RoundText.objects.bulk_create(
        (
            RoundText(round=target, kind=own.kind, subject=own.subject, body=own.body)
            for own in RoundText.objects.filter(round=source)
        ),
        ignore_conflicts=True,
    )


def problems_of(kind: Kind, text: Text) -> list[str]:
    """Return what is wrong with a text, as Dutch sentences."""
    problems = []
    if not text.subject or not text.body:
        problems.append("Vul een onderwerp en een tekst in.")
    if len(text.subject) > LONGEST_SUBJECT:
        problems.append(f"Maak het onderwerp korter: niet langer dan {LONGEST_SUBJECT} tekens.")
    if len(text.body) > LONGEST_BODY:
        problems.append("Maak de tekst korter: niet langer dan 10.000 tekens.")
    written = f"{text.subject}\n{text.body}"
    used = _PLACEHOLDER.findall(written)
    unknown = sorted({name for name in used if name not in kind.placeholders})
    allowed = ", ".join(f"{{{name}}}" for name in kind.placeholders)
    if unknown:
        names = ", ".join(f"{{{name}}}" for name in unknown)
        problems.append(f"{names} kan het portaal hier niet invullen. U kunt gebruiken: {allowed}.")
    if re.search(r"[{}]", _PLACEHOLDER.sub("", written)):
        problems.append(f"Er staat een accolade die geen geheel is. Schrijf een invulplek precies zo: {allowed}.")
    for name in kind.required:
        if name not in _PLACEHOLDER.findall(text.body):
            problems.append(f"Laat {{{name}}} in de tekst staan: {kind.placeholders[name][0]}.")
    if kind.is_mail and "adres" not in _PLACEHOLDER.findall(text.body):
        problems.append("Laat {adres} in de tekst staan. Zonder dat adres weet de lezer niet waar hij verder kan.")
    return problems

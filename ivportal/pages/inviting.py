"""NZa: inviting providers to a round and people to a provider, from pasted lists. Every line is right, or nothing is done."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction

from ivportal.pages.reach import in_words, providers_in_words
from ivportal.pages.steps import Step
from providers import desk, mandates
from providers.access import Actor
from providers.models import Power, Provider, Round, RoundStatus
from providers.refusal import Refused

MOST_LINES = 1000
#: Of a list that is wrong all over, so many lines are named.
MOST_PROBLEMS = 30
_KVK = re.compile(r"\d{8}")
_HEADS = ("kvk", "kvk-nummer", "kvknummer")


def _numbered(text: str) -> list[tuple[int, str]]:
    """Return the lines that say something, with their numbers."""
    return [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]


def _kvk(text: str) -> str:
    """Return a KvK number as it is stored; what is none is returned as it is."""
    bare = re.sub(r"(?i)kvk|[\s.:]", "", text)
    return bare if _KVK.fullmatch(bare) else text.strip()


def _refuse(problems: list[str]) -> None:
    if problems:
        more = len(problems) - MOST_PROBLEMS
        rest = [f"En nog {in_words(more, 'regel', 'regels')} waar iets niet klopt."] if more > 0 else []
        raise ValidationError(
            [*problems[:MOST_PROBLEMS], *rest, "Er is nog niets gedaan. Verbeter de lijst en probeer opnieuw."]
        )


def _known(keys: set[str]) -> dict[str, Provider]:
    return {provider.key: provider for provider in Provider.objects.filter(key_scheme="kvk", key__in=keys)}


def _require_few(lines: list[Any]) -> None:
    if not lines:
        raise ValidationError("Zet ten minste één regel in de lijst.")
    if len(lines) > MOST_LINES:
        raise ValidationError(f"Dit zijn {len(lines)} regels. Doe het in delen van hoogstens {MOST_LINES}.")


class InviteForm(forms.Form):
    """KvK numbers, one on a line."""

    numbers = forms.CharField(
        label="KvK-nummers",
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text="Eén nummer per regel. Plakken uit een spreadsheet kan.",
        error_messages={"required": "Zet ten minste één KvK-nummer in de lijst."},
    )

    def clean_numbers(self) -> list[Provider]:
        """Return the providers of the list; every line that is no number, or of nobody we know, is named."""
        lines = [(number, _kvk(line)) for number, line in _numbered(self.cleaned_data["numbers"])]
        if lines and lines[0][1].lower() in _HEADS:
            lines = lines[1:]
        _require_few(lines)
        known = _known({key for _, key in lines})
        problems = []
        for number, key in lines:
            if not _KVK.fullmatch(key):
                problems.append(f"Regel {number}: ‘{key[:40]}’ is geen KvK-nummer. Dat heeft acht cijfers.")
            elif key not in known:
                problems.append(f"Regel {number}: {key} staat niet in het portaal. Controleer het nummer.")
        _refuse(problems)
        return list(known.values())


@dataclass(frozen=True)
class Contact:
    """Somebody to invite, from line ``number``."""

    number: int
    provider: Provider
    email: str
    name: str


class ContactsForm(forms.Form):
    """People of providers, one on a line."""

    contacts = forms.CharField(
        label="Contactpersonen",
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text="Op elke regel: KvK-nummer;e-mailadres;naam. Een CSV-bestand uit een spreadsheet kunt u hier plakken.",
        error_messages={"required": "Zet ten minste één regel in de lijst."},
    )
    powers = forms.MultipleChoiceField(
        label="Wat mogen zij, behalve lezen?",
        required=False,
        choices=[(power.value, power.label) for power in Power],
        widget=forms.CheckboxSelectMultiple,
        help_text="Geef een eerste contactpersoon ‘Bevoegdheden beheren’: die nodigt de collega’s uit.",
    )

    def clean_contacts(self) -> list[Contact]:
        """Return who is on the list; every line that is wrong is named."""
        lines = _numbered(self.cleaned_data["contacts"])
        rows = [(number, [cell.strip() for cell in _cells(line)]) for number, line in lines]
        if rows and rows[0][1] and rows[0][1][0].lower() in _HEADS:
            rows = rows[1:]
        _require_few(rows)
        known = _known({_kvk(cells[0]) for _, cells in rows if cells})
        found, problems = [], []
        for number, cells in rows:
            key = _kvk(cells[0]) if cells else ""
            if len(cells) != 3 or not all(cells):
                problems.append(
                    f"Regel {number}: schrijf drie delen met puntkomma’s ertussen: KvK-nummer;e-mailadres;naam."
                )
            elif not _KVK.fullmatch(key):
                problems.append(f"Regel {number}: ‘{key[:40]}’ is geen KvK-nummer. Dat heeft acht cijfers.")
            elif key not in known:
                problems.append(f"Regel {number}: {key} staat niet in het portaal. Controleer het nummer.")
            else:
                found.append(Contact(number, known[key], cells[1].lower(), cells[2][:120]))
        _refuse(problems)
        return found


def _cells(line: str) -> list[str]:
    """Return the parts of a line: parted by semicolons, or by tabs as a spreadsheet pastes them."""
    parted = ";" if ";" in line else "\t"
    return next(csv.reader([line.replace("\0", "")], delimiter=parted))


def invite(round: Round, said: dict[str, Any], actor: Actor) -> str:
    """Invite the providers of a list."""
    wanted: list[Provider] = said["numbers"]
    new = desk.invite(round=round, providers=wanted, actor=actor)
    before = len(wanted) - new
    again = f" {providers_in_words(before)} {'stond' if before == 1 else 'stonden'} al op de lijst." if before else ""
    return f"{providers_in_words(new)} toegevoegd.{again}"


def invite_contacts(round: Round, said: dict[str, Any], actor: Actor) -> str:
    """Give everybody on a list a mandate; who has one already keeps it. One line that is refused, and nothing is done."""
    contacts: list[Contact] = said["contacts"]
    problems = []
    new = 0
    with transaction.atomic():
        for contact in contacts:
            if mandates.mandates_of(contact.provider).filter(user__email=contact.email).exists():
                continue
            try:
                mandates.invite(
                    provider=contact.provider,
                    email=contact.email,
                    name=contact.name,
                    powers=said["powers"],
                    actor=actor,
                )
            except Refused as refused:
                problems.append(f"Regel {contact.number}: {refused}")
            else:
                new += 1
        if problems:
            raise Refused("\n".join([*problems[:MOST_PROBLEMS], "Er is nog niemand uitgenodigd."]))
    before = len(contacts) - new
    again = f" {in_words(before, 'regel')}: die persoon had al een bevoegdheid." if before else ""
    return f"{in_words(new, 'persoon', 'personen')} uitgenodigd.{again}"


def _following(round: Round) -> list[str]:
    if round.status == RoundStatus.OPEN:
        return ["De ronde is open: wie u toevoegt krijgt meteen een uitnodiging, als er iemand met een bevoegdheid is."]
    return ["De ronde is nog een concept: wie u toevoegt krijgt een uitnodiging zodra u haar opent."]


INVITING: tuple[Step[Round], ...] = (
    Step(
        name="uitnodigen",
        title="Welke aanbieders nodigt u uit?",
        button="Voeg aanbieders toe",
        is_open=lambda item: item.status in (RoundStatus.DRAFT, RoundStatus.OPEN),
        follows=_following,
        form=InviteForm,
        act=invite,
    ),
    Step(
        name="contactpersonen",
        title="Wie zijn de contactpersonen van de aanbieders?",
        button="Nodig mensen uit",
        is_open=lambda item: item.status != RoundStatus.ARCHIVED,
        follows=lambda item: [
            "Wie nieuw is krijgt een account en een e-mail. Wie al een bevoegdheid voor die aanbieder heeft, houdt die.",
            "Klopt één regel niet, dan wordt niemand uitgenodigd.",
        ],
        form=ContactsForm,
        initial=lambda item: {"powers": [Power.ADMINISTER, Power.DELIVER]},
        act=invite_contacts,
    ),
)

"""The form of figures: what was typed, read as the Dutch write it, and what stands in it when it is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from django.http import QueryDict

from providers.checking import FEWEST_LETTERS, Verdict, key_of, says_why
from providers.checks import rules
from providers.contents import EXPLANATION, FIGURE, LOCATIONS, ORGANISATION, REMARKS, UNREAD, Contents
from providers.formatting import format_exact, format_number
from providers.free_text import plain
from providers.measures import CATALOGUE, Measure
from providers.reference import region_code
from providers.workbook.client_data import ClientDataError, refuse_client_data_in_texts
from providers.workbook.content import ReadLocation
from providers.workbook.numbers import NumberError, parse_number

LONGEST_TEXT: Final = 2000
LONGEST_FIGURE: Final = 60
CLIENTS: Final = (
    "Hier staan burgerservicenummers of andere gegevens van personen. Haal ze weg: die mogen wij niet bewaren."
)
LONGEST_NAME: Final = 120
MOST_LOCATIONS: Final = 1000
LARGEST: Final = Decimal(10) ** 12
NEVER_NEGATIVE: Final = {"days", "count", "months", "class", "fte", "years", "duration", "share"}
PLACE_FIELDS: Final = ("number", "name", "street", "postcode", "place", "region")
ORGANISATION_LABELS: Final = {
    "legal_form": "Rechtsvorm",
    "agb_code": "AGB-code",
    "nza_number": "NZa-nummer",
}
EXPLANATION_HELP: Final = f"Schrijf in een zin waarom het klopt: ten minste {FEWEST_LETTERS} letters."
#: Name of the box that says of a cell that could not be read: it stays empty.
EMPTY: Final = "leeg:"
_AGB, _NZA = re.compile(r"[0-9]{8}"), re.compile(r"[0-9]{2,4}-[0-9]{1,5}")
_POSTCODE = re.compile(r"([1-9][0-9]{3}) ?([A-Za-z]{2})")
_NUMBER = re.compile(r"[0-9]{12}")
_STORED = Decimal("0.000001")
#: Who filled in 56 for 0.56 has to see 56, not 5,600 %.
AS_PERCENTAGE: Final = 2


@dataclass
class Typed:
    """What somebody typed: changes by part that could be read, and what could not be with the reason."""

    changes: dict[str, Any] = field(default_factory=dict)
    raw: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def refuse(self, part: str, reason: str) -> None:
        """Keep the reason why a part could not be read."""
        self.errors.setdefault(part, reason)


def read_form(posted: QueryDict, measures: list[str]) -> Typed:
    """Read every part that the form holds; a part that was not sent stays as it is."""
    typed = Typed()
    for code in measures:
        part = f"{FIGURE}{code}"
        if part in posted:
            # Nothing is taken out of a figure: two pasted cells with a tab between them are no number.
            typed.raw[part] = raw = str(posted[part]).strip(" \u00a0\r\n\t")
            if len(raw) > LONGEST_FIGURE:
                typed.raw[part] = raw[:LONGEST_FIGURE]
                typed.refuse(part, f"Dit is geen getal: het is langer dan {LONGEST_FIGURE} tekens. Vul het opnieuw in.")
                continue
            try:
                typed.changes[part] = read_figure(raw, CATALOGUE[code])
            except NumberError as wrong:
                typed.refuse(part, str(wrong))
        if f"{EMPTY}{code}" in posted and not typed.raw.get(part):
            typed.changes[f"{UNREAD}{code}"] = None
    for name, value in posted.items():
        if name.startswith(EXPLANATION) and _is_known(name.removeprefix(EXPLANATION)):
            typed.raw[name] = text = _clean(str(value), lines=True)
            if len(text) > LONGEST_TEXT:
                typed.refuse(name, f"Deze toelichting is te lang: {LONGEST_TEXT} tekens is het meeste.")
            typed.changes[name] = text
    _read_organisation(posted, typed)
    if REMARKS in posted:
        typed.raw[REMARKS] = text = _clean(str(posted[REMARKS]), lines=True)
        if len(text) > LONGEST_TEXT * 2:
            typed.refuse(REMARKS, f"Uw opmerkingen zijn te lang: {LONGEST_TEXT * 2} tekens is het meeste.")
        typed.changes[REMARKS] = text
    if "locaties" in posted:
        typed.changes[LOCATIONS] = _read_locations(posted, typed)
    _refuse_clients(typed)
    return typed


def leave_unchanged(typed: Typed, contents: Contents) -> None:
    """Forget the figures that stand in the form as they are stored: what a file brought is not for the form to refuse."""
    for code, figure in contents.figures.items():
        part = f"{FIGURE}{code}"
        if part in typed.raw and typed.raw[part] == as_typed(figure.value, CATALOGUE[code]):
            typed.errors.pop(part, None)
            typed.changes.pop(part, None)


def _is_known(key: str) -> bool:
    """Tell whether an explanation can be about this: a measure, or a rule."""
    return key in CATALOGUE or key in rules()


def _refuse_clients(typed: Typed) -> None:
    """Refuse texts in which figures of clients stand: nobody asked for them, and what is saved stays."""
    for part, text in typed.raw.items():
        if part == REMARKS or part.startswith(EXPLANATION):
            try:
                refuse_client_data_in_texts([text], file="", path="")
            except ClientDataError:
                typed.refuse(part, CLIENTS)


def read_figure(raw: str, measure: Measure) -> Decimal | None:
    """Return the number that was typed, ``None`` if nothing was; NumberError with a Dutch sentence if it is none.

    It is read in Dutch notation; a share may be typed as a percentage.
    """
    if not raw:
        return None
    text, is_percentage = raw, raw.endswith("%")
    if is_percentage:
        if measure.unit != "share":
            raise NumberError("Hier hoort geen procentteken. Vul alleen het getal in.")
        text = raw[:-1].strip()
    try:
        value = parse_number(text, "nl")
    except NumberError:
        raise NumberError(_not_dutch(text)) from None
    if is_percentage:
        value /= 100
    if value < 0 and measure.unit in NEVER_NEGATIVE:
        raise NumberError("Dit getal kan niet negatief zijn. Vul 0 of meer in.")
    if abs(value) >= LARGEST:
        raise NumberError("Dit getal is te groot om te kunnen kloppen. Controleer het getal en de eenheid.")
    digits = Decimal("0.01") if measure.unit == "money" else _STORED
    if value != value.quantize(digits, rounding=ROUND_HALF_UP):
        limit = "twee cijfers" if measure.unit == "money" else "zes cijfers"
        raise NumberError(f"Vul ten hoogste {limit} achter de komma in.")
    return value


def _not_dutch(text: str) -> str:
    try:
        meant = parse_number(text, "en")
    except NumberError:
        return f"‘{text[:40]}’ is geen getal. Vul alleen cijfers in, zoals 1.234,50."
    return f"‘{text[:40]}’ is geen getal in Nederlandse notatie. Bedoelt u {format_exact(meant)}?"


def _read_organisation(posted: QueryDict, typed: Typed) -> None:
    for name in ORGANISATION_LABELS:
        part = f"{ORGANISATION}{name}"
        if part not in posted:
            continue
        typed.raw[part] = text = _clean(str(posted[part]))
        typed.changes[part] = text
        if len(text) > LONGEST_NAME:
            typed.refuse(part, f"Deze tekst is te lang: {LONGEST_NAME} tekens is het meeste.")
        elif name == "agb_code" and text and not _AGB.fullmatch(text):
            typed.refuse(part, "Een AGB-code heeft acht cijfers. Vul ze in of laat dit leeg.")
        elif name == "nza_number" and text and not _NZA.fullmatch(text):
            typed.refuse(part, "Een NZa-nummer ziet eruit als 300-1234. Vul het in of laat dit leeg.")


def _read_locations(posted: QueryDict, typed: Typed) -> tuple[ReadLocation, ...]:
    found = []
    seen: set[str] = set()
    rows = {name.split(":")[1] for name in posted if name.startswith("locatie:") and name.count(":") == 2}
    numbers = sorted(int(row) for row in rows if row.isdecimal() and len(row) < 6)
    if len(numbers) > MOST_LOCATIONS:
        typed.refuse(LOCATIONS, f"U kunt ten hoogste {MOST_LOCATIONS} locaties opgeven.")
    for row in numbers:
        texts = {name: _clean(posted.get(f"locatie:{row}:{name}", "")) for name in PLACE_FIELDS}
        for name, text in texts.items():
            typed.raw[f"locatie:{row}:{name}"] = text
        if not any(texts[name] for name in PLACE_FIELDS if name != "region"):
            continue
        problem = _place_problem(texts, seen)
        if problem:
            typed.refuse(f"locatie:{row}", problem)
            continue
        seen.add(texts["number"])
        postcode = _POSTCODE.fullmatch(texts["postcode"])
        assert postcode is not None
        found.append(
            ReadLocation(
                number=texts["number"],
                name=texts["name"],
                street=texts["street"],
                postcode=f"{postcode[1]} {postcode[2].upper()}",
                place=texts["place"],
                region=region_code(texts["region"]) or "",
            )
        )
    return tuple(found)


def _place_problem(texts: Mapping[str, str], seen: set[str]) -> str:
    if any(len(text) > LONGEST_NAME for text in texts.values()):
        return f"Een tekst is te lang: {LONGEST_NAME} tekens is het meeste."
    if texts["number"] and not _NUMBER.fullmatch(texts["number"]):
        return "Een vestigingsnummer heeft twaalf cijfers."
    if texts["number"] and texts["number"] in seen:
        return f"Vestigingsnummer {texts['number']} staat er twee keer. Haal een van de twee weg."
    if not _POSTCODE.fullmatch(texts["postcode"]):
        return "Een postcode ziet eruit als 1234 AB."
    if not texts["place"]:
        return "Vul de plaats in."
    if region_code(texts["region"]) is None:
        return "Kies de zorgkantoorregio."
    return ""


def _clean(text: str, *, lines: bool = False) -> str:
    return plain(text) if lines else " ".join(plain(text).split())


def as_typed(value: Decimal | None, measure: Measure) -> str:
    """Return a figure as it stands in the field: exactly, as the Dutch write it."""
    if value is None:
        return ""
    if measure.unit == "money" and value != value.to_integral_value():
        return format_number(value, decimals=2)
    if measure.unit == "share" and abs(value) <= AS_PERCENTAGE:
        return f"{format_exact(value * 100)} %"
    return format_exact(value)


def too_short(text: str) -> str:
    """Return what is wrong with an explanation that says too little; nothing if it is empty or says enough."""
    return f"Dit is te kort. {EXPLANATION_HELP}" if text and not says_why(text) else ""


def label_of(part: str) -> str:
    """Return what a part is called on the page."""
    if part == LOCATIONS:
        return "Locaties"
    if part == REMARKS:
        return "Opmerkingen"
    kind, _, name = part.partition(":")
    if kind == "organisation":
        return ORGANISATION_LABELS.get(name, name)
    label = CATALOGUE[name].label if name in CATALOGUE else f"bevinding {name}"
    if kind == "unread":
        return f"{label} (cel die wij niet konden lezen)"
    return f"Toelichting bij {label}" if kind == "explanation" else label


def shown(part: str, value: Any) -> str:
    """Return the value of a part as a person reads it."""
    if value is None or value in ("", ()):
        return "leeg"
    if part == LOCATIONS:
        return "; ".join(f"{place.postcode} {place.place}" for place in value)
    if part.startswith(FIGURE):
        return as_typed(value, CATALOGUE[part.removeprefix(FIGURE)])
    return str(value)


def asks_explanation(verdict: Verdict, contents: Contents) -> dict[str, str]:
    """Return where an explanation is asked or given: key → the explanation so far."""
    found = {
        key_of(item.measure, item.rule.code): verdict.explanation_of(item)
        for item in verdict.found
        if item.rule.explain
    }
    return {**{key: text for key, text in contents.explanations.items() if text}, **found}

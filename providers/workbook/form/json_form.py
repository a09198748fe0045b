"""The form as JSON, for programs that deliver over the API. Read strictly: every field known, every measure there.

::

    {"round": "…", "book_year": 2024, "template": "iv-2", "currency": "EUR", "key_scheme": "kvk", "key": "12345678",
     "values": {"total_cost": 26312480.55, "places": null, …}, "explanations": {"places": "…"}, "remarks": "",
     "organisation": {"legal_form": "", "agb_code": "", "nza_number": ""},
     "locations": [{"number": "", "name": "", "street": "", "postcode": "1234 AB", "place": "", "region": "5501"}]}

A figure is a JSON number, or a text with a decimal point and nothing else. What says no figure, such as a text that a Dutch
reader would read as thousands (``"1.234"``), is left out and told; the rest of the document counts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from providers.workbook.client_data import refuse_client_data_in_texts
from providers.workbook.content import Cell, ReadValue
from providers.workbook.form import layout
from providers.workbook.form.contents import Form, ReadForm
from providers.workbook.form.figure_cells import Unread, shown, stored
from providers.workbook.form.places import MOST_LOCATIONS, Places
from providers.workbook.numbers import NumberError, parse_number
from providers.workbook.problems import LARGEST, Problems

FILE: Final = "JSON"
_LONGEST = {"explanations": 2_000, "remarks": 10_000}
_IDENTITY: Final[Mapping[str, str]] = MappingProxyType(
    {"round": "round_slug", "book_year": "book_year", "template": "template", "currency": "currency",
     "key_scheme": "key_scheme", "key": "key"}
)  # fmt: skip
_TOP: Final = {*_IDENTITY, "values", "explanations", "remarks", "organisation", "locations"}
_OPTIONAL: Final = {"explanations", "remarks", "organisation", "locations"}
_PLAIN: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def read_json(document: object, *, form: Form) -> ReadForm:
    """What a program delivered; :class:`SourceError` with all reasons, each with the JSON path where it is wrong."""
    problems = Problems(FILE)
    if not isinstance(document, dict):
        problems.add("Hier hoort een object te staan, met accolades.", Cell("$"))
        problems.refuse_if_any()
        raise AssertionError
    _refuse_clients(document)
    for name in sorted(str(key) for key in document.keys() - _TOP)[:20]:
        problems.add(f"Het veld {shown(name)} kennen wij niet. Haal het weg.", Cell("$"))
    for name in sorted(_TOP - _OPTIONAL - document.keys()):
        problems.add(f"Het veld ‘{name}’ ontbreekt. Voeg het toe.", Cell("$"))
    for name, field in _IDENTITY.items():
        wanted: object = getattr(form, field)
        if name in document and (document[name] != wanted or isinstance(document[name], bool)):
            problems.add(
                f"Hier staat {_said(document[name])}, maar u levert aan voor {wanted}. Controleer ronde en organisatie.",
                Cell(f"$.{name}"),
            )
    problems.refuse_if_any()

    unread = Unread()
    values = _values(document["values"], form, problems, unread)
    explanations = _explanations(document.get("explanations", {}), form, problems)
    remarks = _text(document.get("remarks", ""), "$.remarks", problems, longest=_LONGEST["remarks"])
    places = Places(problems)
    about = _object(document.get("organisation", {}), "$.organisation", layout.ORGANISATION_FIELDS, problems)
    organisation = places.organisation(about, {name: Cell(f"$.organisation.{name}") for name in about})
    locations = document.get("locations", [])
    if not isinstance(locations, list) or len(locations) > MOST_LOCATIONS:
        problems.add(f"Hier hoort een lijst te staan met ten hoogste {MOST_LOCATIONS} locaties.", Cell("$.locations"))
        locations = []
    for at, location in enumerate(locations):
        path = f"$.locations[{at}]"
        texts = _object(location, path, layout.LOCATION_FIELDS, problems)
        places.add_location(texts, lambda field, path=path: Cell(f"{path}.{field}"))  # type: ignore[misc]
    unread.settle(problems, read=sum(item.value is not None for item in values))
    problems.refuse_if_any()
    return ReadForm(
        values=values,
        explanations=MappingProxyType(explanations),
        remarks=remarks,
        organisation=organisation,
        locations=tuple(places.locations),
        findings=(*places.findings(Cell("$.locations")), *unread.findings()),
    )


def _values(written: object, form: Form, problems: Problems, unread: Unread) -> tuple[ReadValue, ...]:
    if not isinstance(written, dict):
        problems.add("Hier hoort een object te staan: per code een getal of null.", Cell("$.values"))
        return ()
    for code in sorted(str(key) for key in written.keys() - set(form.measures))[:20]:
        problems.add(f"De code {shown(code)} vragen wij in deze ronde niet. Haal haar weg.", Cell("$.values"))
    found: list[ReadValue] = []
    for measure in form.asked():
        cell = Cell(f"$.values.{measure.code}")
        if measure.code not in written:
            problems.add(f"{measure.label} ontbreekt. Geef null als u het cijfer niet weet.", cell)
            continue
        value = written[measure.code]
        if isinstance(value, list | dict):
            problems.add(f"{measure.label}: hier staat een lijst of object. Geef een getal of null.", cell)
            continue
        figure, problem = _figure(value)
        if problem:
            unread.add(measure, cell, _raw(value), problem)
        found.append(ReadValue(measure.code, None if figure is None else stored(figure, measure), cell, _raw(value)))
    return tuple(found)


def _figure(written: object) -> tuple[Decimal | None, str]:
    """The figure, or why there is none; neither for ``null``."""
    if written is None:
        return None, ""
    if isinstance(written, bool):
        return None, "hier staat true of false. Geef een getal of null."
    if isinstance(written, float | Decimal) and not _is_finite(written):
        return None, "dit is geen getal dat bestaat. Geef een getal of null."
    if isinstance(written, str):
        try:
            if not _PLAIN.fullmatch(written) or len(written) > 40:
                raise NumberError('een getal als tekst heeft alleen cijfers en een decimale punt, zoals "1234.50"')
            value = parse_number(written)
        except NumberError as error:
            return None, f"hier staat {shown(written)}; {error}. Geef het liever als JSON-getal."
    elif isinstance(written, int | float | Decimal):
        # A number with thousands of digits is not turned into a decimal first.
        is_possible = -LARGEST < written < LARGEST
        value = (
            Decimal(LARGEST) if not is_possible else Decimal(repr(written) if isinstance(written, float) else written)
        )
    else:
        raise TypeError(f"JSON has no {type(written).__name__}")
    if abs(value) >= LARGEST:
        return None, "dit getal is te groot om te kunnen kloppen. Geef het juiste getal."
    return value, ""


def _is_finite(value: float | Decimal) -> bool:
    return value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)


def _raw(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) >= LARGEST:
        return "(te groot)"
    return str(value)[:120] if isinstance(value, str | int | float | Decimal) else ""


def _explanations(written: object, form: Form, problems: Problems) -> dict[str, str]:
    if not isinstance(written, dict):
        problems.add("Hier hoort een object te staan: per code een tekst.", Cell("$.explanations"))
        return {}
    found: dict[str, str] = {}
    for code, text in list(written.items())[:200]:
        if code not in form.measures:
            problems.add(
                f"De code {shown(str(code))} vragen wij in deze ronde niet. Haal haar weg.", Cell("$.explanations")
            )
            continue
        cleaned = _text(text, f"$.explanations.{code}", problems, longest=_LONGEST["explanations"])
        if cleaned:
            found[code] = cleaned
    return found


def _object(written: object, path: str, fields: Mapping[str, str], problems: Problems) -> dict[str, str]:
    """The texts of an object with these fields, each of which may be left out."""
    if not isinstance(written, dict):
        problems.add("Hier hoort een object te staan, met accolades.", Cell(path))
        written = {}
    for name in sorted(str(key) for key in written.keys() - fields.keys())[:20]:
        problems.add(f"Het veld {shown(name)} kennen wij niet. Haal het weg.", Cell(path))
    return {
        name: " ".join(_text(written.get(name, ""), f"{path}.{name}", problems, longest=500).split()) for name in fields
    }


def _text(written: object, path: str, problems: Problems, *, longest: int) -> str:
    if not isinstance(written, str):
        problems.add(f"Hier staat {_said(written)}, maar er hoort een tekst te staan.", Cell(path))
        return ""
    if len(written) > longest:
        problems.add(f"Deze tekst is te lang; {longest} tekens is het meeste. Kort de tekst in.", Cell(path))
        return ""
    if _CONTROLS.search(written):
        problems.add("In deze tekst staan onzichtbare tekens. Haal ze weg.", Cell(path))
        return ""
    return written.strip()


def _said(value: object) -> str:
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST:
        return f"‘{value}’"
    return "iets anders dan een tekst of getal"


def _refuse_clients(document: dict[Any, Any]) -> None:
    texts: list[str] = []
    for name in ("values", "explanations", "organisation"):
        part = document.get(name)
        if isinstance(part, dict):
            # A figure may be nine digits too; only what is no number can be about a person.
            texts += [text for text in part.values() if isinstance(text, str) and not _PLAIN.fullmatch(text)]
    if isinstance(document.get("remarks"), str):
        texts.append(document["remarks"])
    if isinstance(document.get("locations"), list):
        texts += [
            text
            for location in document["locations"][:MOST_LOCATIONS]
            if isinstance(location, dict)
            for text in location.values()
            if isinstance(text, str)
        ]
    refuse_client_data_in_texts(texts, file=FILE, path="$")

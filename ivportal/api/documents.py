"""From the document that a system sent to the changes it means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ivportal.api.problems import invalid
from ivportal.api.representation import path_of, problems_of
from ivportal.pages.delivering.lookup import Desk
from providers import uploads
from providers.checks import rules
from providers.contents import EXPLANATION, LOCATIONS, ORGANISATION, REMARKS, Contents, difference, figure_of
from providers.findings import LONGEST
from providers.workbook.client_data import refuse_client_data_in_texts
from providers.workbook.content import SourceError
from providers.workbook.form import read_json

_OUR_NAME: Final = "JSON"


def changes_of(document: object, desk: Desk) -> tuple[Mapping[str, Any], Contents]:
    """Return what a document would change, by part, and what it says. Raises a refusal (422) with every reason.

    A figure that is null empties the figure; one that is no number empties it too, with a finding that has to be mended. Among
    the texts and locations, what is left out stays as it is and what is there but empty is emptied.
    """
    general, rest = _split(document)
    try:
        if general:
            refuse_client_data_in_texts(general.values(), file=_OUR_NAME, path="$.explanations")
        found = uploads.as_contents(read_json(rest, form=uploads.form_for(desk.submission)))
    except SourceError as refused:
        raise invalid(problems_of(refused)) from None
    given = _given(document)
    changes = {
        part: value
        for part, value in difference(desk.contents, found).items()
        if value is not None or part in given or figure_of(part) in found.figures
    }
    said = desk.contents.explanations
    changes |= {f"{EXPLANATION}{rule}": text for rule, text in general.items() if said.get(rule, "") != text}
    return changes, found


def _split(document: object) -> tuple[dict[str, str], object]:
    """Return the explanations of findings that are about no figure, by rule, and the document without them.

    Raises a refusal (422) if one of them is not a text, or too long.
    """
    if not isinstance(document, dict) or not isinstance(document.get("explanations"), dict):
        return {}, document
    known = rules()
    written = {name: text for name, text in document["explanations"].items() if name in known}
    problems = [
        {
            "path": path_of(f"{EXPLANATION}{name}"),
            "message": f"Hier hoort een tekst van ten hoogste {LONGEST} zichtbare tekens te staan.",
        }
        for name, text in written.items()
        if not isinstance(text, str) or len(text) > LONGEST or not _is_readable(text)
    ]
    if problems:
        raise invalid(problems)
    others = {name: text for name, text in document["explanations"].items() if name not in known}
    return {name: text.strip() for name, text in written.items()}, {**document, "explanations": others}


def _is_readable(text: str) -> bool:
    return all(sign.isprintable() or sign in "\n\r\t" for sign in text)


def _given(document: object) -> set[str]:
    """Return the parts that the document names, filled in or not."""
    assert isinstance(document, dict)
    found = {name for name in (LOCATIONS, REMARKS) if name in document}
    for name, prefix in (("explanations", EXPLANATION), ("organisation", ORGANISATION)):
        found |= {f"{prefix}{field}" for field in document.get(name) or ()}
    return found

"""Letters as tagged PDF (PDF/UA-1): a Typst document beside this file, filled with facts; the same facts give the same bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst

from providers.formatting import format_date, format_datetime
from tariffs.letters import blocks
from tariffs.models import Letter

FOLDER = Path(__file__).parent


#: Beyond letters of Europe, what our font has and people write.
SIGNS = frozenset("–—‘’‚“”„†•…‰‹›€™−≤≥≈≠×÷\u00a0")


def letter(name: str, facts: Mapping[str, Any]) -> bytes:
    """Return the PDF of document ``name``; every fact is a text, a number, a list or a mapping of those.

    A sign that the font does not have would make PDF/UA refuse the whole letter; then each stands there as a question mark. The
    text itself, in the portal and in the file of the case, keeps it.
    """
    try:
        return _compiled(name, facts)
    except typst.TypstError as refused:
        if "could not be displayed" not in str(refused):
            raise
        return _compiled(name, _displayable(facts))


def _compiled(name: str, facts: Any) -> bytes:
    made: bytes = typst.compile(
        str(FOLDER / f"{name}.typ"),
        root=str(FOLDER),
        format="pdf",
        pdf_standards=["ua-1"],
        sys_inputs={"facts": json.dumps(facts, ensure_ascii=False)},
    )
    return made


def _displayable(found: Any) -> Any:
    """Return facts in which every sign beyond the letters of Europe and :data:`SIGNS` is a question mark."""
    if isinstance(found, str):
        return "".join(
            sign if sign in "\n\t" or " " <= sign < "\x7f" or "\xa0" <= sign < "\u0180" or sign in SIGNS else "?"
            for sign in found
        )
    if isinstance(found, Mapping):
        return {key: _displayable(value) for key, value in found.items()}
    if isinstance(found, list | tuple):
        return [_displayable(value) for value in found]
    return found


def receipt(found: Mapping[str, Any]) -> bytes:
    """Return the receipt of a delivered version; ``found`` is what the page of the receipt shows."""
    version, statement = found["version"], found["statement"]
    return letter(
        "receipt",
        {
            "is_fictitious": found["round"].is_fictitious,
            "round": found["round"].title,
            "book_year": str(found["round"].book_year),
            "provider": found["provider"].name,
            "key": found["provider"].shown_key,
            "number": str(version.number),
            "received": format_datetime(version.submitted_at),
            "signed_by": found["signed_by"],
            "signed_as": statement.signed_as,
            "filled_in_by": ", ".join(found["filled_in_by"]),
            "figures": str(found["figures"]),
            "document_sha256": found["document_sha256"],
            "figures_sha256": found["figures_sha256"],
            "files": found["files"],
            "changed_after": ", ".join(found["changed_after"]),
            "statement": statement.text,
        },
    )


def posted(sent: Letter) -> bytes:
    """Return a letter of the procedure as PDF, made from what was frozen when it was sent: the same bytes every time."""
    return letter(
        "posted",
        {
            "is_fictitious": sent.round.is_fictitious,
            "subject": sent.subject,
            "reference": sent.reference,
            "dated": format_date(sent.dated),
            "blocks": [{"kind": block.kind, "lines": list(block.lines)} for block in blocks(sent.body)],
            "figures": sent.figures,
            "sha256": sent.sha256,
        },
    )

"""Letters as PDF: whatever somebody writes, the letter can be made, and it is a tagged one."""

from __future__ import annotations

import pytest

from ivportal.letters import letter
from tariffs.procedure.files import Sent, objection_to

FACTS = {
    "is_fictitious": False,
    "round": "Ronde",
    "book_year": "2024",
    "provider": "De Linde",
    "key": "KvK 99900001",
    "number": "1",
    "received": "vandaag",
    "signed_by": "Fatima",
    "signed_as": "bestuurder",
    "filled_in_by": "Daan",
    "figures": "38",
    "document_sha256": "0" * 64,
    "figures_sha256": "1" * 64,
    "files": [],
    "changed_after": "",
    "statement": "Zo is het.",
}


@pytest.mark.parametrize("text", ["☐ klopt", "李", "🇳🇱", "한", "\uf0b7 punt", "\ufffe", "\x07", "€ 1 – ‘ja’ ëîőŁ"])
def test_no_sign_that_somebody_writes_keeps_a_letter_from_being_made(text: str) -> None:
    made = letter("receipt", {**FACTS, "statement": f"Zo is het.\n\n{text}"})
    assert made.startswith(b"%PDF")
    assert b"/StructTreeRoot" in made
    assert objection_to(Sent("brief van de NZa.pdf", made)) == "", "what the NZa sent cannot be sent back as evidence"
    assert made == letter("receipt", {**FACTS, "statement": f"Zo is het.\n\n{text}"})


def test_what_the_font_has_stays_as_it_was_written() -> None:
    assert letter("receipt", FACTS) != letter("receipt", {**FACTS, "statement": "Zo is het?"})

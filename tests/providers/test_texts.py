"""The texts of the portal: whoever changes one cannot break the mail that people get."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from providers.models import Act, AuditRecord, Round, RoundText
from providers.refusal import Refused
from providers.texts import Kind, Text, copy_texts, kinds, problems_of, reset_text, save_text, text_of
from tests.cast import browser_of, make_cast


def make_round(slug: str = "iv-2026", **facts: str) -> Round:
    return Round.objects.create(
        slug=slug, title=f"Ronde {slug}", book_year=2025, source="portaal", template_version="iv-2", **facts
    )


@pytest.mark.parametrize("kind", kinds().values(), ids=lambda kind: kind.name)
def test_every_text_of_the_portal_keeps_its_own_rules_and_reads_well(kind: Kind) -> None:
    assert problems_of(kind, kind.default) == []
    shown = kind.example(kind.default)
    assert not re.search(r"[{}]", shown.subject + shown.body)
    assert len(shown.subject) < 100
    assert "\n" not in shown.subject
    # Nobody is spoken to as "je", and a sentence that needs more breath than this is two.
    assert not re.search(r"\b(je|jij|jouw)\b", shown.body)
    sentences = re.split(r"[.?:]\s", shown.body.replace("\n", " "))
    assert max(len(sentence.split()) for sentence in sentences) <= 27


def test_a_text_uses_every_fact_that_it_asks_for() -> None:
    for kind in kinds().values():
        for fact in kind.facts:
            assert f"{{{fact}}}" in kind.default.subject + kind.default.body, f"{kind.name}: {fact}"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Beste {naam}, ga naar {adres}. U heeft {punten} punten.", "{punten} kan het portaal hier niet invullen"),
        ("Beste {naam, ga naar {adres}.", "accolade"),
        ("Beste {naam}}, ga naar {adres}.", "accolade"),
        ("Beste {}, ga naar {adres}.", "accolade"),
        ("Beste {naam.__class__}, ga naar {adres}.", "accolade"),
        ("Beste {naam!r}, ga naar {adres}.", "accolade"),
        ("Beste {naam:>9}, ga naar {adres}.", "accolade"),
        ("Beste {Naam}, ga naar {adres}.", "accolade"),
        ("Beste {naam}, u leest het in het portaal.", "Laat {adres} in de tekst staan"),
        ("Beste {naam}, ga naar {adres}. De reden: {reden}", "{reden} kan het portaal hier niet invullen"),
        ("", "Vul een onderwerp en een tekst in"),
        ("{adres}" + "x" * 10_001, "Maak de tekst korter"),
    ],
)
def test_a_text_with_a_mistake_is_refused_and_says_what_may_stand_there(db: None, body: str, said: str) -> None:
    round = make_round()
    with pytest.raises(Refused) as refused:
        save_text(round=round, kind="validated", subject="Onderwerp", body=body, actor=None)
    assert said in str(refused.value)
    if "kan het portaal" in said or "accolade" in said:
        assert "{aanbieder}, {ronde}, {boekjaar}, {termijn}" in str(refused.value)
    assert not RoundText.objects.exists()


def test_a_text_of_one_round_leaves_the_others_alone(db: None) -> None:
    mine, other = make_round(), make_round("ander")
    save_text(round=mine, kind="invitation", subject="Kom\r\nBcc: x", body="Ga naar {adres}\r\n", actor=None)
    assert text_of(mine, "invitation") == Text("Kom Bcc: x", "Ga naar {adres}")
    assert text_of(other, "invitation") == kinds()["invitation"].default == text_of(None, "invitation")
    assert AuditRecord.objects.filter(act=Act.TEXT_CHANGED).count() == 1
    reset_text(round=mine, kind="invitation", actor=None)
    assert text_of(mine, "invitation") == kinds()["invitation"].default
    assert AuditRecord.objects.filter(act=Act.TEXT_CHANGED).count() == 2


def test_a_new_round_takes_over_the_texts_and_keeps_its_own(db: None) -> None:
    old, new = make_round("oud"), make_round("nieuw")
    save_text(round=old, kind="reminder", subject="Van vorig jaar", body="{adres}", actor=None)
    save_text(round=old, kind="overdue", subject="Van vorig jaar", body="{adres}", actor=None)
    save_text(round=new, kind="overdue", subject="Nieuw", body="{adres}", actor=None)
    for _ in range(2):
        copy_texts(source=old, target=new)
    assert text_of(new, "reminder").subject == "Van vorig jaar"
    assert text_of(new, "overdue").subject == "Nieuw"


def test_what_the_board_signs_names_no_address_and_nobody_in_particular(db: None) -> None:
    with pytest.raises(Refused, match=r"\{naam\} kan het portaal hier niet invullen"):
        save_text(round=make_round(), kind="statement", subject="x", body="Ik, {naam}, verklaar.", actor=None)
    said = text_of(None, "statement").body_for(aanbieder="De Linde {ronde}", ronde="IV 2026", boekjaar="2025")
    assert "het bestuur van De Linde {ronde} dat" in said
    assert "IV 2026 over het boekjaar 2025" in said


class TestPages:
    """Noor of the NZa changes a text of a round."""

    ADDRESS = "/rondes/iv-2026/teksten/reminder/"

    @pytest.fixture
    def noor(self, db: None) -> Client:
        """Give the browser of Noor, and a round."""
        make_round()
        return browser_of(make_cast().noor)

    def test_she_reads_it_with_examples_changes_it_and_takes_it_back(self, noor: Client) -> None:
        assert "Herinnering: lever aan uiterlijk op 14" in noor.get(self.ADDRESS).content.decode()
        sent = {"subject": "Denk aan {ronde}", "body": "Beste {naam},\r\n\r\nGa naar {adres}"}
        tried = noor.post(self.ADDRESS, sent).content.decode()
        assert "Denk aan Integrale Vergelijking 2026" in tried
        assert "Dit is nog niet opgeslagen." in tried
        assert not RoundText.objects.exists()
        kept = noor.post(self.ADDRESS, {**sent, "save": "1"}, follow=True).content.decode()
        assert "De tekst is opgeslagen." in kept
        assert RoundText.objects.get().body == "Beste {naam},\n\nGa naar {adres}"
        assert "Aangepast voor deze ronde" in noor.get("/rondes/iv-2026/teksten/").content.decode()
        back = noor.post(f"{self.ADDRESS}terug/", follow=True).content.decode()
        assert "‘Herinnering’ is weer de tekst van het portaal." in back
        assert not RoundText.objects.exists()

    def test_a_mistake_is_told_and_what_she_typed_is_still_there(self, noor: Client) -> None:
        sent = {"subject": "Denk eraan", "body": "Ga naar {adress} <b>nu</b>", "save": "1"}
        page = noor.post(self.ADDRESS, sent).content.decode()
        assert "{adress} kan het portaal hier niet invullen" in page
        assert "Ga naar {adress} &lt;b&gt;nu&lt;/b&gt;" in page
        assert not RoundText.objects.exists()

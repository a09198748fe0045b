"""The public note: without names, written by one and published by another, read by everybody in the round and never changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from providers.access import scope
from providers.models import Location, Notice, Provider
from providers.refusal import Refused
from tariffs.models import PublicNote, PublicNoteItem, ResponseKind, ResponseOutcome
from tariffs.procedure import answering, public_notes
from tariffs.procedure.answering import Answer
from tariffs.procedure.public_notes import Question
from tests.cast import browser_of
from tests.delivering import acting, somebody_at
from tests.plain_sql import query, refused
from tests.responding import Period, make_period, respond
from tests.storing import stored

pytestmark = pytest.mark.usefixtures("db")

PLAIN = Question("Hoe telt huisvesting mee?", "Huisvesting (NHC en NIC) telt apart mee, naast de score.")


@pytest.fixture(scope="module")
def stored_period(django_db_setup: None, django_db_blocker: Any) -> Iterator[Period]:
    """Give a released round that was made once."""
    with stored(django_db_blocker):
        yield make_period()


@pytest.fixture
def period(stored_period: Period, db: None) -> Period:
    """Give it; what a test does is undone."""
    return stored_period


@pytest.fixture
def note(period: Period) -> PublicNote:
    """Give a note with one question, written by Noor."""
    begun = public_notes.begin(round=period.release.round, actor=period.noor)
    return public_notes.write(note=begun, items=[PLAIN], actor=period.noor)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Wij van De Linde vragen ons af hoe dit zit.", "De Linde"),
        ("Bij Stichting DE  LINDE, te Groningen, is dat zo.", "De Linde"),
        ("Ons nummer is 99900001.", "De Linde"),
        ("Het Kompas is onze peer, denken wij.", "Het Kompas"),
        ("Vraag het aan daan@example.org.", "Daan"),
        ("Volgens Fatima klopt dit niet.", "Fatima"),
        # In the genitive.
        ("Geldt De Lindes aanpak voor ons allen?", "De Linde"),
        ("Fatima’s vraag gaat over de huur.", "Fatima"),
        # In letters that look like others: Cyrillic е, Greek capital Ν and ι, wide letters, accents.
        ("Wij van De Lindе vragen dit.", "De Linde"),
        ("Wij van De LιΝde vragen dit.", "De Linde"),
        ("Wij van Ｄｅ Ｌｉｎｄｅ vragen dit.", "De Linde"),
        ("Wij van Dé Lïndè vragen dit.", "De Linde"),
        # In digits that look like letters, and in the plural.
        ("Wij van De L1nd3 vragen dit.", "De Linde"),
        ("Zo doen De Linden het niet.", "De Linde"),
        ("Dat geldt voor Het Kompas', zegt men.", "Het Kompas"),
        ("Bij Het Kompazes is dat zo.", "Het Kompas"),
        # With something invisible in it, or a hyphen, or more blanks than there are words.
        ("Wij van De Lin\u00adde vragen dit.", "De Linde"),
        ("Wij van De\u200b Lin\u200dde vragen dit.", "De Linde"),
        ("Wij van De Lin-de vragen dit.", "De Linde"),
        ("Wij van D e  L i n d e vragen dit.", "De Linde"),
        # Numbers in groups.
        ("Ons nummer is 9990 0001.", "De Linde"),
        ("Ons nummer is 99.900.001.", "De Linde"),
        ("Ons nummer is KvK99900001.", "De Linde"),
        ("Ons nummer is 999\u00a000\u200b001.", "De Linde"),
    ],
)
def test_a_name_or_number_by_which_somebody_is_known_is_found_and_the_note_not_kept(
    period: Period, note: PublicNote, text: str, found: str
) -> None:
    for item in (Question(text, "Ja, dat klopt."), Question("Klopt dat?", text)):
        with pytest.raises(Refused, match=f"Vraag 2: hierin staat ‘{found}’"):
            public_notes.write(note=note, items=[PLAIN, item], actor=period.noor)
    assert [item.question for item in note.items.all()] == [PLAIN.question]


def test_words_that_only_look_like_a_name_are_no_name(period: Period, note: PublicNote) -> None:
    harmless = Question(
        "Telt een linde in de tuin mee? En het kompassenhuis? Kan € 199.900.001 kloppen, of 9990 000?",
        "Nee; dedaan en fatimah ook niet, en in het ankerpunt evenmin.",
    )
    assert public_notes.write(note=note, items=[PLAIN, harmless], actor=period.noor).items.count() == 2


def test_what_may_be_a_name_is_kept_and_published_by_who_says_that_it_is_none(period: Period, note: PublicNote) -> None:
    Provider.objects.filter(pk=period.cast.linde.pk).update(name="Stichting Zonnehuis Groep")
    Location.objects.filter(provider=period.cast.anker).update(name="Villa Zomerzicht")

    def doubted(text: str, *knowing: str) -> tuple[str, ...]:
        try:
            public_notes.write(note=note, items=[Question("Klopt dit?", text)], actor=period.noor, knowing=knowing)
        except public_notes.Doubtful as doubtful:
            return doubtful.words
        return ()

    for text, words in (
        ("Zoals het Zonnehuis dat doet.", ("Zonnehuis",)),
        ("Zoals het zonnehuis dat doet, en Zonnehuizes buren.", ("zonnehuis", "Zonnehuizes")),
        ("Zoals Zonne-huis en Z0nnehu1s.", ("Zonne-huis", "Z0nnehu1s")),
        ("Zoals in Villa Zomer-zicht.", ("Villa Zomerzicht",)),
        # A common word, a short one without a capital, a part of a longer word.
        ("De groep woont in een huis met een anker en veel zonnehuisjes.", ()),
        ("Zoals Anker dat doet.", ("Anker",)),
    ):
        assert doubted(text) == words, text
        assert doubted(text, *words) == ()
    assert doubted("Zoals Anker en Zonnehuis.", "Anker") == ("Zonnehuis",)
    assert doubted("Zoals het Zonnehuis.", "Zonnehuis") == ()
    address = reverse("round_note", args=[note.round.slug, note.number])
    noor, rinske = browser_of(period.cast.noor), browser_of(period.rinske.user)
    sent = {
        "gezien": public_notes.mark(PublicNote.objects.get(pk=note.pk)),
        "vraag": ["Mag dit?"],
        "antwoord": ["In het Zonnehuis."],
    }
    refused_page = noor.post(address, sent)
    assert refused_page.status_code == 409
    assert "‘Zonnehuis’ is hier geen naam" in refused_page.content.decode()
    assert noor.post(address, {**sent, "geen_naam": ["Zonnehuis"]}).status_code == 302
    page = rinske.get(address)
    assert "Het kan Stichting Zonnehuis Groep zijn" in page.content.decode()
    publish, read = reverse("publish_note", args=[note.round.slug, note.number]), {"gezien": page.context["seen"]}
    rinske.post(publish, read)
    assert PublicNote.objects.get(pk=note.pk).published_at is None
    rinske.post(publish, {**read, "geen_naam": ["Zonnehuis"]})
    assert PublicNote.objects.get(pk=note.pk).published_at is not None


def test_who_wrote_last_does_not_publish_and_who_did_not_read_this_text_neither(
    period: Period, note: PublicNote
) -> None:
    seen = public_notes.mark(note)
    with pytest.raises(Refused, match="Een collega moet haar lezen"):
        public_notes.publish(note=note, actor=period.noor, seen=seen)
    public_notes.write(
        note=note, items=[PLAIN, Question("Tot wanneer?", "Dat leest u in uw spiegel.")], actor=period.noor
    )
    with pytest.raises(Refused, match="Lees haar opnieuw"):
        public_notes.publish(note=note, actor=period.rinske, seen=seen)
    with pytest.raises(Refused, match="Open de bladzijde opnieuw"):
        public_notes.write(note=note, items=[PLAIN], actor=period.rinske, seen=seen)
    note.refresh_from_db()
    with pytest.raises(IntegrityError, match="published_by_another"), transaction.atomic():
        PublicNote.objects.filter(pk=note.pk).update(published_by=period.noor.user)
    empty = public_notes.write(note=note, items=[], actor=period.noor)
    with pytest.raises(Refused, match="nog geen vraag"):
        public_notes.publish(note=empty, actor=period.rinske, seen=public_notes.mark(empty))


def test_everybody_in_the_round_reads_it_is_told_once_and_nobody_reads_it_before(
    period: Period, note: PublicNote
) -> None:
    anne = acting(period.cast.anne)
    elsewhere = Provider.objects.create(key_scheme="kvk", key="99988877", name="Buiten de ronde")
    outsider = acting(somebody_at(elsewhere, "deliver"))
    with scope(anne.database_scope):
        assert query(
            "SELECT (SELECT count(*) FROM tariffs_publicnote), (SELECT count(*) FROM tariffs_publicnoteitem)"
        ) == [(0, 0)]
    for _ in range(2):
        public_notes.publish(note=note, actor=period.rinske, seen=public_notes.mark(note))
    told = Notice.objects.filter(kind="public_note").values_list("recipient__name", flat=True)
    assert sorted(told) == ["Anne", "Bram", "Daan", "Fatima", "Greet", "Maria"]
    with scope(anne.database_scope):
        assert PublicNote.objects.visible_to(anne).get() == note
        assert PublicNoteItem.objects.visible_to(anne).get().answer == PLAIN.answer
    with scope(outsider.database_scope):
        assert not PublicNote.objects.visible_to(outsider).exists()
        assert query("SELECT count(*) FROM tariffs_publicnoteitem") == [(0,)]
    page = browser_of(period.cast.greet).get(reverse("public_note", args=[note.uuid]))
    assert PLAIN.question in page.content.decode()
    assert browser_of(outsider.user).get(reverse("public_note", args=[note.uuid])).status_code == 404


def test_what_was_published_never_changes_and_what_comes_later_is_a_new_note(period: Period, note: PublicNote) -> None:
    public_notes.publish(note=note, actor=period.rinske, seen=public_notes.mark(note))
    with pytest.raises(Refused, match="verandert niet meer"):
        public_notes.write(note=note, items=[Question("Anders?", "Ja, toch wel.")], actor=period.noor)
    for sql in (
        "UPDATE tariffs_publicnote SET number = 7",
        "DELETE FROM tariffs_publicnote",
        "UPDATE tariffs_publicnoteitem SET answer = 'Anders'",
        "DELETE FROM tariffs_publicnoteitem",
    ):
        assert refused(sql) is not None, sql
    assert public_notes.begin(round=period.release.round, actor=period.noor).number == note.number + 1


def test_only_the_nza_writes_and_publishes(period: Period, note: PublicNote) -> None:
    for user in (period.cast.anne, period.cast.karim):
        for act in (
            lambda actor: public_notes.begin(round=period.release.round, actor=actor),
            lambda actor: public_notes.write(note=note, items=[PLAIN], actor=actor),
            lambda actor: public_notes.publish(note=note, actor=actor, seen=public_notes.mark(note)),
        ):
            with pytest.raises(Refused, match="Alleen een medewerker van de NZa"):
                act(acting(user))


def test_a_question_that_was_answered_is_taken_along_into_a_note_on_the_pages(period: Period) -> None:
    asked = respond(period, period.cast.anne, kind=ResponseKind.ASK, text="Telt een monument anders mee?")
    answering.answer(
        response=asked, given=Answer(ResponseOutcome.REPLIED, "Nee, een monument telt gewoon mee."), actor=period.noor
    )
    asked.refresh_from_db()
    noor, slug = browser_of(period.cast.noor), period.release.round.slug
    first = noor.get(reverse("round_notes", args=[slug]), {"uit": str(asked.uuid)})
    assert "Begin een nota" in first.content.decode()
    page = noor.post(reverse("round_notes", args=[slug]), {"uit": str(asked.uuid)}, follow=True)
    assert "Telt een monument anders mee?" in page.content.decode()
    number = PublicNote.objects.get().number
    address = reverse("round_note", args=[slug, number])
    seen = page.context["seen"]
    texts = {"vraag": [asked.text, ""], "antwoord": [asked.answer, ""]}
    assert noor.post(address, {**texts, "gezien": seen}).status_code == 302
    publish = reverse("publish_note", args=[slug, number])
    assert "Een collega leest en publiceert haar" in noor.get(address).content.decode()
    rinske = browser_of(period.rinske.user)
    done = rinske.post(publish, {"gezien": rinske.get(address).context["seen"]}, follow=True)
    assert "is gepubliceerd" in done.content.decode()
    own = browser_of(period.cast.bram).get(reverse("public_notes"))
    assert "Nota van inlichtingen 1" in own.content.decode()

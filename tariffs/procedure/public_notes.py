"""The public note (nota van inlichtingen): questions and answers that concern everybody in a round, without names.

Written by one, published by another; from then on everybody in the round reads it, and it never changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from providers import notices, powers
from providers.access import Actor
from providers.audit import record
from providers.formatting import format_datetime
from providers.free_text import plain
from providers.mandates import people_of_each
from providers.models import Act, Provider, Round
from providers.refusal import Refused
from tariffs.models import InterpretationResponse, PublicNote, PublicNoteItem
from tariffs.procedure.names import Names

LONGEST: Final = 10_000
MOST_ITEMS: Final = 200


@dataclass(frozen=True)
class Question:
    """A question with its answer."""

    question: str
    answer: str


class Doubtful(Refused):
    """Words that may be somebody's name: kept and published if a person says that they are not. ``words``: which."""

    def __init__(self, found: dict[str, str]) -> None:
        self.words = tuple(found)
        super().__init__(
            "\n".join(
                f"‘{word}’: dat kan {name} zijn. Bedoelt u die, schrijf het dan zonder naam."
                for word, name in found.items()
            )
        )


def begin(*, round: Round, actor: Actor) -> PublicNote:
    """Return the note of a round that is not published yet; a new one if there is none."""
    powers.require_staff(actor)
    with transaction.atomic():
        locked = Round.objects.select_for_update(no_key=True).get(pk=round.pk)
        draft = PublicNote.objects.filter(round=locked, published_at__isnull=True).first()
        if draft is not None:
            return draft
        last: int | None = PublicNote.objects.filter(round=locked).aggregate(last=Max("number"))["last"]
        note = PublicNote.objects.create(round=locked, number=(last or 0) + 1, prepared_by=actor.user)
        record(act=Act.PUBLIC_NOTE_WRITTEN, actor=actor, subject=f"{note} in {locked}")
    return note


def write(
    *,
    note: PublicNote,
    items: Sequence[Question],
    actor: Actor,
    seen: str | None = None,
    knowing: Collection[str] = (),
) -> PublicNote:
    """Put these questions and answers in a note that is not published; who wrote last does not publish it.

    ``seen`` is the :func:`mark` of what she had before her; ``knowing``: words that she says are nobody's name. Raises
    :class:`~providers.refusal.Refused` with every name that is found in them, :class:`Doubtful` for other words that may be one.
    """
    powers.require_staff(actor)
    kept = [item for item in map(_tidy, items) if item.question or item.answer]
    with transaction.atomic():
        locked = _lock(note)
        _require_draft(locked)
        if seen is not None and seen != mark(locked):
            raise Refused("Een collega wijzigde deze nota intussen. Open de bladzijde opnieuw en vul uw wijziging in.")
        if [Question(row.question, row.answer) for row in locked.items.all()] == kept:
            return locked
        problems = [
            *(
                f"Vraag {number}: vul zowel de vraag als het antwoord in."
                for number, item in enumerate(kept, 1)
                if not item.question or not item.answer
            ),
            *(
                f"Vraag {number}: de tekst is te lang ({LONGEST} tekens is het meeste)."
                for number, item in enumerate(kept, 1)
                if max(len(item.question), len(item.answer)) > LONGEST
            ),
            *_names_in(kept, locked.round),
        ]
        if len(kept) > MOST_ITEMS:
            problems.append(f"Een nota heeft ten hoogste {MOST_ITEMS} vragen. Publiceer deze en begin een nieuwe.")
        if problems:
            raise Refused("\n".join(problems))
        _require_known(kept, locked.round, knowing)
        locked.items.all().delete()
        PublicNoteItem.objects.bulk_create(
            PublicNoteItem(note=locked, number=number, question=item.question, answer=item.answer)
            for number, item in enumerate(kept, 1)
        )
        locked.prepared_by, locked.prepared_at = actor.user, timezone.now()
        locked.save(update_fields=["prepared_by", "prepared_at"])
        record(
            act=Act.PUBLIC_NOTE_WRITTEN,
            actor=actor,
            subject=f"{locked} in {locked.round}",
            details={"items": len(kept)},
        )
    return locked


def publish(*, note: PublicNote, actor: Actor, seen: str, knowing: Collection[str] = ()) -> PublicNote:
    """Publish a note as it was read (``seen``: its :func:`mark`), by another than who wrote last; everybody is told once.

    ``knowing``: words that she says are nobody's name, as in :func:`write`.
    """
    powers.require_staff(actor)
    with transaction.atomic():
        locked = _lock(note)
        if locked.published_at is not None and locked.published_by_id == actor.user.pk:
            return locked
        _require_draft(locked)
        rows = list(locked.items.all())
        if not rows:
            raise Refused("Er staat nog geen vraag in deze nota.")
        if locked.prepared_by_id == actor.user.pk:
            raise Refused("U schreef als laatste aan deze nota. Een collega moet haar lezen en publiceren.")
        if seen != mark(locked):
            raise Refused("Een collega wijzigde deze nota intussen. Lees haar opnieuw.")
        # Somebody may have joined the round since it was written.
        items = [Question(row.question, row.answer) for row in rows]
        if names := _names_in(items, locked.round):
            raise Refused("\n".join(names))
        _require_known(items, locked.round, knowing)
        locked.published_by, locked.published_at = actor.user, timezone.now()
        locked.save(update_fields=["published_by", "published_at"])
        record(
            act=Act.PUBLIC_NOTE_PUBLISHED,
            actor=actor,
            subject=f"{locked} in {locked.round}",
            details={"note": str(locked.uuid), "items": len(rows)},
        )
        _tell(locked)
    return locked


def mark(note: PublicNote) -> str:
    """Return what names the contents of a note: other contents, or another writer, another mark."""
    return f"{note.prepared_at.isoformat()}:{note.prepared_by_id}"


def prefill(response: InterpretationResponse) -> Question:
    """Return a question and answer to begin with, from a response that was answered; names still have to go."""
    return Question(response.text, response.answer)


def doubts(note: PublicNote) -> dict[str, str]:
    """Return the words in a note that may be somebody's name, each with whose."""
    return _doubtful([Question(row.question, row.answer) for row in note.items.all()], note.round)


def _doubtful(items: Iterable[Question], round: Round) -> dict[str, str]:
    return Names(round).doubtful("\n".join(f"{item.question}\n{item.answer}" for item in items))


def _require_known(items: Iterable[Question], round: Round, knowing: Collection[str]) -> None:
    left = {word: name for word, name in _doubtful(items, round).items() if word not in knowing}
    if left:
        raise Doubtful(left)


def _names_in(items: Iterable[Question], round: Round) -> list[str]:
    names = Names(round)
    return [
        f"Vraag {number}: hierin staat ‘{name}’. Iedereen leest de nota. Schrijf het zonder namen."
        for number, item in enumerate(items, 1)
        for name in names.found(f"{item.question}\n{item.answer}")
    ]


def _tidy(item: Question) -> Question:
    return Question(plain(item.question), plain(item.answer))


def _lock(note: PublicNote) -> PublicNote:
    """Return a note as it is now, locked. Locked first and read after that: see :func:`tariffs.procedure.handling.lock`."""
    PublicNote.objects.select_for_update(of=("self",)).only("pk").get(pk=note.pk)
    return PublicNote.objects.select_related("round", "prepared_by").get(pk=note.pk)


def _require_draft(note: PublicNote) -> None:
    if note.published_at is not None:
        raise Refused(f"{note} is gepubliceerd en verandert niet meer. Zet een aanvulling in een nieuwe nota.")


def _tell(note: PublicNote) -> None:
    round = note.round
    providers = {item.pk: item for item in Provider.objects.filter(submissions__round=round)}
    people = people_of_each(providers)
    notices.tell_all(
        kind="public_note",
        round=round,
        path=reverse("public_note", args=[note.uuid]),
        messages=[
            notices.Message(
                to=people.get(pk, []),
                provider=provider,
                occasion=str(note.uuid),
                facts={"termijn": format_datetime(round.deadline), "nummer": str(note.number)},
            )
            for pk, provider in providers.items()
        ],
    )

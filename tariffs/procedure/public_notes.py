"""The public note (nota van inlichtingen): questions and answers that concern everybody in a round, without names.

Written by one, published by another; from then on everybody in the round reads it, and it never changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
from providers.mandates import people_of_each
from providers.models import Act, Provider, Round
from providers.refusal import Refused
from tariffs.models import InterpretationResponse, PublicNote, PublicNoteItem
from tariffs.procedure.names import names_found

LONGEST: Final = 10_000
MOST_ITEMS: Final = 200


@dataclass(frozen=True)
class Question:
    """A question with its answer."""

    question: str
    answer: str


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


def write(*, note: PublicNote, items: Sequence[Question], actor: Actor, seen: str | None = None) -> PublicNote:
    """Put these questions and answers in a note that is not published; who wrote last does not publish it.

    ``seen`` is the :func:`mark` of what she had before her. Raises :class:`~providers.refusal.Refused` with every name that is
    found in them.
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


def publish(*, note: PublicNote, actor: Actor, seen: str) -> PublicNote:
    """Publish a note as it was read (``seen``: its :func:`mark`), by another than who wrote last; everybody is told once."""
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
        if names := _names_in([Question(row.question, row.answer) for row in rows], locked.round):
            raise Refused("\n".join(names))
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


def _names_in(items: Iterable[Question], round: Round) -> list[str]:
    return [
        f"Vraag {number}: hierin staat ‘{name}’. Iedereen leest de nota. Schrijf het zonder namen."
        for number, item in enumerate(items, 1)
        for name in names_found(f"{item.question}\n{item.answer}", round)
    ]


def _tidy(item: Question) -> Question:
    return Question(item.question.replace("\r\n", "\n").strip(), item.answer.replace("\r\n", "\n").strip())


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

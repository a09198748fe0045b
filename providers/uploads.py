"""Files that providers send in: received at once, read by a worker, applied to the saved state."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from providers import checks, drafts, tasks, waking
from providers.access import Actor
from providers.audit import record
from providers.contents import Contents, Figure, Noticed, difference, figure_of, from_json, to_json
from providers.formatting import format_date
from providers.models import Act, How, Power, Round, SourceFile, Submission, Upload, UploadStatus
from providers.refusal import Refused
from providers.workbook.container import size_objection
from providers.workbook.content import Problem, SourceError
from providers.workbook.form import FORM_LIMITS, ClientDataError, Form, ReadForm, read
from providers.workbook.form.figure_cells import UNREAD_CELL

logger = logging.getLogger(__name__)

#: How long a worker may have a file; reading is limited to less than that.
CLAIM = timedelta(seconds=90)
MOST_CLAIMS = 3
UNREADABLE = "Dit bestand kon niet worden gelezen. Kopieer de gegevens naar een nieuw exemplaar van het werkboek en verstuur dat."
ERASED = (
    "Dit bestand is eerder geweigerd en gewist, omdat er gegevens van personen in stonden. Haal die eruit en verstuur het dan"
    " opnieuw."
)
#: A provider sends so many files that wait to be read, and no more.
MOST_WAITING = 5


def receive(*, submission: Submission, name: str, content: bytes, key: str, based_on: int, actor: Actor) -> Upload:
    """Keep a file as it came in and have a worker read it; the same ``key`` is the same upload.

    Raises :class:`~providers.refusal.Refused` outside the term or if the file is too large.
    """
    if objection := size_objection(len(content), FORM_LIMITS):
        raise Refused(objection)
    with transaction.atomic():
        locked = drafts.lock(submission, actor, Power.DELIVER)
        known = Upload.objects.filter(submission=locked, key=key[:80]).first()
        if known is not None and known.source_file.sha256 != hashlib.sha256(content).hexdigest():
            raise Refused(
                "U verstuurde van deze bladzijde al een ander bestand. Ververs de bladzijde en kies het bestand opnieuw."
            )
        if known is not None:
            return known
        drafts.require_open(locked, timezone.now())
        if Upload.objects.filter(submission=locked, status=UploadStatus.WAITING).count() >= MOST_WAITING:
            raise Refused(
                "Er worden nog bestanden van u gelezen. Wacht tot die klaar zijn en verstuur dit bestand dan."
            )
        digest = hashlib.sha256(content).hexdigest()
        file, _ = SourceFile.objects.get_or_create(
            provider=locked.provider, sha256=digest, defaults={"name": name[:250], "content": content}
        )
        if content and not file.content:
            raise Refused(ERASED)
        upload = Upload.objects.create(
            submission=locked,
            source_file=file,
            file_name=name[:250],
            key=key[:80],
            based_on=based_on,
            sent_by=actor.user,
        )
        record(act=Act.FILE_RECEIVED, actor=actor, subject=str(locked), details={"file": name[:250], "sha256": digest})
        transaction.on_commit(lambda: wake(upload.pk))
    return upload


def wake(upload_id: int) -> None:
    """Tell a worker that a file waits."""
    waking.wake(tasks.read_upload, upload_id)


def sweep() -> list[int]:
    """Wake workers for files that wait too long or that a dead worker left; return their keys."""
    now = timezone.now()
    left = Upload.objects.filter(status=UploadStatus.WAITING, sent_at__lt=now - timedelta(seconds=5)).filter(
        Q(claimed_until__isnull=True) | Q(claimed_until__lt=now)
    )
    found = list(left.values_list("pk", flat=True))
    for upload_id in found:
        wake(upload_id)
    return found


def read_waiting(upload_id: int) -> None:
    """Read a file that waits, unless another worker has it: in a child process, outside any transaction."""
    now = timezone.now()
    claimed = (
        Upload.objects.filter(pk=upload_id, status=UploadStatus.WAITING)
        .filter(Q(claimed_until__isnull=True) | Q(claimed_until__lt=now))
        .update(claimed_until=now + CLAIM, claims=F("claims") + 1)
    )
    if not claimed:
        return
    upload = Upload.objects.select_related("submission__round", "submission__provider", "source_file").get(pk=upload_id)
    if upload.claims > MOST_CLAIMS:
        _refuse(upload, [UNREADABLE])
        return
    try:
        form = form_for(upload.submission)
        found = read(bytes(upload.source_file.content), file_name=upload.file_name, form=form)
    except ClientDataError as refused:
        # Figures of persons are not kept (AVG, art. 5(1)(c)); that they were sent, and the hash, is.
        with transaction.atomic():
            # Bytes that were delivered and signed are kept, whoever sends them in once more.
            SourceFile.objects.filter(pk=upload.source_file_id, versions__isnull=True).update(content=b"")
            _refuse(upload, [_said(problem) for problem in refused.problems])
        return
    except SourceError as refused:
        _refuse(upload, [_said(problem) for problem in refused.problems])
        return
    except Exception:
        # Not the file but the reading failed: it is tried again, and given up after a few times. The file itself is kept.
        logger.exception("Upload %s could not be read.", upload.uuid)
        Upload.objects.filter(pk=upload.pk, status=UploadStatus.WAITING).update(claimed_until=None)
        return
    _apply(upload, as_contents(found))


def _said(problem: Problem) -> str:
    """Return a problem as a sentence; the name of the file stands above it on the page."""
    return str(problem).removeprefix(f"{problem.file}, ").removeprefix(f"{problem.file}: ")


def _refuse(upload: Upload, problems: list[str]) -> None:
    Upload.objects.filter(pk=upload.pk, status=UploadStatus.WAITING).update(
        status=UploadStatus.REFUSED, problems=problems, read_at=timezone.now(), claimed_until=None
    )


def _apply(upload: Upload, found: Contents) -> None:
    """Store what was read; if nobody saved since the sender looked, it becomes the newest state at once."""
    actor = _sender(upload)
    with transaction.atomic():
        submission = drafts.lock(upload.submission)
        fresh = Upload.objects.filter(pk=upload.pk, status=UploadStatus.WAITING).update(
            status=UploadStatus.READ,
            contents=to_json(found),
            problems=unread_of(found),
            read_at=timezone.now(),
            claimed_until=None,
        )
        if not fresh:
            return
        newest = drafts.newest_of(submission)
        if (newest.number if newest else 0) != upload.based_on:
            return
        upload.refresh_from_db(fields=["status", "contents", "read_at"])
        try:
            with transaction.atomic():
                drafts.save(
                    submission=submission,
                    changes=changes_of(upload, drafts.contents_of(newest, submission)),
                    based_on=upload.based_on,
                    actor=actor,
                    how=How.UPLOAD,
                    upload=upload,
                    by=found,
                    at=upload.sent_at,
                )
        except Refused as refused:
            logger.info("Upload %s was read but not applied: %s", upload.uuid, refused)


def unread_of(found: Contents) -> list[str]:
    """Return which cells said no figure, as sentences: each with its place and how to mend it."""
    return [
        checks.rule(UNREAD_CELL).message.format_map(item.details) for item in found.noticed if item.rule == UNREAD_CELL
    ]


def _sender(upload: Upload) -> Actor:
    """Return who sent the file, acting under the mandate that she sent it under, whatever became of it since."""
    held = upload.sent_by.mandates.filter(provider=upload.submission.provider).order_by("-pk")
    mandate = held.filter(valid_from__lte=upload.sent_at).first() or held.first()
    assert mandate is not None
    return Actor(user=upload.sent_by, mandate=mandate, mandates=(mandate,))


def changes_of(upload: Upload, current: Contents) -> Mapping[str, Any]:
    """Return what applying a file that was read would change, by part.

    A cell that is empty in the file, or that could not be read, empties the figure; an explanation or remark that is missing
    there leaves ours as it is.
    """
    if upload.contents is None:
        return {}
    found = from_json(upload.contents)
    changes = difference(current, found)
    return {part: value for part, value in changes.items() if value is not None or figure_of(part) in found.figures}


def form_for(submission: Submission) -> Form:
    """Return what a provider's workbook in a round is about; a file has to say the same."""
    round, provider = submission.round, submission.provider
    return Form(
        round_slug=round.slug,
        round_title=round.title,
        book_year=round.book_year,
        template=round.template_version,
        currency=round.currency,
        is_fictitious=round.is_fictitious,
        key_scheme=provider.key_scheme,
        key=provider.key,
        name=provider.name,
        deadline_text=_deadline(submission, round),
        contact=round.contact,
        measures=tuple(round.measures),
    )


def _deadline(submission: Submission, round: Round) -> str:
    return f"Lever aan uiterlijk op {format_date(submission.deadline)}." if submission.deadline else ""


def as_contents(found: ReadForm) -> Contents:
    """Return what was read from a file as contents."""
    return Contents(
        figures={item.measure: Figure(value=item.value, cell=item.cell, raw=item.raw) for item in found.values},
        organisation={
            "legal_form": found.organisation.legal_form,
            "agb_code": found.organisation.agb_code,
            "nza_number": found.organisation.nza_number,
        },
        locations=found.locations,
        explanations=dict(found.explanations),
        remarks=found.remarks,
        noticed=tuple(Noticed(item.rule, item.cell, item.measure, dict(item.details)) for item in found.findings),
    )

"""Handing in: offered to the board, signed by somebody who did not fill it in, and from then on a version that never changes."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.urls import reverse
from django.utils import timezone

from providers import drafts, history, notices, organisations
from providers.access import Actor
from providers.audit import record
from providers.checking import Verdict, check, delivery_of, findings_for
from providers.contents import Contents, from_json, to_json
from providers.formatting import format_datetime
from providers.mandates import people_of
from providers.models import (
    EDITABLE,
    Act,
    Draft,
    Explanation,
    Finding,
    MeasuredValue,
    Power,
    SignatureAnswer,
    SignatureRequest,
    SourceFile,
    Statement,
    Submission,
    SubmissionStatus,
    SubmissionVersion,
    Upload,
    User,
)
from providers.refusal import Refused
from providers.rounds import content_hash
from providers.texts import text_of

FORMAT = 1


def fillers(submission: Submission) -> list[User]:
    """Return everybody who filled in figures in this submission, by name: none of them signs it.

    Who sent a file filled in what it says, whoever took it over.
    """
    states = Draft.objects.filter(submission=submission)
    made = states.filter(made_by__isnull=False).values("made_by")
    sent = states.filter(upload__isnull=False).values("upload__sent_by")
    return list(User.objects.filter(Q(pk__in=made) | Q(pk__in=sent)).order_by("name", "pk"))


def signatories(submission: Submission, *, busy: list[User] | None = None) -> list[User]:
    """Return who may sign: people with that power who did not fill in figures (``busy``, if they were looked up before)."""
    filled_in = {user.pk for user in (fillers(submission) if busy is None else busy)}
    return [user for user in people_of(submission.provider, Power.SIGN) if user.pk not in filled_in]


def offer(*, submission: Submission, draft_number: int, actor: Actor) -> SignatureRequest:
    """Offer the newest saved state to the board to be signed; offered twice, it is one request.

    Raises :class:`~providers.refusal.Refused` if errors or findings without an explanation are left.
    """
    with transaction.atomic():
        locked = drafts.lock(submission, actor, Power.DELIVER)
        drafts.require_open(locked, timezone.now())
        draft = _newest(locked, draft_number)
        known = SignatureRequest.objects.filter(draft=draft).first()
        if known is not None and known.answer == SignatureAnswer.WAITING:
            return known
        if known is not None:
            raise Refused(
                "Deze stand is al eens voorgelegd en niet ondertekend. Verbeter eerst wat er is opgemerkt, en leg de"
                " gegevens daarna opnieuw voor."
            )
        _require_ready(check(submission=locked, contents=from_json(draft.contents)))
        to = signatories(locked)
        if not to:
            raise Refused(_nobody_signs(locked))
        request = SignatureRequest.objects.create(submission=locked, draft=draft, asked_by=actor.user)
        record(act=Act.SIGNATURE_ASKED, actor=actor, subject=str(locked), details={"draft": draft.number})
        notices.tell(
            kind="signature_requested",
            to=to,
            provider=locked.provider,
            round=locked.round,
            occasion=str(request.uuid),
            path=reverse("own_submission", args=[locked.round.slug]),
            termijn=format_datetime(locked.deadline),
            wie=actor.user.name,
        )
    return request


def decline(*, submission: Submission, remark: str, actor: Actor) -> SignatureRequest:
    """Give an offered state back to who offered it, with a remark."""
    if not remark.strip():
        raise Refused("Schrijf op waarom u niet tekent. Dan weet uw collega wat er moet veranderen.")
    with transaction.atomic():
        locked = drafts.lock(submission, actor, Power.SIGN)
        request = SignatureRequest.objects.filter(submission=locked, answer=SignatureAnswer.WAITING).first()
        if request is None:
            raise Refused("Er ligt niets ter ondertekening. Misschien wijzigde een collega de gegevens.")
        request.answer = SignatureAnswer.DECLINED
        request.answered_by, request.answered_at, request.remark = actor.user, timezone.now(), remark.strip()
        request.save()
        record(act=Act.SIGNATURE_DECLINED, actor=actor, subject=str(locked))
        notices.tell(
            kind="signature_declined",
            # Who left meanwhile is told nothing any more.
            to=[user for user in people_of(locked.provider) if user.pk == request.asked_by_id],
            provider=locked.provider,
            round=locked.round,
            occasion=str(request.uuid),
            path=reverse("own_submission", args=[locked.round.slug]),
            wie=actor.user.name,
            reden=remark.strip(),
        )
    return request


def sign(
    *, submission: Submission, draft_number: int, position: str, actor: Actor, read: str | None = None
) -> SubmissionVersion:
    """Sign the offered state and hand it in; signed twice, it is one delivery with one receipt.

    ``read`` is the mark (:func:`statement_mark`) of the statement that she had before her. Raises
    :class:`~providers.refusal.Refused` if it is not hers to sign, if it changed, or outside the term.
    """
    now = timezone.now()
    with transaction.atomic():
        locked = drafts.lock(submission, actor, Power.SIGN)
        known = Statement.objects.filter(draft__submission=locked, draft__number=draft_number).first()
        if known is not None and known.signed_by_id == actor.user.pk:
            if locked.status in EDITABLE:
                raise Refused("Deze aanlevering is ingetrokken of teruggelegd. Leg de gegevens eerst opnieuw voor.")
            return known.version
        drafts.require_open(locked, now)
        draft = _newest(locked, draft_number)
        request = SignatureRequest.objects.filter(draft=draft, answer=SignatureAnswer.WAITING).first()
        if request is None:
            raise Refused(
                "Deze gegevens liggen niet ter ondertekening. Vraag een collega om ze voor te leggen, of ververs de bladzijde."
            )
        busy = fillers(locked)
        if actor.user in busy:
            raise Refused(
                "U vulde zelf gegevens in. Daarom ondertekent een ander namens het bestuur. " + _who_can_sign(locked)
            )
        if not position.strip():
            raise Refused("Vul in in welke functie u tekent, bijvoorbeeld ‘bestuurder’.")
        if read is not None and read != statement_mark(statement_text(locked)):
            raise Refused("De tekst van de verklaring is intussen gewijzigd. Lees de verklaring hieronder opnieuw.")
        contents = from_json(draft.contents)
        verdict = check(submission=locked, contents=contents)
        _require_ready(verdict)
        version = _store(locked, draft, contents, verdict, busy, position.strip(), actor, now)
        request.answer, request.answered_by, request.answered_at = SignatureAnswer.SIGNED, actor.user, now
        request.save()
        organisations.update(provider=locked.provider, round=locked.round, contents=contents)
        history.move(submission=locked, to=SubmissionStatus.SUBMITTED, actor=actor)
        record(
            act=Act.SUBMISSION_SIGNED,
            actor=actor,
            subject=str(version),
            details={"sha256": version.source_file.sha256, "draft": draft.number},
        )
        notices.tell(
            kind="receipt",
            to=people_of(locked.provider),
            provider=locked.provider,
            round=locked.round,
            occasion=str(version.uuid),
            path=reverse("receipt", args=[version.uuid]),
            versie=str(version.number),
            kenmerk=version.source_file.sha256,
            moment=format_datetime(now),
            wie=actor.user.name,
        )
    return version


def withdraw(*, submission: Submission, actor: Actor) -> None:
    """Take a delivery back, within the term and as long as the NZa has not begun; what was delivered stays readable."""
    with transaction.atomic():
        locked = drafts.lock(submission, actor, Power.DELIVER, Power.SIGN)
        if locked.status in EDITABLE:
            raise Refused("De aanlevering is niet ingediend, of al ingetrokken. U kunt de gegevens wijzigen.")
        if locked.status != SubmissionStatus.SUBMITTED:
            raise Refused("De NZa is al begonnen met controleren. Vraag de NZa om de aanlevering terug te leggen.")
        if locked.merged_into_id is not None:
            raise Refused("Uw organisatie is opgegaan in een andere zorgaanbieder. Die levert de gegevens aan.")
        if not locked.accepts_at(timezone.now()):
            raise Refused(
                "De termijn is voorbij. Wilt u iets verbeteren, vraag de NZa dan om de aanlevering terug te leggen."
            )
        history.move(
            submission=locked, to=SubmissionStatus.DRAFT, actor=actor, reason="Ingetrokken door de zorgaanbieder."
        )
        drafts.repeat(locked)
        notices.tell(
            kind="withdrawn",
            to=people_of(locked.provider),
            provider=locked.provider,
            round=locked.round,
            occasion=f"{locked.uuid}:{timezone.now().isoformat()}",
            path=reverse("own_submission", args=[locked.round.slug]),
            termijn=format_datetime(locked.deadline),
            wie=actor.user.name,
        )


def files_of(draft: Draft) -> list[dict[str, str]]:
    """Return name and SHA-256 of the files that went into a saved state, oldest first."""
    rows = (
        Upload.objects.filter(submission=draft.submission_id, drafts__number__lte=draft.number)
        .order_by("pk")
        .distinct()
        .values_list("pk", "file_name", "source_file__sha256")
    )
    return [{"name": name, "sha256": sha256} for _, name, sha256 in rows]


def statement_text(submission: Submission) -> str:
    """Return the statement of the board as it is signed in this round."""
    return text_of(submission.round, "statement").body_for(
        aanbieder=submission.provider.name, ronde=submission.round.title, boekjaar=str(submission.round.book_year)
    )


def statement_mark(text: str) -> str:
    """Return the mark of a statement: another text has another mark."""
    return hashlib.sha256(text.encode()).hexdigest()


def _newest(submission: Submission, number: int) -> Draft:
    draft = drafts.newest_of(submission)
    if draft is None or (draft.made_by_id is None and draft.number == 1):
        raise Refused("Er is nog niets ingevuld. Vul eerst de gegevens in.")
    if draft.number != number:
        raise Refused(
            "De gegevens zijn intussen gewijzigd. Bekijk de nieuwe stand en probeer het dan opnieuw: u ziet hieronder wat er"
            " veranderde."
        )
    return draft


def _require_ready(verdict: Verdict) -> None:
    if verdict.errors:
        count = len(verdict.errors)
        raise Refused(
            f"Er {'is nog één fout' if count == 1 else f'zijn nog {count} fouten'}. Herstel {'die' if count == 1 else 'ze'}"
            " eerst; bij elke fout staat hoe."
        )
    if verdict.unexplained:
        count = len(verdict.unexplained)
        raise Refused(
            f"{'Eén signalering is' if count == 1 else f'{count} signaleringen zijn'} nog niet toegelicht. Verbeter het getal,"
            " of schrijf op waarom het klopt."
        )


def _nobody_signs(submission: Submission) -> str:
    return (
        "Niemand kan deze gegevens ondertekenen. "
        + _who_can_sign(submission)
        + " Een beheerder geeft die bevoegdheid op de bladzijde ‘Organisatie’."
    )


def _who_can_sign(submission: Submission) -> str:
    names = [user.name for user in signatories(submission)]
    if names:
        return f"Dat kan: {', '.join(names)}."
    return "Er is iemand nodig met de bevoegdheid ‘Ondertekenen namens het bestuur’ die zelf niets invulde."


def _store(
    submission: Submission,
    draft: Draft,
    contents: Contents,
    verdict: Verdict,
    busy: list[User],
    position: str,
    actor: Actor,
    now: datetime,
) -> SubmissionVersion:
    """Store the version, its figures, findings, explanations and statement."""
    number = (SubmissionVersion.objects.filter(submission=submission).aggregate(last=Max("number"))["last"] or 0) + 1
    text = statement_text(submission)
    document = _document(submission, draft, contents, verdict, number)
    document["statement"] = {
        "text": text,
        "signed_by": actor.user.name,
        "signed_as": position,
        "signed_at": now.isoformat(),
        "filled_in_by": [user.name for user in busy],
    }
    content = json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).encode()
    file = SourceFile.objects.create(
        provider=submission.provider,
        name=f"aanlevering-{submission.round.slug}-{submission.provider.key}-v{number}.json",
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
    )
    version = SubmissionVersion.objects.create(
        submission=submission,
        number=number,
        source_file=file,
        file_name=draft.upload.file_name if draft.upload else file.name,
        sha256=content_hash(delivery_of(submission, contents)),
        submitted_at=now,
        submitted_by=actor.user,
    )
    MeasuredValue.objects.bulk_create(
        MeasuredValue(
            version=version,
            measure=code,
            value=figure.value,
            sheet=figure.cell.sheet,
            row=figure.cell.row,
            column=figure.cell.column,
            raw=figure.raw[:120],
        )
        for code, figure in contents.figures.items()
    )
    rows = findings_for(version, verdict)
    Finding.objects.bulk_create(finding for finding, _ in rows)
    Explanation.objects.bulk_create(
        Explanation(finding=finding, text=text, made_at=now) for finding, text in rows if text
    )
    Statement.objects.create(
        version=version,
        draft=draft,
        text=text,
        signed_by=actor.user,
        signed_as=position[:120],
        signed_at=now,
        filled_in_by=[user.name for user in busy],
    )
    return version


def _document(
    submission: Submission, draft: Draft, contents: Contents, verdict: Verdict, number: int
) -> dict[str, Any]:
    """Return everything that is signed, as the receipt's hash covers it."""
    return {
        "format": FORMAT,
        "round": {
            "slug": submission.round.slug,
            "book_year": submission.round.book_year,
            "template": submission.round.template_version,
            "currency": submission.round.currency,
        },
        "provider": {
            "key_scheme": submission.provider.key_scheme,
            "key": submission.provider.key,
            "name": submission.provider.name,
        },
        "version": number,
        "contents": to_json(contents),
        "findings": [
            {
                "rule": item.rule.code,
                "severity": item.rule.severity,
                "message": item.message,
                "explanation": verdict.explanation_of(item),
            }
            for item in verdict.found
        ],
        "files": files_of(draft),
    }

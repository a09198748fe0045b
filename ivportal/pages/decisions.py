"""NZa: the steps that can be taken with the submission of a provider, each with what follows and what it asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from ivportal.pages import moments
from ivportal.pages.steps import Step
from providers import desk, exemptions, review
from providers.access import Actor
from providers.checking import FEWEST_LETTERS, says_why
from providers.formatting import AMSTERDAM, format_datetime
from providers.mandates import people_of
from providers.models import EDITABLE, Exemption, ExemptionStatus, RoundStatus, Submission, SubmissionStatus
from providers.refusal import Refused

#: So long a provider gets to correct, unless the NZa chooses otherwise.
USUAL_TERM = timedelta(days=14)


def require_words(text: str) -> None:
    """Refuse a reason that says as good as nothing to the provider who reads it."""
    if not says_why(text):
        raise ValidationError(
            f"Dit is te kort. Schrijf op waarom, in ten minste {FEWEST_LETTERS} letters. De aanbieder leest dit."
        )


class ReasonForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(
        label="Waarom?",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="De aanbieder leest dit.",
        error_messages={"required": "Schrijf op waarom. De aanbieder leest dit."},
        validators=[require_words],
    )


class ReturnForm(moments.TermForm):
    """What has to change, and until when."""

    def clean_reason(self) -> str:
        """Return the reason, if it says something."""
        reason: str = self.cleaned_data["reason"]
        require_words(reason)
        return reason


def _in(*statuses: SubmissionStatus) -> Any:
    return lambda submission: _is_here(submission) and submission.status in statuses


def _is_here(submission: Submission) -> bool:
    """Tell whether anything can still be done with a submission: in the portal, and not put away."""
    round = submission.round
    return round.is_delivered_here and round.status != RoundStatus.ARCHIVED and submission.merged_into_id is None


def waiting_exemption(submission: Submission) -> Exemption | None:
    """Return the request for exemption that waits for an answer."""
    return Exemption.objects.filter(submission=submission, status=ExemptionStatus.ASKED).first()


def _said_so(after: SubmissionStatus) -> Any:
    """Return whether the last step was this one, by the same person for the same reason."""

    def was_taken(submission: Submission, said: dict[str, Any], actor: Actor) -> bool:
        last = submission.history.first()
        return (
            last is not None
            and last.after == after
            and last.by_id == actor.user.pk
            and last.reason == said.get("reason", "").strip()
        )

    return was_taken


def _told(submission: Submission) -> str:
    """Say who gets a message."""
    names = [user.name for user in people_of(submission.provider)]
    if not names:
        return "Niemand krijgt bericht: bij deze aanbieder heeft nog niemand een bevoegdheid."
    return f"Bericht krijgen: {', '.join(names)}."


def _take(submission: Submission, said: dict[str, Any], actor: Actor) -> str:
    review.take(submission=submission, actor=actor)
    return "De aanlevering is in controle."


def _validate(submission: Submission, said: dict[str, Any], actor: Actor) -> str:
    review.validate(submission=submission, actor=actor)
    return "De aanlevering is gevalideerd. De aanbieder krijgt bericht."


def _give_back(submission: Submission, said: dict[str, Any], actor: Actor) -> str:
    with transaction.atomic():
        if submission.status == SubmissionStatus.SUBMITTED:
            review.take(submission=submission, actor=actor)
        review.give_back(submission=submission, reason=said["reason"], until=said["until"], actor=actor)
    return f"De aanlevering is teruggelegd, tot en met {_term_of(submission)}. De aanbieder krijgt bericht."


def _exclude(submission: Submission, said: dict[str, Any], actor: Actor) -> str:
    review.exclude(submission=submission, reason=said["reason"], actor=actor)
    return "De aanlevering is uitgesloten. De aanbieder krijgt bericht met uw reden."


def _reopen(submission: Submission, said: dict[str, Any], actor: Actor) -> str:
    review.reopen(submission=submission, reason=said["reason"], until=said["until"], actor=actor)
    return f"De aanlevering is heropend, tot en met {_term_of(submission)}. De aanbieder krijgt bericht."


def _term_of(submission: Submission) -> str:
    """Return the term as it is stored now, whatever was asked."""
    submission.refresh_from_db()
    return format_datetime(submission.deadline)


def _keep(submission: Submission, said: dict[str, Any], actor: Actor) -> str:
    review.keep_as_delivered(submission=submission, reason=said["reason"], actor=actor)
    return "Wat eerder is aangeleverd blijft staan. De aanlevering is weer in controle."


def _extend(submission: Submission, said: dict[str, Any], actor: Actor) -> str:
    desk.extend_for_one(submission=submission, until=said["until"], reason=said["reason"], actor=actor)
    return f"Deze aanbieder kan aanleveren tot en met {format_datetime(said['until'])} en krijgt bericht."


def _answer(is_granted: bool) -> Any:
    def act(submission: Submission, said: dict[str, Any], actor: Actor) -> str:
        waiting = waiting_exemption(submission)
        if waiting is None:
            raise Refused(
                "Er loopt geen verzoek om ontheffing. Misschien trok de aanbieder het in, of was een collega u voor."
            )
        exemptions.answer(exemption=waiting, is_granted=is_granted, reason=said["reason"], actor=actor)
        return (
            f"De ontheffing is {'toegekend' if is_granted else 'afgewezen'}. De aanbieder krijgt bericht met uw reden."
        )

    return act


def _was_answered(status: ExemptionStatus) -> Any:
    def was_taken(submission: Submission, said: dict[str, Any], actor: Actor) -> bool:
        last = Exemption.objects.filter(submission=submission).first()
        return last is not None and (last.status, last.answered_by_id, last.answer) == (
            status,
            actor.user.pk,
            said["reason"].strip(),
        )

    return was_taken


def _asked(submission: Submission) -> list[str]:
    waiting = waiting_exemption(submission)
    asked = [f"{waiting.asked_by.name} vraagt ontheffing: ‘{waiting.grounds}’"] if waiting else []
    return [*asked, _told(submission)]


def _end_exemption(submission: Submission, said: dict[str, Any], actor: Actor) -> str:
    exemptions.end(submission=submission, reason=said["reason"], actor=actor)
    return "De ontheffing is beëindigd. De aanbieder moet weer aanleveren."


def _uninvite(submission: Submission, said: dict[str, Any], actor: Actor) -> str:
    desk.uninvite(submission=submission, actor=actor)
    return f"{submission.provider.name} staat niet meer op de lijst van deze ronde."


def _enough_time(submission: Submission) -> dict[str, Any]:
    """Return the usual term, or the one that runs if that is longer."""
    day, running = timezone.localdate() + USUAL_TERM, review.running_term(submission)
    if running is not None and timezone.localtime(running, AMSTERDAM).date() >= day:
        return moments.shown_parts(running, "until")
    return {"until_day": day}


def _running(submission: Submission) -> list[str]:
    running = review.running_term(submission)
    return [f"De termijn loopt nu tot en met {format_datetime(running)}; korter kan niet."] if running else []


S = SubmissionStatus
STEPS: tuple[Step[Submission], ...] = (
    Step(
        name="ontheffing-toekennen",
        title="Waarom krijgt deze aanbieder ontheffing?",
        button="Ken ontheffing toe",
        is_open=lambda item: _is_here(item) and waiting_exemption(item) is not None,
        follows=lambda item: [*_asked(item), "De aanbieder hoeft in deze ronde niet aan te leveren."],
        form=ReasonForm,
        act=_answer(True),
        was_taken=_was_answered(ExemptionStatus.GRANTED),
    ),
    Step(
        name="ontheffing-afwijzen",
        title="Waarom krijgt deze aanbieder geen ontheffing?",
        button="Wijs ontheffing af",
        is_open=lambda item: _is_here(item) and waiting_exemption(item) is not None,
        follows=lambda item: [*_asked(item), "De aanbieder moet binnen de termijn aanleveren."],
        form=ReasonForm,
        act=_answer(False),
        was_taken=_was_answered(ExemptionStatus.REFUSED),
    ),
    Step(
        name="controleren",
        title="Neemt u deze aanlevering in controle?",
        button="Neem in controle",
        is_open=_in(S.SUBMITTED),
        follows=lambda item: [
            "De aanbieder kan de aanlevering daarna niet meer zelf intrekken. Zij krijgt geen bericht."
        ],
        act=_take,
        was_taken=lambda item, said, actor: item.status == S.IN_REVIEW,
    ),
    Step(
        name="valideren",
        title="Valideert u deze aanlevering?",
        button="Valideer",
        is_open=_in(S.IN_REVIEW),
        follows=lambda item: ["De aanlevering telt mee in de berekening.", _told(item)],
        act=_validate,
        was_taken=lambda item, said, actor: item.status == S.VALIDATED,
    ),
    Step(
        name="terugleggen",
        title="Wat moet de aanbieder verbeteren, en tot wanneer?",
        button="Leg terug",
        is_open=_in(S.SUBMITTED, S.IN_REVIEW),
        follows=lambda item: [
            "De aanlevering telt niet mee totdat de aanbieder opnieuw indient, of totdat u de eerdere laat gelden.",
            *_running(item),
            _told(item),
        ],
        form=ReturnForm,
        initial=_enough_time,
        act=_give_back,
        was_taken=_said_so(S.RETURNED),
    ),
    Step(
        name="laten-staan",
        title="Waarom blijft de eerdere aanlevering staan?",
        button="Laat de eerdere aanlevering gelden",
        is_open=lambda item: _in(S.RETURNED)(item) and item.versions.exists(),
        follows=lambda item: ["Wat het laatst is ondertekend telt weer mee. De aanbieder kan niets meer wijzigen."],
        form=ReasonForm,
        act=_keep,
        was_taken=_said_so(S.IN_REVIEW),
    ),
    Step(
        name="uitstel",
        title="Tot wanneer krijgt deze aanbieder uitstel?",
        button="Geef uitstel",
        is_open=lambda item: _in(*EDITABLE)(item) and item.round.status != RoundStatus.DRAFT,
        follows=lambda item: [
            f"De termijn loopt nu tot en met {format_datetime(item.deadline)}.",
            "De nieuwe termijn geldt alleen voor deze aanbieder, ook als de ronde is gesloten.",
            _told(item),
        ],
        form=moments.TermForm,
        act=_extend,
        was_taken=lambda item, said, actor: item.extended_until == said["until"],
    ),
    Step(
        name="uitsluiten",
        title="Waarom doet deze aanlevering niet mee?",
        button="Sluit uit",
        is_open=_in(S.IN_REVIEW, S.RETURNED),
        follows=lambda item: ["De aanlevering telt niet mee in de berekening.", _told(item)],
        form=ReasonForm,
        act=_exclude,
        was_taken=_said_so(S.EXCLUDED),
        is_weighty=True,
    ),
    Step(
        name="heropenen",
        title="Wat kan de aanbieder wijzigen, en tot wanneer?",
        button="Heropen",
        is_open=_in(S.VALIDATED, S.EXCLUDED),
        follows=lambda item: [
            "De aanlevering telt niet mee totdat de aanbieder opnieuw indient, of totdat u de eerdere laat gelden.",
            *_running(item),
            _told(item),
        ],
        form=ReturnForm,
        initial=_enough_time,
        act=_reopen,
        was_taken=_said_so(S.RETURNED),
    ),
    Step(
        name="ontheffing-beeindigen",
        title="Waarom eindigt de ontheffing?",
        button="Beëindig de ontheffing",
        is_open=_in(S.EXEMPT),
        follows=lambda item: [
            "De aanbieder moet weer aanleveren, binnen de termijn van de ronde of haar eigen termijn."
        ],
        form=ReasonForm,
        act=_end_exemption,
        was_taken=_said_so(S.NOT_STARTED),
    ),
    Step(
        name="uitnodiging-intrekken",
        title="Haalt u deze aanbieder van de lijst?",
        button="Haal van de lijst",
        is_open=lambda item: _is_here(item) and item.round.status == RoundStatus.DRAFT,
        follows=lambda item: [
            "De ronde is nog een concept: de aanbieder weet van niets. U kunt haar later weer toevoegen."
        ],
        act=_uninvite,
    ),
)

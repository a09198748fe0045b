"""What asks for somebody's attention in a round that providers deliver in the portal: counted, filtered, and in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from ivportal.pages.reach import providers_in_words
from providers.formatting import format_datetime
from providers.mandates import current_mandates
from providers.models import (
    EDITABLE,
    PORTAL,
    Exemption,
    ExemptionStatus,
    Mail,
    MailStatus,
    Round,
    RoundStatus,
    SignatureAnswer,
    SignatureRequest,
    Submission,
    SubmissionStatus,
)

#: Within so many days the end of a term is near.
SOON: Final = timedelta(days=3)


def with_term(submissions: QuerySet[Submission]) -> QuerySet[Submission]:
    """Add ``term``: the last second in which each provider is in time."""
    return submissions.annotate(term=Coalesce("extended_until", "round__deadline"))


def is_late(now: datetime) -> Q:
    """Return the condition (after :func:`with_term`) that a provider should have delivered and did not."""
    return Q(status__in=EDITABLE, merged_into__isnull=True, term__lt=now.replace(microsecond=0))


def asks_exemption() -> Exists:
    """Return the condition that a request for exemption waits."""
    return Exists(Exemption.objects.filter(submission=OuterRef("pk"), status=ExemptionStatus.ASKED))


def waits_for_signature() -> Exists:
    """Return the condition that a request to sign waits."""
    return Exists(SignatureRequest.objects.filter(submission=OuterRef("pk"), answer=SignatureAnswer.WAITING))


@dataclass(frozen=True)
class Concern:
    """One thing that may ask for attention. ``name`` stands in addresses."""

    name: str
    label: str
    text: str
    """What is the matter, after "1 aanbieder" or "3 aanbieders"; ``{is}`` and ``{heeft}`` agree with the number."""
    condition: Callable[[datetime], Q | Exists]
    is_urgent: bool = False
    is_listed: bool = True
    """Whether it stands on the start page too, not only in the filter."""

    def said(self, count: int) -> str:
        """Return the sentence for so many providers."""
        one = count == 1
        verbs = {
            "is": "is" if one else "zijn",
            "heeft": "heeft" if one else "hebben",
            "wacht": "wacht" if one else "wachten",
        }
        return f"{providers_in_words(count)} {self.text.format(**verbs, vraagt='vraagt' if one else 'vragen')}"


CONCERNS: Final = (
    Concern("te-laat", "Te laat", "{is} te laat: de termijn is voorbij.", is_late, is_urgent=True),
    Concern(
        "ontheffing",
        "Vraagt ontheffing",
        "{vraagt} ontheffing en {wacht} op uw antwoord.",
        lambda now: asks_exemption(),
        is_urgent=True,
    ),
    Concern(
        "controle",
        "Wacht op controle",
        "{wacht} op controle door de NZa.",
        lambda now: Q(status__in=[SubmissionStatus.SUBMITTED, SubmissionStatus.IN_REVIEW]),
    ),
    Concern(
        "handtekening",
        "Wacht op handtekening",
        "{wacht} op een handtekening van het eigen bestuur.",
        lambda now: waits_for_signature(),
    ),
    Concern(
        "bijna",
        "Termijn eindigt binnen drie dagen",
        "{heeft} nog hoogstens drie dagen en {is} nog niet klaar.",
        lambda now: Q(status__in=EDITABLE, merged_into__isnull=True, term__gte=now, term__lt=now + SOON),
    ),
    Concern(
        "niemand",
        "Niemand met een bevoegdheid",
        "{heeft} niemand met een bevoegdheid. Daar leest niemand uw berichten.",
        lambda now: ~Exists(current_mandates().filter(provider=OuterRef("provider"))) & Q(merged_into__isnull=True),
    ),
)


def concern(name: str) -> Concern | None:
    """Return the concern with this name."""
    return next((item for item in CONCERNS if item.name == name), None)


def attention(rounds: Iterable[Round]) -> dict[int, list[dict[str, Any]]]:
    """Return what asks for attention, by key of the round. The number of queries does not grow with the rounds."""
    now = timezone.now()
    found: dict[int, list[dict[str, Any]]] = {
        round.pk: _of_round(round, now) for round in rounds if round.source == PORTAL
    }
    by_key = {round.pk: round for round in rounds if round.pk in found}
    going_on = [key for key, round in by_key.items() if round.status in (RoundStatus.OPEN, RoundStatus.CLOSED)]
    for item in CONCERNS:
        counts = (
            with_term(Submission.objects.filter(round__in=going_on))
            .filter(item.condition(now))
            .values("round")
            .annotate(count=Count("pk"))
            .values_list("round", "count")
        )
        for key, count in counts:
            url = f"{reverse('round', args=[by_key[key].slug])}?aandacht={item.name}#aanbieders"
            found[key].append(_said(by_key[key], item.label.lower(), item.said(count), url, is_urgent=item.is_urgent))
    failed = Mail.objects.filter(notice__round__in=list(found), status=MailStatus.FAILED)
    for key, count in failed.values("notice__round").annotate(count=Count("pk")).values_list("notice__round", "count"):
        text = f"{count} {'e-mail is' if count == 1 else 'e-mails zijn'} niet aangekomen. Bekijk waarom en probeer het opnieuw."
        url = reverse("round_mail", args=[by_key[key].slug])
        found[key].append(_said(by_key[key], "e-mail niet aangekomen", text, url, is_urgent=True))
    return found


def _of_round(round: Round, now: datetime) -> list[dict[str, Any]]:
    """Return what the round itself asks: to be opened, or that its term ends soon."""
    url = reverse("manage_round", args=[round.slug])
    if round.status == RoundStatus.DRAFT:
        text = "Nog geen aanbieder ziet deze ronde. Controleer de lijst, de termijn en de teksten, en open haar dan."
        return [_said(round, "nog een concept", text, url)]
    if round.status == RoundStatus.OPEN and round.deadline is not None and now <= round.deadline < now + SOON:
        text = f"Aanleveren kan tot en met {format_datetime(round.deadline)}. Daarna sluit de ronde vanzelf."
        return [_said(round, "de termijn eindigt", text, url, is_urgent=True, term=round.deadline)]
    return []


def _said(
    round: Round, what: str, text: str, url: str, *, is_urgent: bool = False, term: datetime | None = None
) -> dict[str, Any]:
    return {"title": f"{round.title}: {what}", "text": text, "url": url, "is_urgent": is_urgent, "term": term}

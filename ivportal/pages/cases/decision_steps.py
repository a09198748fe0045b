"""NZa: the steps with the decision about one provider, and with views on it, each with what follows and what it asks."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from ivportal.pages.cases.decision_forms import (
    ConsiderationForm,
    ObjectionForm,
    ReasonsForm,
    TakeBackForm,
    ViewsForm,
)
from ivportal.pages.decisions import ReasonForm
from ivportal.pages.steps import Step
from providers.access import Actor
from providers.formatting import format_date
from providers.mandates import people_of
from providers.models import Round
from tariffs.letters import gets_post_here
from tariffs.models import Channel, Decision, DecisionStatus, LetterKind, Objection, StatementOfViews
from tariffs.procedure import decisions, objections, posting, views, withdrawing
from tariffs.procedure.decision_letters import views_term_of
from tariffs.procedure.renewals import adopted_release
from tariffs.terms import amsterdam_day

S = DecisionStatus


def _now_is(*statuses: DecisionStatus) -> Any:
    return lambda decision: decision.status in statuses


def _status_is(status: DecisionStatus) -> Any:
    return lambda decision, said, actor: decision.status == status


def _told(decision: Decision) -> str:
    names = [user.name for user in people_of(decision.provider)]
    return (
        f"Bericht krijgen: {', '.join(names)}." if names else "Niemand van de aanbieder heeft een account: stuur post."
    )


def _how(decision: Decision) -> str:
    if gets_post_here([decision.provider_id]):
        return "De brief komt in het portaal: de aanbieder stemde daarmee in (art. 2:14 Awb)."
    return (
        "De brief gaat per post: print hem, doe hem op de post en schrijf op welke dag dat was (art. 2:14 en 3:41 Awb)."
    )


def _keeps(decision: Decision) -> list[str]:
    """Say which decision goes on to hold without the one that would replace it."""
    old = decision.replaces
    return [f"Besluit {old.reference} blijft gelden tot er een nieuw besluit is."] if old is not None else []


def _is_outdated(decision: Decision) -> bool:
    return bool(withdrawing.outdated([decision], adopted_release(decision.round)))


def _goes_on(*statuses: DecisionStatus) -> Any:
    """Return whether a decision is that far and rests on the newest outcomes: otherwise it goes no further."""
    return lambda decision: decision.status in statuses and not _is_outdated(decision)


def _announce(decision: Decision, said: dict[str, Any], actor: Actor) -> str:
    decisions.announce_all(round=decision.round, decisions=[decision.uuid], actor=actor)
    waiting = posting.still_to_go(decision.round, LetterKind.INTENDED, decision=decision)
    return f"Het voornemen staat in het portaal. De aanbieder krijgt bericht. {waiting}".strip()


def _draft(decision: Decision, said: dict[str, Any], actor: Actor) -> str:
    decisions.draft_all(round=decision.round, decisions=[decision.uuid], reasons=said["reasons"], actor=actor)
    return "Het besluit is opgesteld. Een collega stelt het vast."


def _send(decision: Decision, said: dict[str, Any], actor: Actor) -> str:
    decisions.send_all(round=decision.round, decisions=[decision.uuid], actor=actor)
    waiting = posting.still_to_go(decision.round, LetterKind.DECISION, decision=decision)
    return f"Het besluit is vastgesteld. {waiting or 'Het staat in het portaal: de aanbieder krijgt bericht.'}"


def _take_back(decision: Decision, said: dict[str, Any], actor: Actor) -> str:
    decisions.take_back(decision=decision, reason=said["reason"], actor=actor)
    return "Het besluit is terug naar wie het opstelt."


def _withdraw(decision: Decision, said: dict[str, Any], actor: Actor) -> str:
    withdrawing.withdraw(decision=decision, reason=said["reason"], actor=actor)
    return "Het voornemen is ingetrokken."


def _write_down(decision: Decision, said: dict[str, Any], actor: Actor) -> str:
    views.write_down(
        decision=decision,
        text=said["text"],
        channel=Channel(said["channel"]),
        received_at=said["received"],
        key=said["key"],
        actor=actor,
    )
    return "De zienswijze staat in het dossier. Schrijf nu op wat de NZa ervan vindt."


def _register(decision: Decision, said: dict[str, Any], actor: Actor) -> str:
    made = objections.register(
        decision=decision,
        channel=Channel(said["channel"]),
        received_at=said["received"],
        posted_on=said["posted_on"],
        grounds=[part for part in said["grounds"].replace("\r\n", "\n").split("\n\n") if part.strip()],
        is_pro_forma=said["is_pro_forma"],
        signed_by=said["signed_by"],
        representative=said["representative"],
        representative_address=said["representative_address"],
        late_because=said["late_because"],
        key=said["key"],
        actor=actor,
    )
    return f"Bezwaar {made.reference} is vastgelegd. De aanbieder krijgt een ontvangstbevestiging (art. 6:14 Awb)."


def term_sentence(round: Round) -> str:
    """Say until when views can be given on an intention that is announced today."""
    term = views_term_of(round, amsterdam_day(timezone.now()))
    return f"Een zienswijze kan tot en met {format_date(term.end)} (art. 4:8 Awb)."


DECISION_STEPS: tuple[Step[Decision], ...] = (
    Step(
        name="voornemen",
        title="Maakt u het voornemen bekend?",
        button="Maak het voornemen bekend",
        is_open=lambda item: item.origin == "adoption" and _goes_on(S.PREPARED)(item),
        follows=lambda item: [
            "De aanbieder krijgt een brief met wat de NZa wil besluiten.",
            term_sentence(item.round),
            _told(item),
        ],
        act=_announce,
        was_taken=_status_is(S.ANNOUNCED),
    ),
    Step(
        name="zienswijze-vastleggen",
        title="Welke zienswijze kwam er binnen?",
        button="Leg een zienswijze vast",
        is_open=_now_is(S.ANNOUNCED),
        follows=lambda item: [
            "U legt vast wat mondeling of per post binnenkwam (art. 4:9 Awb). De aanbieder ziet het terug."
        ],
        form=ViewsForm,
        act=_write_down,
    ),
    Step(
        name="opstellen",
        title="Hoe motiveert u het besluit?",
        button="Stel het besluit op",
        is_open=_goes_on(S.ANNOUNCED),
        follows=lambda item: [
            "Een collega stelt het besluit vast; u kunt dat niet zelf (art. 3:2 Awb).",
            "Een zienswijze kan daarna niet meer.",
        ],
        form=ReasonsForm,
        act=_draft,
        was_taken=_status_is(S.DRAFTED),
    ),
    Step(
        name="vaststellen",
        title="Stelt u dit besluit vast?",
        button="Stel vast",
        is_open=_goes_on(S.DRAFTED),
        follows=lambda item: [
            f"{item.drafted_by.name if item.drafted_by else 'Een collega'} stelde het op.",
            _how(item),
            "De bezwaartermijn van zes weken begint de dag na de verzending (art. 6:7 en 6:8 Awb).",
            _told(item),
        ],
        act=_send,
        was_taken=_status_is(S.SENT),
        is_weighty=True,
    ),
    Step(
        name="terug",
        title="Wat moet er aan het besluit veranderen?",
        button="Geef terug aan de opsteller",
        is_open=_now_is(S.DRAFTED),
        follows=lambda item: ["Het besluit wordt nog niet genomen. De aanbieder merkt er niets van."],
        form=TakeBackForm,
        act=_take_back,
        was_taken=_status_is(S.ANNOUNCED),
    ),
    Step(
        name="intrekken",
        title="Waarom trekt u het voornemen in?",
        button="Trek het voornemen in",
        is_open=lambda item: item.status in (S.PREPARED, S.ANNOUNCED, S.DRAFTED) and item.origin == "adoption",
        follows=lambda item: [
            "Dit voornemen vervalt. Daarna kunt u een nieuw besluit voorbereiden, op de uitkomsten die dan de nieuwste zijn.",
            *_keeps(item),
            f"De aanbieder krijgt een brief met deze reden. {_told(item)}"
            if item.announced_on
            else "De aanbieder weet nog van niets en krijgt geen bericht.",
        ],
        form=ReasonForm,
        act=_withdraw,
        was_taken=_status_is(S.WITHDRAWN),
        is_weighty=True,
    ),
    Step(
        name="bezwaar-vastleggen",
        title="Welk bezwaar kwam er binnen?",
        button="Leg een bezwaar vast",
        is_open=lambda item: (
            item.status == S.SENT
            and item.origin == "adoption"
            and not any(objection.is_open for objection in Objection.objects.filter(decision=item))
        ),
        follows=lambda item: [
            "U legt vast wat per post, per e-mail of aan de balie binnenkwam (art. 6:4 Awb). Bestanden voegt u daarna toe.",
            "De aanbieder krijgt een ontvangstbevestiging (art. 6:14 Awb), en de status wordt ‘onder bezwaar’.",
        ],
        form=ObjectionForm,
        act=_register,
    ),
)


def _consider(subject: StatementOfViews, said: dict[str, Any], actor: Actor) -> str:
    views.react(views=subject, reaction=said["consideration"], actor=actor)
    return "De overweging is bewaard. Zij komt in het besluit."


VIEWS_STEPS: tuple[Step[StatementOfViews], ...] = (
    Step(
        name="overweging",
        title="Wat vindt de NZa van deze zienswijze?",
        button="Bewaar de overweging",
        is_open=lambda item: item.decision.status == S.ANNOUNCED and item.text != views.WAIVED,
        follows=lambda item: [
            f"De aanbieder schreef of zei: ‘{item.text[:400]}’",
            "De overweging van de NZa komt in het besluit (art. 3:46 Awb).",
        ],
        form=ConsiderationForm,
        initial=lambda item: {"consideration": item.reaction},
        act=_consider,
        was_taken=lambda item, said, actor: item.reaction == said["consideration"].strip(),
    ),
)

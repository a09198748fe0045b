"""NZa: the steps with decisions, of one provider and of a whole round, each with what follows and what it asks."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.utils import timezone

from ivportal.pages import moments
from ivportal.pages.decisions import ReasonForm
from ivportal.pages.steps import Step
from providers.access import Actor
from providers.formatting import format_date
from providers.mandates import people_of
from providers.models import Round
from providers.refusal import Refused
from tariffs.letters import gets_post_here
from tariffs.models import Channel, Decision, DecisionStatus, Objection, StatementOfViews
from tariffs.procedure import decisions, objections, views
from tariffs.procedure.decisions import adopted_release, views_term_of
from tariffs.terms import amsterdam_day

S = DecisionStatus
HIDDEN = forms.HiddenInput


def new_key() -> str:
    """Return a new name for an act of sending."""
    return str(uuid4())


class ReasonsForm(forms.Form):
    """Reasons that come in the decision itself."""

    reasons = forms.CharField(
        label="Motivering (niet verplicht)",
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Komt in het besluit, na de algemene motivering in de brief (art. 3:46 Awb).",
    )


class TakeBackForm(forms.Form):
    """What has to change."""

    reason = forms.CharField(label="Wat moet er veranderen?", max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))


class ViewsForm(moments.MomentsForm):
    """Views that came in outside the portal."""

    parts = {"received": False}

    channel = forms.ChoiceField(
        label="Hoe kwam de zienswijze binnen?",
        choices=[(item.value, item.label) for item in (Channel.ORAL, Channel.POST, Channel.EMAIL, Channel.DESK)],
    )
    received_day = moments.day_field("Wanneer ontving de NZa haar?", required=True)
    received_time = moments.clock_field("Tijd", help_text="Leeg: het begin van de dag.")
    text = forms.CharField(
        label="Wat zei of schreef de aanbieder?",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": "Schrijf op wat de aanbieder zei of schreef (art. 4:9 Awb)."},
    )
    key = forms.CharField(widget=HIDDEN, initial=new_key, max_length=70)


class ReactionForm(forms.Form):
    """What the NZa thinks of views."""

    reaction = forms.CharField(
        label="Wat doet de NZa met deze zienswijze, en waarom?",
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="De aanbieder leest dit in het besluit (art. 3:46 Awb).",
    )


class ObjectionForm(moments.MomentsForm):
    """An objection that came in outside the portal."""

    parts = {"received": False}

    channel = forms.ChoiceField(
        label="Hoe kwam het bezwaar binnen?",
        choices=[(item.value, item.label) for item in (Channel.POST, Channel.EMAIL, Channel.DESK)],
    )
    received_day = moments.day_field("Wanneer ontving de NZa het? (art. 6:9, eerste lid, Awb)", required=True)
    received_time = moments.clock_field("Tijd", help_text="Leeg: het begin van de dag.")
    posted_on = forms.DateField(
        label="Poststempel, bij post (art. 6:9, tweede lid, Awb)",
        required=False,
        widget=moments.DayInput(),
        input_formats=["%Y-%m-%d", "%d-%m-%Y"],
        error_messages={"invalid": moments.NOT_A_DAY},
    )
    signed_by = forms.CharField(
        label="Wie ondertekende het?", required=False, max_length=160, help_text="Leeg als het niet is ondertekend."
    )
    representative = forms.CharField(label="Gemachtigde", required=False, max_length=160)
    grounds = forms.CharField(
        label="Gronden",
        required=False,
        max_length=60_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="Elke grond in een eigen alinea, met een lege regel ertussen. Leeg als ze nog volgen.",
    )
    is_pro_forma = forms.BooleanField(label="Pro forma: de gronden volgen", required=False)
    late_because = forms.CharField(
        label="Waarom te laat, volgens de aanbieder",
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    key = forms.CharField(widget=HIDDEN, initial=new_key, max_length=70)


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
    return "De brief gaat per post: druk hem vandaag af en verstuur hem (art. 2:14 en 3:41 Awb)."


def _announce(decision: Decision, said: dict[str, Any], actor: Actor) -> str:
    decisions.announce_all(round=decision.round, decisions=[decision.uuid], actor=actor)
    return "Het voornemen is verstuurd. De aanbieder krijgt bericht."


def _draft(decision: Decision, said: dict[str, Any], actor: Actor) -> str:
    decisions.draft_all(round=decision.round, decisions=[decision.uuid], reasons=said["reasons"], actor=actor)
    return "Het besluit is opgesteld. Een collega stelt het vast."


def _send(decision: Decision, said: dict[str, Any], actor: Actor) -> str:
    decisions.send_all(round=decision.round, decisions=[decision.uuid], actor=actor)
    decision.refresh_from_db()
    how = (
        "Druk de brief af en verstuur hem vandaag."
        if decision.sent_how == Channel.POST
        else "Het staat in het portaal."
    )
    return f"Het besluit is vastgesteld en verstuurd. {how}"


def _take_back(decision: Decision, said: dict[str, Any], actor: Actor) -> str:
    decisions.take_back(decision=decision, reason=said["reason"], actor=actor)
    return "Het besluit is terug naar wie het opstelt."


def _withdraw(decision: Decision, said: dict[str, Any], actor: Actor) -> str:
    decisions.withdraw(decision=decision, reason=said["reason"], actor=actor)
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
        late_because=said["late_because"],
        key=said["key"],
        actor=actor,
    )
    return f"Bezwaar {made.reference} is vastgelegd. De aanbieder krijgt een ontvangstbevestiging (art. 6:14 Awb)."


def _term_sentence(round: Round) -> str:
    term = views_term_of(round, amsterdam_day(timezone.now()))
    return f"Een zienswijze kan tot en met {format_date(term.end)} (art. 4:8 Awb)."


DECISION_STEPS: tuple[Step[Decision], ...] = (
    Step(
        name="voornemen",
        title="Maakt u het voornemen bekend?",
        button="Maak het voornemen bekend",
        is_open=lambda item: item.status == S.PREPARED and item.origin == "adoption",
        follows=lambda item: [
            "De aanbieder krijgt een brief met wat de NZa wil besluiten.",
            _term_sentence(item.round),
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
        is_open=_now_is(S.ANNOUNCED),
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
        button="Stel vast en verstuur",
        is_open=_now_is(S.DRAFTED),
        follows=lambda item: [
            f"{item.drafted_by.name if item.drafted_by else 'Een collega'} stelde het op.",
            _how(item),
            "De bezwaartermijn van zes weken begint morgen (art. 6:7 en 6:8 Awb).",
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
            "Er volgt geen besluit.",
            _told(item) if item.announced_on else "De aanbieder weet nog van niets en krijgt geen bericht.",
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


def _react(subject: StatementOfViews, said: dict[str, Any], actor: Actor) -> str:
    views.react(views=subject, reaction=said["reaction"], actor=actor)
    return "De reactie is bewaard. Zij komt in het besluit."


VIEWS_STEPS: tuple[Step[StatementOfViews], ...] = (
    Step(
        name="reactie",
        title="Wat doet u met deze zienswijze?",
        button="Bewaar de reactie",
        is_open=lambda item: item.decision.status == S.ANNOUNCED and item.text != views.WAIVED,
        follows=lambda item: [f"De aanbieder schreef of zei: ‘{item.text[:400]}’", "De reactie komt in het besluit."],
        form=ReactionForm,
        initial=lambda item: {"reaction": item.reaction},
        act=_react,
        was_taken=lambda item, said, actor: item.reaction == said["reaction"].strip(),
    ),
)


def _count(round: Round, status: DecisionStatus) -> int:
    return Decision.objects.filter(round=round, status=status).exclude(origin="objection").count()


def _prepare_round(round: Round, said: dict[str, Any], actor: Actor) -> str:
    release = adopted_release(round)
    if release is None:
        raise Refused("Er zijn nog geen vastgestelde uitkomsten vrijgegeven (art. 3:2 Awb).")
    made = decisions.prepare_all(release=release, actor=actor)
    return (
        f"{made} besluiten zijn voorbereid." if made else "Er was niets voor te bereiden: iedereen heeft een besluit."
    )


def _announce_round(round: Round, said: dict[str, Any], actor: Actor) -> str:
    outcome = decisions.announce_all(round=round, actor=actor)
    return f"{outcome.done} voornemens zijn verstuurd. {outcome.sentence}".strip()


def _draft_round(round: Round, said: dict[str, Any], actor: Actor) -> str:
    outcome = decisions.draft_all(round=round, reasons=said["reasons"], actor=actor)
    return f"{outcome.done} besluiten zijn opgesteld. {outcome.sentence}".strip()


def _send_round(round: Round, said: dict[str, Any], actor: Actor) -> str:
    outcome = decisions.send_all(round=round, actor=actor)
    return f"{outcome.done} besluiten zijn vastgesteld en verstuurd. {outcome.sentence}".strip()


def _gone(status: DecisionStatus) -> Any:
    return lambda item, said, actor: not _count(item, status)


ROUND_STEPS: tuple[Step[Round], ...] = (
    Step(
        name="voorbereiden",
        title="Bereidt u de besluiten voor?",
        button="Bereid besluiten voor",
        is_open=lambda item: decisions.to_prepare(item).exists(),
        follows=lambda item: [
            "Voor elke aanbieder met een bandbreedte in de vastgestelde uitkomsten komt er een besluit in voorbereiding.",
            "Wie er al een heeft, houdt dat. Niemand buiten de NZa merkt hier iets van.",
        ],
        act=_prepare_round,
    ),
    Step(
        name="bekendmaken",
        title="Maakt u de voornemens bekend?",
        button="Maak voornemens bekend",
        is_open=lambda item: _count(item, S.PREPARED) > 0,
        follows=lambda item: [
            f"{_count(item, S.PREPARED)} aanbieders krijgen een brief met wat de NZa wil besluiten, en een bericht.",
            _term_sentence(item),
        ],
        act=_announce_round,
        was_taken=_gone(S.PREPARED),
        is_weighty=True,
    ),
    Step(
        name="opstellen",
        title="Hoe motiveert u de besluiten?",
        button="Stel besluiten op",
        is_open=lambda item: _count(item, S.ANNOUNCED) > 0,
        follows=lambda item: [
            f"{_count(item, S.ANNOUNCED)} voornemens zijn bekendgemaakt.",
            "Opgesteld wordt wat klaar is: de zienswijzetermijn is voorbij, of de zienswijze is er en is beantwoord (art. 4:8"
            " Awb). De rest blijft liggen.",
            "Een collega stelt de besluiten vast.",
        ],
        form=ReasonsForm,
        act=_draft_round,
        was_taken=_gone(S.ANNOUNCED),
    ),
    Step(
        name="vaststellen",
        title="Stelt u de besluiten vast?",
        button="Stel vast en verstuur",
        is_open=lambda item: _count(item, S.DRAFTED) > 0,
        follows=lambda item: [
            f"{_count(item, S.DRAFTED)} besluiten liggen klaar. Wat u zelf opstelde, stelt een collega vast (art. 3:2 Awb).",
            "Wie instemde krijgt het besluit in het portaal (art. 2:14 Awb). De andere brieven gaan vandaag per post.",
            "De bezwaartermijn van zes weken begint morgen (art. 6:7 en 6:8 Awb).",
        ],
        act=_send_round,
        was_taken=_gone(S.DRAFTED),
        is_weighty=True,
    ),
)

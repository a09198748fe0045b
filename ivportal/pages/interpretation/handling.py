"""NZa: the steps that can be taken with one response in the interpretation period, each with what follows and what it asks."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from ivportal.pages import moments
from ivportal.pages.decisions import require_words
from ivportal.pages.delivering.form import as_typed
from ivportal.pages.naming import asks_about_names
from ivportal.pages.steps import Step
from providers.access import Actor
from providers.formatting import format_datetime
from providers.mandates import mandates_of, people_of
from providers.measures import CATALOGUE
from providers.models import User
from tariffs.models import InterpretationResponse, ResponseKind, ResponseOutcome, ResponseStatus, Settlement
from tariffs.policies import current_policy
from tariffs.procedure import answering, corrections, outlook
from tariffs.procedure.answering import Answer
from tariffs.terms import equated_days, next_working_day

#: So long a provider gets to answer a question, or its board to sign, unless the NZa chooses otherwise.
USUAL_TERM = timedelta(days=14)
S = ResponseStatus
R = InterpretationResponse


def colleagues() -> list[User]:
    """Return who works at the NZa now, by name."""
    current = mandates_of(None).filter(valid_from__lte=timezone.now())
    return list({mandate.user_id: mandate.user for mandate in current}.values())


class AssignForm(forms.Form):
    """Who looks at it."""

    to = forms.ChoiceField(label="Wie bekijkt deze reactie?", choices=[])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(user.pk), user.name) for user in colleagues()]


class MoreForm(moments.TermForm):
    """What the NZa wants to know, and until when it waits for it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = "Wat wilt u weten?"
        self.fields["reason"].error_messages["required"] = "Schrijf op wat u wilt weten. De aanbieder leest dit."
        self.order_fields(["reason", "until_day", "until_time"])

    def clean_reason(self) -> str:
        """Return the question, if it says something."""
        reason: str = self.cleaned_data["reason"]
        require_words(reason)
        return reason


def _figures_field(response: R, label: str) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        required=False,
        widget=forms.CheckboxSelectMultiple(),
        choices=[
            (code, f"{CATALOGUE[code].label}: {as_typed(Decimal(text), CATALOGUE[code])}")
            for code, text in response.changes.items()
        ],
        error_messages={"invalid_choice": "Kies uit de gegevens van deze reactie."},
    )


def _consequences_form(response: R) -> type[forms.Form]:
    class ConsequencesForm(forms.Form):
        """Which figures would be accepted."""

        measures = _figures_field(response, "Welke gegevens zou u overnemen?")

    return ConsequencesForm


def _answer_form(response: R) -> type[forms.Form]:
    outcomes = answering.OUTCOMES[ResponseKind(response.kind)]

    class AnswerForm(forms.Form):
        """The outcome, and the reason."""

        outcome = forms.ChoiceField(
            label="Wat is de uitkomst?",
            choices=[
                *([] if len(outcomes) == 1 else [("", "Kies een uitkomst")]),
                *((outcome.value, outcome.label) for outcome in outcomes),
            ],
            error_messages={"required": "Kies een uitkomst."},
        )
        reason = forms.CharField(
            label="Antwoord, met de reden",
            max_length=5000,
            widget=forms.Textarea(attrs={"rows": 8}),
            help_text="De aanbieder leest dit.",
            error_messages={"required": "Schrijf het antwoord op. De aanbieder leest dit."},
            validators=[require_words],
        )
        if response.kind == ResponseKind.CORRECT:
            measures = _figures_field(response, "Deels overnemen: welke gegevens?")

    return _names_asked(AnswerForm, response)


def _names_asked(form: type[forms.Form], response: R) -> type[forms.Form]:
    """Return a form whose words the provider reads, with the question whether it may read who else is named in them."""
    return asks_about_names(
        form,
        fields=["reason"],
        rounds=[response.report.release.round],
        readers=lambda: [response.provider],
    )


def _told(response: R) -> str:
    names = [user.name for user in people_of(response.provider)]
    if not names:
        return "Niemand krijgt bericht: bij deze aanbieder heeft nog niemand een bevoegdheid."
    return f"Bericht krijgen: {', '.join(names)}."


def _in(*statuses: ResponseStatus) -> Any:
    return lambda item: item.status in statuses


def _take(item: R, said: dict[str, Any], actor: Actor) -> str:
    answering.take(response=item, actor=actor)
    return "U heeft deze reactie in behandeling."


def _assign(item: R, said: dict[str, Any], actor: Actor) -> str:
    to = User.objects.get(pk=said["to"])
    answering.assign(response=item, to=to, actor=actor)
    return f"{to.name} heeft deze reactie in behandeling."


def _put_back(item: R, said: dict[str, Any], actor: Actor) -> str:
    answering.put_back(response=item, actor=actor)
    return "De reactie ligt weer bij de reacties die niemand in behandeling heeft."


def _ask(item: R, said: dict[str, Any], actor: Actor) -> str:
    answering.ask_for_more(response=item, text=said["reason"], until=said["until"], actor=actor)
    return f"De vraag is verstuurd. De aanbieder kan antwoorden tot en met {format_datetime(said['until'])}."


def _compute(item: R, said: dict[str, Any], actor: Actor) -> str:
    outlook.ask(response=item, actor=actor, measures=said["measures"])
    return "De gevolgen worden berekend. Ze komen hieronder te staan."


def _answer(item: R, said: dict[str, Any], actor: Actor) -> str:
    given = Answer(ResponseOutcome(said["outcome"]), said["reason"], said.get("measures", []))
    answering.answer(response=item, given=given, actor=actor)
    return "Het antwoord is verstuurd. De aanbieder krijgt bericht."


def _was_answered(item: R, said: dict[str, Any], actor: Actor) -> bool:
    return (item.outcome, item.answered_by_id) == (said["outcome"], actor.user.pk) and item.answer.startswith(
        said["reason"].strip()
    )


def _carry(item: R, said: dict[str, Any], actor: Actor) -> str:
    corrections.carry_over(response=item, actor=actor, until=said.get("until"))
    item.refresh_from_db()
    if item.version_id is not None:
        return "De verbeterde gegevens staan in een nieuwe versie. Zij tellen mee in de volgende berekening."
    return "De verbeterde gegevens staan klaar bij de aanbieder. Ze tellen mee zodra het bestuur ze ondertekent."


def waits_to_be_carried(item: R) -> bool:
    """Tell whether an accepted correction still has to come into the data, and may."""
    return (
        item.outcome in corrections.ACCEPTED
        and bool(item.accepted_changes)
        and item.carried_into_id is None
        and item.version_id is None
        and current_policy(item.report.release.round).corrections_settled != Settlement.NEXT_YEAR
    )


def _carrying(item: R) -> list[str]:
    round = item.report.release.round
    others = len(corrections.waiting(round, item.provider_id)) - 1
    found = [f"Ook {others} andere overgenomen correctie(s) van deze aanbieder gaan mee."] if others > 0 else []
    if not round.is_delivered_here:
        return [
            *found,
            "Er komt een nieuwe versie van de gegevens, met de correctie als bronbestand. De oude versie blijft.",
            "De versie telt mee in de volgende berekening. De aanbieder ziet haar bij haar aanlevering.",
        ]
    return [
        *found,
        "De aanlevering gaat terug naar de aanbieder met de verbeterde getallen erin. Een ander dan wie de correctie vroeg,"
        " ondertekent. Daarna valideert u de nieuwe versie.",
        "Tot die tijd telt de aanlevering niet mee in een nieuwe berekening.",
        _told(item),
    ]


def _deciding(item: R) -> list[str]:
    found = [_told(item), "Het antwoord is geen besluit: er staat geen bezwaar tegen open."]
    if item.kind == ResponseKind.CORRECT:
        settled = current_policy(item.report.release.round).corrections_settled
        if settled == Settlement.NEXT_YEAR:
            return [corrections.NEXT_YEAR, "Dat komt ook in het antwoord te staan.", *found]
        return ["Overnemen kan alleen als de gevolgen zijn berekend voor precies deze gegevens.", *found]
    return found


def steps_of(response: R) -> tuple[Step[R], ...]:
    """Return the steps of a response; their forms are about what it asks."""
    usual = {"until_day": next_working_day(timezone.localdate() + USUAL_TERM, equated=equated_days())}
    is_correction = response.kind == ResponseKind.CORRECT
    is_here = response.report.release.round.is_delivered_here
    return (
        Step(
            name="behandelen",
            title="Neemt u deze reactie in behandeling?",
            button="Neem in behandeling",
            is_open=_in(S.SUBMITTED),
            follows=lambda item: ["Collega’s zien dat u ermee bezig bent. De aanbieder krijgt geen bericht."],
            act=_take,
            was_taken=lambda item, said, actor: item.assigned_to_id == actor.user.pk,
        ),
        Step(
            name="gevolgen",
            title="Wat zou het overnemen van deze correctie doen?",
            button="Bereken de gevolgen",
            is_open=lambda item: is_correction and item.status in answering.OPEN,
            follows=lambda item: [
                "Het portaal rekent de vergelijking opnieuw uit met deze gegevens, samen met correcties die al zijn overgenomen."
                " Meestal duurt dat enkele seconden; moeten daarvoor ook intervallen worden berekend, dan ongeveer een minuut.",
                "Er verandert niets. Alleen de NZa ziet de uitkomst.",
            ],
            form=_consequences_form(response),
            initial=lambda item: {"measures": list(item.changes)},
            act=_compute,
        ),
        Step(
            name="beantwoorden",
            title="Wat antwoordt u?",
            button="Beantwoord",
            is_open=lambda item: item.status in answering.OPEN,
            follows=_deciding,
            form=_answer_form(response),
            act=_answer,
            was_taken=_was_answered,
            is_weighty=True,
        ),
        Step(
            name="aanvulling",
            title="Wat moet de aanbieder aanvullen, en tot wanneer?",
            button="Vraag een aanvulling",
            is_open=_in(S.SUBMITTED, S.ASSIGNED),
            follows=lambda item: ["De aanbieder kan antwoorden, ook met bestanden.", _told(item)],
            form=_names_asked(MoreForm, response),
            initial=lambda item: usual,
            act=_ask,
            was_taken=lambda item, said, actor: item.status == S.MORE_ASKED,
        ),
        Step(
            name="toewijzen",
            title="Wie bekijkt deze reactie?",
            button="Wijs toe aan een collega",
            is_open=lambda item: item.status in answering.OPEN,
            follows=lambda item: ["De reactie staat dan op naam van die collega. De aanbieder krijgt geen bericht."],
            form=AssignForm,
            initial=lambda item: {"to": str(item.assigned_to_id or "")},
            act=_assign,
        ),
        Step(
            name="teruggeven",
            title="Legt u deze reactie terug?",
            button="Leg terug",
            is_open=_in(S.ASSIGNED),
            follows=lambda item: ["Niemand heeft haar dan in behandeling. De aanbieder krijgt geen bericht."],
            act=_put_back,
            was_taken=lambda item, said, actor: item.status == S.SUBMITTED,
        ),
        Step(
            name="overnemen",
            title="Neemt u de correctie over in de gegevens?",
            button="Neem over in de gegevens",
            is_open=waits_to_be_carried,
            follows=_carrying,
            form=moments.SignForm if is_here else forms.Form,
            initial=lambda item: usual if is_here else {},
            act=_carry,
            was_taken=lambda item, said, actor: item.carried_into_id is not None or item.version_id is not None,
            is_weighty=True,
        ),
    )

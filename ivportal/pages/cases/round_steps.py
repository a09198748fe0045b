"""NZa: the steps with all decisions of a round at once, each with what follows and what it asks."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from ivportal.pages.cases.decision_forms import ReasonsForm
from ivportal.pages.cases.decision_steps import term_sentence
from ivportal.pages.steps import Step
from providers.access import Actor
from providers.models import Round
from providers.refusal import Refused
from tariffs.models import Decision, DecisionStatus, Release
from tariffs.procedure import decisions
from tariffs.procedure.renewals import Renewals, adopted_release, renewals_of, to_prepare

S = DecisionStatus


def _of(number: int, one: str, more: str) -> str:
    """Return a number with the words that go with it."""
    return f"{number} {one if number == 1 else more}"


def _count(round: Round, status: DecisionStatus) -> int:
    return Decision.objects.filter(round=round, status=status).exclude(origin="objection").count()


def _prepare_round(round: Round, said: dict[str, Any], actor: Actor) -> str:
    release = adopted_release(round)
    if release is None:
        raise Refused("Er zijn nog geen vastgestelde uitkomsten vrijgegeven (art. 3:2 Awb).")
    outcome = decisions.prepare_all(release=release, actor=actor)
    if not outcome.done:
        return f"Er was niets voor te bereiden. {outcome.sentence}".strip()
    renewed = f", waarvan {outcome.renewed} in plaats van een besluit dat geldt" if outcome.renewed else ""
    return f"{_of(outcome.done, 'besluit is', 'besluiten zijn')} voorbereid{renewed}. {outcome.sentence}".strip()


class NewOutcomes:
    """What the newest adopted outcomes of a round mean for its decisions: looked up when it is asked for, and once."""

    def __init__(self, round: Round) -> None:
        self._round = round

    @cached_property
    def release(self) -> Release | None:
        """Return the newest adopted release."""
        return adopted_release(self._round)

    @cached_property
    def _renewals(self) -> Renewals:
        return renewals_of(self.release) if self.release is not None else Renewals()

    @property
    def can_prepare(self) -> bool:
        """Tell whether there is a decision to prepare."""
        return self.release is not None and (to_prepare(self._round).exists() or bool(self._renewals.to_renew))

    @property
    def others(self) -> list[str]:
        """Say what changes in decisions that hold and rest on older outcomes; empty if there are none."""
        return self._renewals.sentences(self._round.currency)


def _announce_round(round: Round, said: dict[str, Any], actor: Actor) -> str:
    outcome = decisions.announce_all(round=round, actor=actor)
    return f"{_of(outcome.done, 'voornemen is', 'voornemens zijn')} verstuurd. {outcome.sentence}".strip()


def _draft_round(round: Round, said: dict[str, Any], actor: Actor) -> str:
    outcome = decisions.draft_all(round=round, reasons=said["reasons"], actor=actor)
    return f"{_of(outcome.done, 'besluit is', 'besluiten zijn')} opgesteld. {outcome.sentence}".strip()


def _send_round(round: Round, said: dict[str, Any], actor: Actor) -> str:
    outcome = decisions.send_all(round=round, actor=actor)
    return f"{_of(outcome.done, 'besluit is', 'besluiten zijn')} vastgesteld en verstuurd. {outcome.sentence}".strip()


def _gone(status: DecisionStatus) -> Any:
    return lambda item, said, actor: not _count(item, status)


_STEPS: tuple[Step[Round], ...] = (
    Step(
        name="bekendmaken",
        title="Maakt u de voornemens bekend?",
        button="Maak voornemens bekend",
        is_open=lambda item: _count(item, S.PREPARED) > 0,
        follows=lambda item: [
            f"{_of(_count(item, S.PREPARED), 'aanbieder krijgt', 'aanbieders krijgen')} een brief met wat de NZa wil besluiten,"
            " en een bericht.",
            term_sentence(item),
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
            f"{_of(_count(item, S.ANNOUNCED), 'voornemen is', 'voornemens zijn')} bekendgemaakt.",
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
            f"{_of(_count(item, S.DRAFTED), 'besluit ligt', 'besluiten liggen')} klaar. Wat u zelf opstelde, stelt een collega"
            " vast (art. 3:2 Awb).",
            "Wie instemde krijgt het besluit in het portaal (art. 2:14 Awb). De andere brieven gaan per post: print"
            " ze, doe ze op de post en schrijf op welke dag dat was.",
            "De bezwaartermijn van zes weken begint de dag na de verzending (art. 6:7 en 6:8 Awb).",
        ],
        act=_send_round,
        was_taken=_gone(S.DRAFTED),
        is_weighty=True,
    ),
)


def round_steps(outcomes: NewOutcomes) -> tuple[Step[Round], ...]:
    """Return the steps with all decisions of a round; the first of them depends on its newest outcomes."""
    return (
        Step(
            name="voorbereiden",
            title="Bereidt u de besluiten voor?",
            button="Bereid besluiten voor",
            is_open=lambda item: outcomes.can_prepare,
            follows=lambda item: [
                "Voor elke aanbieder met een bandbreedte in de vastgestelde uitkomsten komt er een besluit in voorbereiding.",
                "Niemand buiten de NZa merkt hier iets van. Wie al een besluit heeft, houdt dat tot er een nieuw is verstuurd.",
                *outcomes.others,
            ],
            act=_prepare_round,
        ),
        *_STEPS,
    )

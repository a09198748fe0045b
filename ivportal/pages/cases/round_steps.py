"""NZa: the steps with all decisions of a round at once, each with what follows and what it asks."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db.models import Count

from ivportal.pages.cases.decision_forms import ReasonsForm
from ivportal.pages.cases.decision_steps import term_sentence
from ivportal.pages.decisions import ReasonForm
from ivportal.pages.steps import Step
from providers.access import Actor
from providers.models import Round
from providers.refusal import Refused
from tariffs.models import Decision, DecisionStatus, LetterKind, Release
from tariffs.procedure import decisions, posting, withdrawing
from tariffs.procedure.renewals import Renewals, adopted_release, renewals_of, to_prepare

S = DecisionStatus
#: What the form begins with where many are withdrawn for one reason.
WHY_OUTDATED = "De uitkomsten waarop dit voornemen rust, zijn opnieuw vastgesteld. Daarin staan voor u andere cijfers."


def _of(number: int, one: str, more: str) -> str:
    """Return a number with the words that go with it."""
    return f"{number} {one if number == 1 else more}"


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
    def to_come(self) -> str:
        """Say how many decisions are prepared, and for whom."""
        first, again = to_prepare(self._round).count(), len(self._renewals.to_renew)
        whole = f"{_of(first + again, 'besluit komt', 'besluiten komen')} in voorbereiding"
        if first and again:
            return f"{whole}: {first} voor wie er nog geen heeft, {again} in plaats van een besluit dat geldt."
        return f"{whole}, {'in plaats van een besluit dat geldt' if again else 'voor wie er nog geen heeft'}."

    @cached_property
    def outdated(self) -> list[Decision]:
        """Return the intentions that rest on older outcomes, with other figures."""
        return withdrawing.outdated_in(self._round, newest=self.release)

    @property
    def about_outdated(self) -> list[str]:
        """Say how many are outdated, by how far they are; empty if none is."""
        return withdrawing.in_words(self.outdated)

    def ready(self, status: DecisionStatus) -> int:
        """Return how many stand at a status and can go on from there."""
        return self._counts.get(status, 0) - len(self._behind(status))

    def left_behind(self, status: DecisionStatus) -> list[str]:
        """Say how many stand at a status and go no further."""
        count = len(self._behind(status))
        return [f"{_of(count, 'blijft', 'blijven')} liggen: {withdrawing.OLD_OUTCOMES}"] if count else []

    def _behind(self, status: DecisionStatus) -> list[Decision]:
        return [item for item in self.outdated if item.status == status]

    @cached_property
    def _counts(self) -> dict[str, int]:
        rows = Decision.objects.filter(round=self._round).exclude(origin="objection").order_by().values_list("status")
        return dict(rows.annotate(n=Count("pk")))

    @property
    def others(self) -> list[str]:
        """Say what changes in decisions that hold and rest on older outcomes; empty if there are none."""
        return self._renewals.sentences(self._round.currency)


def _announce_round(round: Round, said: dict[str, Any], actor: Actor) -> str:
    outcome = decisions.announce_all(round=round, actor=actor)
    what = f"{_of(outcome.done, 'voornemen staat', 'voornemens staan')} in het portaal."
    return _joined(what, posting.still_to_go(round, LetterKind.INTENDED), outcome.sentence)


def _draft_round(round: Round, said: dict[str, Any], actor: Actor) -> str:
    outcome = decisions.draft_all(round=round, reasons=said["reasons"], actor=actor)
    return f"{_of(outcome.done, 'besluit is', 'besluiten zijn')} opgesteld. {outcome.sentence}".strip()


def _send_round(round: Round, said: dict[str, Any], actor: Actor) -> str:
    outcome = decisions.send_all(round=round, actor=actor)
    what = f"{_of(outcome.done, 'besluit is', 'besluiten zijn')} vastgesteld."
    return _joined(what, posting.still_to_go(round, LetterKind.DECISION), outcome.sentence)


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def _withdraw_outdated(round: Round, said: dict[str, Any], actor: Actor) -> str:
    count = withdrawing.withdraw_outdated(round=round, reason=said["reason"], actor=actor)
    return f"{_of(count, 'voornemen is', 'voornemens zijn')} ingetrokken. Bereid de besluiten nu opnieuw voor."


def _gone(status: DecisionStatus) -> Any:
    return lambda item, said, actor: not NewOutcomes(item).ready(status)


def _steps(outcomes: NewOutcomes) -> tuple[Step[Round], ...]:
    """Return the steps from an intention to a decision, each with what is ready for it."""
    prepared, announced, drafted = (outcomes.ready(status) for status in (S.PREPARED, S.ANNOUNCED, S.DRAFTED))
    return (
        Step(
            name="bekendmaken",
            title="Maakt u de voornemens bekend?",
            button="Maak voornemens bekend",
            is_open=lambda item: prepared > 0,
            follows=lambda item: [
                f"{_of(prepared, 'aanbieder krijgt', 'aanbieders krijgen')} een brief met wat de NZa wil besluiten, en een"
                " bericht.",
                term_sentence(item),
                *outcomes.left_behind(S.PREPARED),
            ],
            act=_announce_round,
            was_taken=_gone(S.PREPARED),
            is_weighty=True,
        ),
        Step(
            name="opstellen",
            title="Hoe motiveert u de besluiten?",
            button="Stel besluiten op",
            is_open=lambda item: announced > 0,
            follows=lambda item: [
                f"{_of(announced, 'voornemen is', 'voornemens zijn')} bekendgemaakt.",
                "Opgesteld wordt wat klaar is: de zienswijzetermijn is voorbij, of de zienswijze is er en is beantwoord (art. 4:8"
                " Awb). De rest blijft liggen.",
                "Een collega stelt de besluiten vast.",
                *outcomes.left_behind(S.ANNOUNCED),
            ],
            form=ReasonsForm,
            act=_draft_round,
            was_taken=_gone(S.ANNOUNCED),
        ),
        Step(
            name="vaststellen",
            title="Stelt u de besluiten vast?",
            button="Stel vast",
            is_open=lambda item: drafted > 0,
            follows=lambda item: [
                f"{_of(drafted, 'besluit ligt', 'besluiten liggen')} klaar. Wat u zelf opstelde, stelt een collega vast (art. 3:2"
                " Awb).",
                *outcomes.left_behind(S.DRAFTED),
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
                outcomes.to_come,
                "Niemand buiten de NZa merkt hier iets van. Wie al een besluit heeft, houdt dat tot er een nieuw is verstuurd.",
                *outcomes.others,
            ],
            act=_prepare_round,
        ),
        Step(
            name="intrekken",
            title="Waarom trekt u deze voornemens in?",
            button="Trek in wat op oude uitkomsten rust",
            is_open=lambda item: bool(outcomes.outdated),
            follows=lambda item: [
                *outcomes.about_outdated[:1],
                "Wie het voornemen kende, krijgt een brief en een bericht, met deze reden. Wie al een besluit heeft, houdt dat.",
                "Daarna bereidt u de besluiten opnieuw voor, op de nieuwste uitkomsten. Wie een voornemen krijgt, kan opnieuw een"
                " zienswijze geven (art. 4:8 Awb).",
            ],
            form=ReasonForm,
            initial=lambda item: {"reason": WHY_OUTDATED},
            act=_withdraw_outdated,
            was_taken=lambda item, said, actor: not NewOutcomes(item).outdated,
            is_weighty=True,
        ),
        *_steps(outcomes),
    )

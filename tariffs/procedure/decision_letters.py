"""The letters with which an intention and a decision are sent: put together here, also to look at before they go."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime

from providers.access import Actor
from providers.formatting import format_date
from providers.models import Round
from tariffs import letters
from tariffs.models import Decision, DecisionStatus, Letter, LetterKind, StatementOfViews
from tariffs.policies import current_policy
from tariffs.procedure import figures
from tariffs.procedure.views import WAIVED
from tariffs.terms import Length, Term, amsterdam_day, equated_days, objection_term, views_term

Said = Mapping[int, Sequence[StatementOfViews]]
#: What ``tariffs.procedure.posting`` does once the day of the post is written down.
LATER = (
    "Is deze brief later op de post gedaan dan de datum die erop staat, dan heeft u evenveel dagen langer: de laatste dag staat"
    " in het portaal."
)
#: What the pages say as well (``tariffs.procedure.views.may_add``).
ADDING = (
    "Heeft u een zienswijze gegeven, dan kan de NZa het besluit opstellen vanaf het moment dat die er is, ook vóór die dag."
    " Daarna kunt u niet meer aanvullen."
)
#: What follows after an intention was withdrawn.
ANOTHER = "U krijgt een nieuw voornemen, dat rust op de nieuwste uitkomsten."
PERHAPS_ANOTHER = "Wil de NZa alsnog een besluit nemen, dan krijgt u eerst een nieuw voornemen."


def intended(decisions: Iterable[Decision], *, term: Term, actor: Actor) -> list[letters.Outgoing]:
    """Return the letters that say what the NZa intends to decide and until when somebody can give views (Awb 4:8)."""
    return [
        letters.Outgoing(
            kind=LetterKind.INTENDED,
            provider=item.provider,
            round=item.round,
            reference=item.reference,
            facts={
                "bandbreedte": "\n\n".join(
                    [
                        figures.in_words(item.figures, item.round.currency),
                        *holds_in(item.report.release.tariff_year),
                        *_would_replace(item),
                    ]
                ),
                "termijnzin": f"U kunt dat doen tot en met {format_date(term.end)}. {term.sentence} {ADDING}",
                "ondertekenaar": actor.user.name,
            },
            figures=figures.table(item.figures, item.round.currency, item.report.release.tariff_year),
            decision=item,
            later=LATER,
        )
        for item in decisions
    ]


def decided(decisions: Iterable[Decision], *, said: Said, sent_on: date, actor: Actor) -> list[letters.Outgoing]:
    """Return the letters with decisions that are taken on a day: what was decided, why, and how to object."""
    remedy = objection_clause(sent_on)
    return [
        letters.Outgoing(
            kind=LetterKind.DECISION,
            provider=item.provider,
            round=item.round,
            reference=item.reference,
            facts={
                "bandbreedte": "\n\n".join(
                    [
                        figures.in_words(item.figures, item.round.currency),
                        *holds_in(item.report.release.tariff_year),
                        *_replaces(item),
                    ]
                ),
                "motivering": letters.plain_lines(item.reasons),
                "zienswijze": _considered(said.get(item.pk, [])),
                "rechtsmiddel": remedy,
                "ondertekenaar": actor.user.name,
            },
            figures=figures.table(item.figures, item.round.currency, item.report.release.tariff_year),
            decision=item,
        )
        for item in decisions
    ]


def holds_in(year: int | None) -> list[str]:
    """Say from and until which day the tariffs hold: those of a tariff year."""
    if year is None:
        return []
    return [f"De tarieven gelden van {format_date(date(year, 1, 1))} tot en met {format_date(date(year, 12, 31))}."]


def withdrawn(
    decisions: Iterable[Decision], *, reason: str, followed: Collection[Decision], actor: Actor
) -> list[letters.Outgoing]:
    """Return the letters that say that an intention is withdrawn, why, and what goes on to hold; who writes it tells them.

    ``followed``: those after which another intention follows.
    """
    return [
        letters.Outgoing(
            kind=LetterKind.WITHDRAWN,
            provider=item.provider,
            round=item.round,
            reference=item.reference,
            facts={
                "motivering": "\n\n".join([letters.plain_lines(reason), *_goes_on(item)]),
                "vervolg": ANOTHER if item in followed else PERHAPS_ANOTHER,
                "ondertekenaar": actor.user.name,
            },
            decision=item,
            is_told=False,
        )
        for item in decisions
    ]


def concept(decision: Decision, *, actor: Actor, at: datetime) -> Letter | None:
    """Return the letter that would go out if ``actor`` took the next step now; ``None`` if none would. Nothing is stored."""
    today = amsterdam_day(at)
    if decision.status == DecisionStatus.PREPARED:
        outgoing = intended([decision], term=views_term_of(decision.round, today), actor=actor)
    elif decision.status in (DecisionStatus.ANNOUNCED, DecisionStatus.DRAFTED):
        outgoing = decided([decision], said=views_of([decision]), sent_on=today, actor=actor)
    else:
        return None
    (made,) = letters.composed(outgoing, actor=actor, at=at)
    return made


def views_term_of(round: Round, sent_on: date) -> Term:
    """Return the term for views on an intention that is sent on a day, as the policy of the round says."""
    policy = current_policy(round)
    return views_term(
        sent_on=sent_on,
        length=Length(policy.views_days, "days"),
        courtesy=policy.courtesy_terms,
        equated=equated_days(),
    )


def views_of(decisions: Iterable[Decision]) -> dict[int, list[StatementOfViews]]:
    """Return the views on intentions, by decision."""
    found: dict[int, list[StatementOfViews]] = {}
    for views in StatementOfViews.objects.filter(decision__in=decisions):
        found.setdefault(views.decision_id, []).append(views)
    return found


def unposted_intentions(decisions: Sequence[Decision]) -> list[Decision]:
    """Return those of which the letter with the intention goes by post, and nobody wrote down on which day it went."""
    waiting = Letter.objects.filter(
        decision__in=decisions, kind=LetterKind.INTENDED, goes_by_post=True, posting__isnull=True
    )
    left = set(waiting.values_list("decision", flat=True))
    return [item for item in decisions if item.pk in left]


def objection_clause(sent_on: date) -> str:
    """Return where, until when and how somebody can object to a decision that is sent on a day (Awb 3:45)."""
    term = objection_term(notified_on=sent_on, equated=equated_days())
    return letters.clause(
        channel="bezwaar maken",
        until=term.end,
        starts=term.starts,
        articles=("art. 3:45 Awb", *term.articles),
        whom="de NZa",
        needs=(
            "Zet in uw bezwaar uw naam en adres, de datum, tegen welk besluit u bezwaar maakt en waarom, en onderteken het"
            " (art. 6:5 Awb). Het besluit blijft intussen gelden (art. 6:16 Awb)."
        ),
    )


def _would_replace(decision: Decision) -> list[str]:
    old = decision.replaces
    if old is None:
        return []
    return [
        f"Dit komt dan in de plaats van besluit {old.reference} van {format_date(old.sent_on)}. De uitkomsten waarop dat rust,"
        " zijn opnieuw vastgesteld. Het blijft gelden tot de NZa een nieuw besluit neemt."
    ]


def _goes_on(decision: Decision) -> list[str]:
    old = decision.replaces
    return [f"Besluit {old.reference} van {format_date(old.sent_on)} blijft gelden."] if old is not None else []


def _replaces(decision: Decision) -> list[str]:
    old = decision.replaces
    if old is None:
        return []
    return [
        f"Dit besluit komt in de plaats van besluit {old.reference} van {format_date(old.sent_on)}, omdat de uitkomsten waarop"
        " dat rust opnieuw zijn vastgesteld."
    ]


def _considered(said: Sequence[StatementOfViews]) -> str:
    found = [views for views in said if views.text != WAIVED]
    if found:
        return "\n\n".join(
            f"U schreef of zei:\n\n{letters.quoted(views.text)}\n\n{letters.plain_lines(views.reaction)}"
            for views in found
        )
    return "U liet weten dat u geen zienswijze geeft." if said else "U gaf geen zienswijze (art. 4:8 Awb)."

"""A new round after an earlier one: the round with its texts and invitations, the model it is computed with, and the policy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from benchmarking.runs import set_specification
from benchmarking.specification import SpecificationError
from providers import desk
from providers.access import Actor
from providers.models import Round
from providers.refusal import Refused
from tariffs.models import TariffTable
from tariffs.policies import CHOICES, current_policy, set_policy


@dataclass(frozen=True)
class NewRound:
    """A round that was made; ``left`` says in Dutch sentences what could not be taken over and who has to do it now."""

    round: Round
    left: tuple[str, ...]


def create(
    *,
    slug: str,
    title: str,
    book_year: int,
    previous: Round | None,
    opens_at: datetime | None,
    deadline: datetime | None,
    contact: str,
    actor: Actor | None,
) -> NewRound:
    """Make a round in draft after ``previous``: all of it or nothing.

    Raises :class:`~providers.refusal.Refused` with every reason.
    """
    try:
        with transaction.atomic():
            made = desk.create_round(
                slug=slug,
                title=title,
                book_year=book_year,
                previous=previous,
                opens_at=opens_at,
                deadline=deadline,
                contact=contact,
                actor=actor,
            )
            left = [] if previous is None else [*_specification(previous, made, actor), *_policy(previous, made, actor)]
    except IntegrityError as error:
        if not Round.objects.filter(slug=slug).exists():
            raise
        # Two who make the same round at the same moment: the first made it.
        raise Refused(f"Er is al een ronde met de korte naam {slug}. Kies een andere.") from error
    return NewRound(made, tuple(left))


def _specification(previous: Round, made: Round, actor: Actor | None) -> list[str]:
    current = previous.specifications.select_related("specification").first()
    if current is None:
        return ["De vorige ronde heeft geen modelspecificatie. Kies er een voordat u gaat rekenen."]
    try:
        set_specification(round=made, document=current.specification.document, actor=actor)
    except SpecificationError as refused:
        return [
            "De modelspecificatie van de vorige ronde past niet bij deze uitvraag. Kies een andere voordat u gaat rekenen.",
            *refused.problems,
        ]
    return []


def _policy(previous: Round, made: Round, actor: Actor | None) -> list[str]:
    """Take the policy over, with the tariffs of as many years later as the book year is."""
    policy = current_policy(previous)
    if policy.number == 0:
        return ["De vorige ronde heeft geen tariefbeleid. Leg het vast voordat u uitkomsten vrijgeeft."]
    chosen = {name: getattr(policy, name) for name in CHOICES}
    left = []
    if policy.index is not None:
        # An index is from one book year to one tariff year; last year's is wrong for this year.
        chosen |= {"index": None, "index_name": ""}
        left.append("De index van het vorige beleid geldt voor andere jaren en is niet overgenomen.")
    if policy.tariff_year is not None:
        year = policy.tariff_year + made.book_year - previous.book_year
        table = _table_for(year, policy.tariff_table)
        chosen |= {"tariff_year": year, "tariff_table": table}
        if table is None:
            left.append(
                f"Er is nog geen tabel met de maximumtarieven van {year}. Zonder tarieven is er geen bandbreedte in procenten:"
                " laat de beheerder van het portaal de tabel inlezen en leg het beleid dan opnieuw vast."
            )
    set_policy(round=made, actor=actor, **chosen)
    return left


def _table_for(year: int, before: TariffTable | None) -> TariffTable | None:
    """Return the newest table with tariffs of ``year``, as real or as invented as the one before; ``None`` if there is none."""
    if before is None:
        return None
    known = TariffTable.objects.filter(tariffs__year=year, is_fictitious=before.is_fictitious)
    return known.order_by("-imported_at", "-pk").first()

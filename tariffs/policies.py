"""The policy of a round: set anew, never changed."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Max

from providers import powers
from providers.access import Actor
from providers.audit import record
from providers.models import Act, Round
from tariffs.models import RoundPolicy

#: What a policy chooses; a new policy takes over what is not named.
CHOICES = (
    "markup", "marks_up_allowances", "cap", "tariff_table", "tariff_year", "index", "index_name", "disclosure",
    "smallest_group", "dominance_n", "dominance_k", "p_percent", "corrections_settled", "objections_settled",
    "objection_may_lower_others", "agreements_outside", "views_days", "remedy_days", "courtesy_terms",
)  # fmt: skip


def current_policy(round: Round) -> RoundPolicy:
    """Return the policy of a round; the documented defaults, without tariffs, if none was set."""
    newest = round.policies.select_related("tariff_table").order_by("-number").first()
    return newest or RoundPolicy(round=round, number=0)


def set_policy(*, round: Round, actor: Actor | None, **choices: Any) -> RoundPolicy:
    """Set the policy of ``round``: a new one, numbered on, that changes only what ``choices`` names."""
    powers.require_staff(actor)
    with transaction.atomic():
        Round.objects.select_for_update(no_key=True).get(pk=round.pk)
        last = round.policies.aggregate(last=Max("number"))["last"] or 0
        before = current_policy(round)
        choices = {**{name: getattr(before, name) for name in CHOICES}, **choices}
        policy = RoundPolicy(round=round, number=last + 1, set_by=actor.user if actor else None, **choices)
        policy.full_clean()
        policy.save()
        record(act=Act.POLICY_SET, actor=actor, subject=str(round), details={"number": policy.number})
    return policy

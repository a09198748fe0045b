"""Who may do what. Every verb asks it here itself, whoever calls it: a page, the API, a command or a worker."""

from __future__ import annotations

from providers.access import Actor
from providers.models import Power, Provider, Role
from providers.refusal import Refused


def require(actor: Actor, provider: Provider, *powers: Power) -> None:
    """Raise :class:`~providers.refusal.Refused` unless ``actor`` acts for ``provider`` and holds one of ``powers``."""
    require_not_looking_along(actor)
    if actor.provider_id != provider.pk:
        raise Refused(f"U werkt nu niet voor {provider.name}. Kies eerst de goede organisatie.")
    if not any(actor.can(power) for power in powers):
        needed = " of ".join(f"‘{power.label}’" for power in powers)
        raise Refused(f"U heeft hiervoor de bevoegdheid {needed} nodig. Een beheerder van uw organisatie geeft die.")


def require_not_looking_along(actor: Actor) -> None:
    """Raise :class:`~providers.refusal.Refused` if ``actor`` only looks along with a provider."""
    if actor.looking_along is not None:
        raise Refused("U kijkt mee als zorgaanbieder. Dan kunt u alleen lezen.")


def require_staff(actor: Actor | None) -> None:
    """Raise :class:`~providers.refusal.Refused` unless ``actor`` works for the NZa; ``None`` is the portal itself."""
    if actor is not None and actor.role != Role.NZA:
        raise Refused("Alleen een medewerker van de NZa kan dit doen.")

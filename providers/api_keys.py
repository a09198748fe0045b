"""Keys with which another system acts under somebody's mandate.

The key itself is shown once, when it is made; only its hash is kept. It never does more than the mandate: when that ends, or
its owner may no longer log in, the key works no longer.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from providers import powers
from providers.access import Actor
from providers.audit import record
from providers.models import Act, ApiKey
from providers.refusal import Refused

#: How long a key works at most; then a new one is made.
LONGEST = timedelta(days=400)
#: How many keys that work somebody may have under one mandate.
MOST = 10
_START = 11
#: How precisely is written down when a key was last used: not at every request.
_USE = timedelta(minutes=5)


def make(*, name: str, valid_until: datetime, actor: Actor) -> tuple[ApiKey, str]:
    """Make a key under the actor's own mandate; return it and its text, which nobody can see again. Raises Refused."""
    powers.require_not_looking_along(actor)
    name = " ".join(name.split())[:80]
    now = timezone.now()
    if not name:
        raise Refused("Schrijf op waar de sleutel voor is. Dan weet u later welke u kunt beëindigen.")
    if valid_until <= now:
        raise Refused("De einddatum is al voorbij. Kies een latere dag.")
    if valid_until > now + LONGEST:
        raise Refused("Een sleutel werkt hoogstens 400 dagen. Kies een eerdere dag en maak daarna een nieuwe.")
    if ApiKey.objects.filter(mandate=actor.mandate, valid_until__gt=now).count() >= MOST:
        raise Refused(f"U heeft al {MOST} sleutels. Beëindig er eerst een die u niet meer gebruikt.")
    written = f"iv_{secrets.token_hex(24)}"
    with transaction.atomic():
        key = ApiKey.objects.create(
            mandate=actor.mandate, name=name, start=written[:_START], sha256=_hash(written), valid_until=valid_until
        )
        record(act=Act.KEY_MADE, actor=actor, subject=str(key))
    return key, written


def end(*, key: ApiKey, actor: Actor) -> None:
    """End a key now; one that is over stays as it is. Raises Refused if it is somebody else's."""
    powers.require_not_looking_along(actor)
    if key.mandate_id != actor.mandate.pk:
        raise Refused("Deze sleutel is niet van u. Wie hem maakte beëindigt hem, of wie over haar bevoegdheid gaat.")
    now = timezone.now()
    with transaction.atomic():
        locked = ApiKey.objects.select_for_update().get(pk=key.pk)
        if locked.valid_until <= now:
            return
        locked.valid_until = now
        locked.save(update_fields=["valid_until"])
        record(act=Act.KEY_ENDED, actor=actor, subject=str(locked))


def actor_of(written: str) -> Actor | None:
    """Return who acts with this key, or ``None`` if it does not work (any more): the key, its mandate or its owner ended."""
    now = timezone.now()
    key = (
        ApiKey.objects.filter(sha256=_hash(written.strip()), valid_until__gt=now)
        .select_related("mandate__user")
        .first()
    )
    if key is None or not key.mandate.user.is_active:
        return None
    mandate = key.mandate.user.current_mandates().filter(pk=key.mandate_id).first()
    if mandate is None:
        return None
    if key.last_used_at is None or key.last_used_at < now - _USE:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return Actor(user=key.mandate.user, mandate=mandate, mandates=(mandate,))


def _hash(written: str) -> str:
    return hashlib.sha256(written.encode()).hexdigest()

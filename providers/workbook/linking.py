"""Recognising the same provider in two years of a source that gives it no identifier.

A source makes *matching material* for every provider it reads: short normalised texts, the surest first, each
beginning with its kind (``name:``, ``street:``). Two providers are the same if they share material of one kind that is
unique on both sides. Kinds are tried in the order in which the deliveries list them, so a name decides before an
address does. What is not unique links nobody: two providers in one are worse than one provider in two.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from providers.workbook.content import ReadDelivery


@dataclass(frozen=True)
class KnownProvider:
    """A provider that is already stored. ``link_by`` may hold the material of several years, in any order."""

    key: str
    link_by: tuple[str, ...] = ()


def link(known: Sequence[KnownProvider], delivered: Sequence[ReadDelivery]) -> dict[str, str]:
    """Delivered key → known key for every delivery of a known provider; a known provider is linked at most once."""
    waiting = {provider.key: provider.link_by for provider in known}
    links = {delivery.key: delivery.key for delivery in delivered if delivery.key in waiting}
    for key in links:
        del waiting[key]
    new = {delivery.key: delivery.link_by for delivery in delivered if delivery.key not in links}

    for kind in _kinds(delivery.link_by for delivery in delivered):
        old_by_material = _unique(waiting, kind)
        pairs = {
            (key, old_by_material[material])
            for material, key in _unique(new, kind).items()
            if material in old_by_material
        }
        # A provider with names of several years may meet two new ones; then neither is surely the same. Per kind in one
        # go, because the outcome may not depend on the order of the providers.
        times_new, times_old = Counter(key for key, _ in pairs), Counter(old for _, old in pairs)
        links.update({key: old for key, old in pairs if times_new[key] == 1 and times_old[old] == 1})
        taken = set(links.values())
        waiting = {key: material for key, material in waiting.items() if key not in taken}
        new = {key: material for key, material in new.items() if key not in links}
    return links


def normalised(text: str) -> str:
    """Letters and digits only, without capitals and accents: ``"La Maison d'Orphée"`` → ``"la maison d orphee"``."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("&", " und "))
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(re.findall(r"[^\W_]+", plain))


def _kinds(materials: Iterable[tuple[str, ...]]) -> list[str]:
    kinds: dict[str, None] = {}
    for material in materials:
        for text in material:
            kinds.setdefault(text.partition(":")[0])
    return list(kinds)


def _unique(providers: Mapping[str, tuple[str, ...]], kind: str) -> dict[str, str]:
    """Material of one kind → the only provider that has it."""
    holders: dict[str, set[str]] = defaultdict(set)
    for key, material in providers.items():
        for text in material:
            if text.startswith(f"{kind}:"):
                holders[text].add(key)
    return {text: next(iter(keys)) for text, keys in holders.items() if len(keys) == 1}

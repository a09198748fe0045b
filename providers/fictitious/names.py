"""Names for organisations that do not exist: they sound Dutch, and are put together from parts by chance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

_FIRST: Final = (
    "Wulpen", "Gagel", "Karekiet", "Plevier", "Tureluur", "Grutto", "Zegge", "Boterbloem", "Korenaar", "Moerbei",
    "Lijster", "Kwartel", "Vlinder", "Heide", "Sering", "Kamperfoelie", "Klaproos", "Meidoorn", "Vlier", "Hazelaar",
    "Sleedoorn", "Duindoorn", "Veenbes", "Rietzanger", "Leeuwerik", "Fazant", "Ransuil", "IJsvogel", "Waterlelie",
    "Pimpernel", "Steenbreek", "Zilverwilg", "Kweepeer", "Iepen", "Populieren", "Sparren", "Distelvink", "Goudvink",
    "Zonnedauw", "Ooievaars",
)  # fmt: skip
_SECOND: Final = (
    "wende", "gaarde", "rade", "loo", "oever", "stee", "kamp", "weide", "schoor", "vaart", "zicht", "lande", "brink",
    "heem", "laan", "borg", "plaats", "wal",
)  # fmt: skip

# Per kind of organisation the ways its name may go; {} is the invented place.
PATTERNS: Final = {
    "regional": ("Stichting {}", "Zorggroep {}", "{} Ouderenzorg", "Stichting Zorg {}", "{} Wonen en Zorg",
                 "Stichting Ouderenzorg {}"),
    "chain": ("Zorggroep {}", "{} Zorg", "Stichting {} Groep", "{} Ouderenzorg"),
    "care_home": ("Woonzorgcentrum {}", "Stichting {}", "Zorgcentrum {}", "Woonzorg {}", "Huize {}"),
    "small_home": ("Huize {}", "Kleinschalig wonen {}", "Zorgvilla {}", "Wonen bij {}", "Woonhuis {}", "Landgoed {}"),
    "nursing_home": ("Verpleeghuis {}", "Stichting Verpleegzorg {}", "Zorgcentrum {}", "Behandelcentrum {}"),
    "gerontopsychiatry": ("Centrum {}", "Stichting {} Specialistische Zorg", "Expertisecentrum {}"),
    "palliative": ("Hospice {}", "Stichting Palliatieve Zorg {}", "Huis {}"),
    "recovery": ("Herstelcentrum {}", "Stichting Herstelzorg {}"),
}  # fmt: skip


def invented_places(random: np.random.Generator) -> Iterator[str]:
    """All combinations of the parts in random order, each once; then again with a point of the compass."""
    combinations = [first + second for first in _FIRST for second in _SECOND]
    for addition in ("", "-Noord", "-Oost", "-Zuid", "-West"):
        for index in random.permutation(len(combinations)):
            yield combinations[int(index)] + addition

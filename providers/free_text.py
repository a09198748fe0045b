"""Text that people type, as it is kept: what was written is what a reader sees."""

from __future__ import annotations

import unicodedata


def plain(text: str) -> str:
    """Return text without signs that nobody sees and no database holds, and without blanks around it.

    A control (such as NUL or a tab) becomes a blank. What only steers how the letters after it are shown goes without a trace:
    marks that turn the direction round (U+202E, U+2066 and their kin) let a text read otherwise than it was written.
    """
    kept = (
        sign if sign in "\n\u00a0" or sign.isprintable() else "" if unicodedata.category(sign) == "Cf" else " "
        for sign in text.replace("\r\n", "\n")
    )
    return "".join(kept).strip()

"""Words in which others are named than who reads them: who writes them is asked which names can stay."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeVar

from django import forms

from providers.free_text import plain
from providers.models import Provider, Round
from tariffs.procedure.readers import named_to, perhaps_named_to

F = TypeVar("F", bound=forms.Form)
#: So many readers are told by name.
MOST_NAMED = 10


def asks_about_names(
    form: type[F],
    *,
    fields: Collection[str],
    rounds: Iterable[Round],
    readers: Callable[[], Iterable[Provider]],
    sure: bool = True,
) -> type[F]:
    """Return a form that is refused as long as fields have names in them of which it is not said that they can stay.

    ``readers``: the providers of the rounds that read the fields; looked up once something is filled in. Without ``sure`` it asks
    only about words that may be a name or not; what surely is one is somebody else's to refuse.
    """

    class AskingForm(form):  # type: ignore[valid-type,misc]
        """The form, with the names that were found to be ticked one by one."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            texts = {name: plain(self.data.get(self.add_prefix(name), "")) for name in fields if self.is_bound}
            self._readers = list(readers()) if any(texts.values()) else []
            self._named = {name: self._sought(text) for name, text in texts.items() if text}
            found = {word: whose for words in self._named.values() for word, whose in words.items()}
            if found:
                self.fields["names"] = forms.MultipleChoiceField(
                    label="Welke woorden kunnen blijven staan?",
                    help_text="Vink een naam alleen aan als zij bij dit onderwerp nodig is.",
                    required=False,
                    widget=forms.CheckboxSelectMultiple(),
                    choices=[
                        (word, f"{word} (dat kan {whose} zijn)" if whose else word) for word, whose in found.items()
                    ],
                )

        def _sought(self, text: str) -> dict[str, str]:
            """Return what may name somebody in a text, each with whose name it would be if that is not plain."""
            found: dict[str, str] = {}
            for round in rounds:
                if sure:
                    found |= dict.fromkeys(named_to(self._readers, text, round), "")
                found |= perhaps_named_to(self._readers, text, round)
            return found

        def clean(self) -> dict[str, Any]:
            """Refuse names that were not ticked."""
            cleaned: dict[str, Any] = super().clean() or self.cleaned_data
            for field, words in self._named.items():
                unsaid = [word for word in words if word not in cleaned.get("names", [])]
                if unsaid:
                    found = ", ".join(f"‘{word}’" for word in unsaid)
                    self.add_error(
                        field,
                        f"Hierin staat {found}. {_who_read(self._readers)} Schrijf het zonder namen, of vink onder aan wat kan"
                        " blijven staan.",
                    )
            return cleaned

    return AskingForm


def _who_read(readers: Iterable[Provider]) -> str:
    """Say who read a text, as a sentence."""
    names = sorted({item.name for item in readers})
    if len(names) > MOST_NAMED:
        return f"Dit lezen {len(names)} aanbieders."
    return f"{names[0]} leest dit." if len(names) == 1 else f"Dit lezen {', '.join(names[:-1])} en {names[-1]}."

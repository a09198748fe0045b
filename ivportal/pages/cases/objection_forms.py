"""NZa: what has to be filled in for a step with an objection."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import escape

from ivportal.pages import moments
from ivportal.pages.cases import figure_rows
from providers.models import Role, User
from tariffs.models import Consequence, Objection, ObjectionOutcome, ObjectionStatus, SuspensionCause
from tariffs.models.objections import LONGEST_ADDRESS
from tariffs.procedure import admission, hearings, replacing
from tariffs.procedure.form import LONGEST

S = ObjectionStatus
WORDS = {"rows": 6}


def _words(label: str, *, help_text: str = "", required: bool = True, most: int = 20_000) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=required,
        max_length=most,
        widget=forms.Textarea(attrs=WORDS),
        error_messages={"required": "Vul dit in. Zonder reden kan de NZa dit niet doen (art. 3:46 Awb)."},
    )


def _day(label: str, *, help_text: str = "") -> forms.DateField:
    return moments.day_field(label, required=True, help_text=help_text)


class RemedyForm(forms.Form):
    """What is missing."""

    what = _words("Wat ontbreekt er?", help_text="De aanbieder leest dit in de brief (art. 6:6 Awb).")


def mandate_form(objection: Objection) -> type[forms.Form]:
    """Return a form with the files of which one may hold the mandate."""
    file = forms.ChoiceField(
        label="In welk bestand staat dat de gemachtigde dit mag?",
        choices=[(str(item.uuid), item.name) for item in admission.may_be_mandate(objection).defer("content")],
        widget=forms.RadioSelect,
        error_messages={"required": "Kies een bestand (art. 2:1, tweede lid, Awb)."},
    )
    return type("MandateForm", (forms.Form,), {"file": file})


class AddressForm(forms.Form):
    """Where letters reach a proxy."""

    address = forms.CharField(
        label="Postadres van de gemachtigde",
        max_length=LONGEST_ADDRESS,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Elke regel apart: straat of postbus, postcode en plaats.",
        error_messages={"required": "Vul het adres in (art. 6:17 Awb)."},
    )
    reason = _words("Waaruit blijkt dit adres?", help_text="De aanbieder leest dit niet.")


class LatenessForm(forms.Form):
    """Whether lateness is excused."""

    is_excused = forms.ChoiceField(
        label="Behandelt de NZa het bezwaar toch?",
        choices=[("ja", "Ja: de overschrijding is verschoonbaar"), ("nee", "Nee: het is niet verschoonbaar")],
        widget=forms.RadioSelect,
    )
    reason = _words("Waarom?", help_text="De aanbieder leest dit (art. 6:11 Awb).")
    late_because = _words("Wat zegt de aanbieder over de reden?", required=False, most=LONGEST)


class AdmitForm(forms.Form):
    """Whether a committee advises."""

    with_committee = forms.BooleanField(
        label="Een onafhankelijke commissie adviseert (art. 7:13 Awb): de NZa heeft dan twaalf weken", required=False
    )


class HearingForm(moments.MomentsForm):
    """When and where people are heard."""

    parts = {"at": False}

    at_day = _day(
        "Op welke dag?", help_text="Ten minste twee weken na vandaag: er moet tijd zijn voor stukken (art. 7:4 Awb)."
    )
    at_time = forms.TimeField(
        label="Hoe laat?",
        widget=moments.ClockInput(),
        input_formats=["%H:%M", "%H.%M"],
        error_messages={"invalid": moments.NOT_A_TIME, "required": "Kies een tijd."},
    )
    place = forms.CharField(label="Waar, of de link van het videogesprek", max_length=250)


class WaiveForm(forms.Form):
    """Why nobody is heard."""

    ground = forms.ChoiceField(
        label="Op welke grond hoort de NZa niemand?", choices=list(hearings.WAIVERS.items()), widget=forms.RadioSelect
    )
    reason = _words("Waarom geldt die grond hier?")


class AssignForm(forms.Form):
    """Who treats it."""

    to = forms.ModelChoiceField(
        label="Wie behandelt dit bezwaar?",
        queryset=User.objects.none(),
        error_messages={"required": "Kies een collega."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["to"]
        chosen.queryset = (
            User.objects.filter(is_active=True, mandates__role=Role.NZA, mandates__valid_until__isnull=True)
            .distinct()
            .order_by("name")
        )
        chosen.label_from_instance = lambda user: user.name


class WhyForm(forms.Form):
    """Why."""

    reason = _words("Waarom?", help_text="De aanbieder leest dit.")


class ReportForm(forms.Form):
    """The report of a hearing."""

    text = _words("Verslag", help_text="Wie er was, en wat er is gezegd (art. 7:7 Awb). De aanbieder kan het lezen.")


class AdviceForm(forms.Form):
    """What the committee advised."""

    advice = _words("Advies van de commissie")
    advised_on = _day("Wanneer bracht zij het uit?")


class AdjournForm(forms.Form):
    """How long, and why."""

    weeks = forms.IntegerField(label="Hoeveel weken?", min_value=1, max_value=6, help_text="Hoogstens zes, één keer.")
    reason = _words("Waarom?", help_text="De aanbieder leest dit in de brief (art. 7:10, vijfde lid, Awb).")


class AgreeForm(forms.Form):
    """Until when, and how the objector agreed."""

    until = _day("Tot en met welke dag?")
    reason = _words("Hoe en waarom stemde de bezwaarmaker in?", help_text="Komt in de brief (art. 7:10 Awb).")


class SuspendForm(forms.Form):
    """Why the term stands still."""

    cause = forms.ChoiceField(
        label="Waardoor staat de termijn stil?", choices=SuspensionCause.choices, widget=forms.RadioSelect
    )
    reason = _words("Waarom?", help_text="De aanbieder leest dit in de brief.")


class NoticeForm(forms.Form):
    """When a notice of default came in."""

    received_on = _day("Wanneer ontving de NZa haar? (art. 4:17, derde lid, Awb)")


def _plain(text: str) -> str:
    """Return a text as help beside a field, where templates put help texts as they are."""
    return str(escape(text[:600]))


class DraftForm(forms.Form):
    """Outcome, reasons and what follows; for one provider computed anew also which figures become other ones."""

    outcome = forms.ChoiceField(label="Uitkomst", choices=ObjectionOutcome.choices, widget=forms.RadioSelect)
    consequence = forms.ChoiceField(label="Wat volgt daaruit?", choices=Consequence.choices, widget=forms.RadioSelect)
    reasons = _words("Motivering", help_text="Komt in de beslissing, voor de gronden (art. 7:12 Awb).")

    def clean(self) -> dict[str, Any]:
        """Read the figures as the Dutch write them."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        is_computed_anew = cleaned.get("consequence") == Consequence.FROZEN_FRONTIER
        cleaned["changes"] = figure_rows.read(self) if is_computed_anew else {}
        if cleaned.get("deviates") == "ja" and not cleaned.get("deviation", "").strip():
            self.add_error(
                "deviation", "Schrijf op waarom de NZa van het advies afwijkt (art. 7:13, zevende lid, Awb)."
            )
        if is_computed_anew and not cleaned["changes"] and not self.errors:
            raise ValidationError("Vul in welke gegevens van de aanbieder anders worden (art. 7:11 Awb).")
        return cleaned


def draft_form(objection: Objection) -> type[forms.Form]:
    """Return the form to draw a decision up, with the measures of the round."""
    fields: dict[str, Any] = {}
    if objection.status in (S.RECEIVED, S.INCOMPLETE):
        fields["outcome"] = forms.ChoiceField(
            label="Uitkomst",
            choices=[(ObjectionOutcome.INADMISSIBLE.value, ObjectionOutcome.INADMISSIBLE.label)],
            initial=ObjectionOutcome.INADMISSIBLE.value,
            widget=forms.RadioSelect,
        )
        fields["consequence"] = forms.ChoiceField(
            label="Wat volgt daaruit?",
            choices=[(Consequence.NONE.value, Consequence.NONE.label)],
            initial=Consequence.NONE.value,
            widget=forms.RadioSelect,
        )
        fields["reasons"] = _words(
            "Motivering",
            help_text="Komt in de beslissing (art. 7:12 Awb). Schrijf ook waarom er geen twijfel is: daarom is er geen"
            " hoorzitting (art. 7:3, onder a, Awb).",
        )
        return type("InadmissibleForm", (DraftForm,), fields)
    fields["consequence"] = forms.ChoiceField(
        label="Wat volgt daaruit?",
        choices=[(item.value, item.label) for item in (Consequence.NONE, *replacing.allowed(objection.decision.round))],
        widget=forms.RadioSelect,
        help_text="Het beleid van de ronde zegt wat een gegrond bezwaar voor anderen betekent. U kiest wat daarbij past.",
    )
    fields["outcome"] = forms.ChoiceField(
        label="Uitkomst",
        choices=[item for item in ObjectionOutcome.choices if item[0] != ObjectionOutcome.INADMISSIBLE],
        widget=forms.RadioSelect,
    )
    if Consequence.FROZEN_FRONTIER in replacing.allowed(objection.decision.round):
        fields |= figure_rows.fields_of(
            objection.decision, help_text="Alleen bij een nieuw besluit met dezelfde vergelijking."
        )
    if objection.status == S.ADVISED:
        fields["deviates"] = forms.ChoiceField(
            label="Wijkt u af van het advies van de commissie?",
            choices=[("nee", "Nee, de NZa volgt het advies"), ("ja", "Ja, de NZa beslist anders")],
            widget=forms.RadioSelect,
            help_text=_plain(objection.advice),
        )
        fields["deviation"] = _words(
            "Waarom wijkt u af?",
            required=False,
            help_text="Alleen als u afwijkt. Komt met het advies in de beslissing (art. 7:13, zevende lid, Awb).",
        )
    return type("RulingForm", (DraftForm,), fields)

"""NZa: what has to be filled in for a step with a decision, with views on it, or with an objection that came by post."""

from __future__ import annotations

from uuid import uuid4

from django import forms

from ivportal.pages import moments
from tariffs.models import Channel
from tariffs.models.objections import LONGEST_ADDRESS
from tariffs.procedure.form import LONGEST

HIDDEN = forms.HiddenInput


def new_key() -> str:
    """Return a new name for an act of sending."""
    return str(uuid4())


class ReasonsForm(forms.Form):
    """Reasons that come in the decision itself."""

    reasons = forms.CharField(
        label="Motivering (niet verplicht)",
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Komt in het besluit, na de algemene motivering in de brief (art. 3:46 Awb).",
    )


class TakeBackForm(forms.Form):
    """What has to change."""

    reason = forms.CharField(label="Wat moet er veranderen?", max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))


class ViewsForm(moments.MomentsForm):
    """Views that came in outside the portal."""

    parts = {"received": False}

    channel = forms.ChoiceField(
        label="Hoe kwam de zienswijze binnen?",
        choices=[(item.value, item.label) for item in (Channel.ORAL, Channel.POST, Channel.EMAIL, Channel.DESK)],
    )
    received_day = moments.day_field("Wanneer ontving de NZa haar?", required=True)
    received_time = moments.clock_field("Tijd", help_text="Leeg als u het niet weet: dan telt alleen de dag.")
    text = forms.CharField(
        label="Wat zei of schreef de aanbieder?",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": "Schrijf op wat de aanbieder zei of schreef (art. 4:9 Awb)."},
    )
    key = forms.CharField(widget=HIDDEN, initial=new_key, max_length=70)


class ConsiderationForm(forms.Form):
    """What the NZa thinks of views."""

    consideration = forms.CharField(
        label="Wat vindt de NZa van deze zienswijze, wat doet zij ermee, en waarom?",
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="De aanbieder leest dit in het besluit (art. 3:46 Awb).",
    )


class CameInForm(moments.MomentsForm):
    """How and when something came in outside the portal."""

    parts = {"received": False}

    channel = forms.ChoiceField(
        label="Hoe kwam het binnen?",
        choices=[(item.value, item.label) for item in (Channel.POST, Channel.EMAIL, Channel.DESK)],
    )
    received_day = moments.day_field("Wanneer ontving de NZa het? (art. 6:9, eerste lid, Awb)", required=True)
    received_time = moments.clock_field("Tijd", help_text="Leeg als u het niet weet: dan telt alleen de dag.")
    posted_on = forms.DateField(
        label="Poststempel, bij post (art. 6:9, tweede lid, Awb)",
        required=False,
        widget=moments.DayInput(),
        input_formats=["%Y-%m-%d", "%d-%m-%Y"],
        error_messages={"invalid": moments.NOT_A_DAY},
    )


class ObjectionForm(CameInForm):
    """An objection that came in outside the portal."""

    signed_by = forms.CharField(
        label="Wie ondertekende het?", required=False, max_length=160, help_text="Leeg als het niet is ondertekend."
    )
    representative = forms.CharField(label="Gemachtigde", required=False, max_length=160)
    representative_address = forms.CharField(
        label="Postadres van de gemachtigde",
        required=False,
        max_length=LONGEST_ADDRESS,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Elke regel apart. Is er een machtiging, dan gaan de brieven naar dit adres (art. 6:17 Awb).",
    )
    grounds = forms.CharField(
        label="Gronden",
        required=False,
        max_length=60_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="Elke grond in een eigen alinea, met een lege regel ertussen. Leeg als ze nog volgen.",
    )
    is_pro_forma = forms.BooleanField(label="Pro forma: de gronden volgen", required=False)
    late_because = forms.CharField(
        label="Waarom te laat, volgens de aanbieder",
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    key = forms.CharField(widget=HIDDEN, initial=new_key, max_length=70)

"""NZa: the tables of maximum tariffs, and the policy of a round: every choice a field with a sentence, never a constant."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from ivportal.pages.cases.consenting import WHEN_IT_COUNTS
from ivportal.pages.rights import for_role
from providers.audit import record
from providers.models import Act, Round
from tariffs import gaps, policies, tables
from tariffs.agreements import label_of, place_of
from tariffs.models import Disclosure, OutsideBandwidth, RoundPolicy, Settlement, TariffTable

MOST_PERCENT = 999
LARGEST_FILE = 5_000_000


class Percent(forms.Field):
    """A share that is typed and shown as a percentage, with a comma or a point: 95,5 is 0.955."""

    def __init__(self, **choices: Any) -> None:
        super().__init__(widget=forms.TextInput(attrs={"inputmode": "decimal"}), **choices)

    def to_python(self, value: Any) -> Decimal | None:
        """Return the share."""
        text = str(value or "").replace("%", "").strip()
        if not text:
            return None
        if "," in text:
            text = text.replace(".", "").replace(",", ".")
        try:
            found = Decimal(text)
        except InvalidOperation:
            raise ValidationError("Dit is geen percentage. Schrijf het als 95,5.") from None
        if not found.is_finite() or not 0 <= found <= MOST_PERCENT or found != round(found, 2):
            raise ValidationError("Vul een percentage in van 0 tot en met 999, met hoogstens twee decimalen.")
        return found / 100

    def prepare_value(self, value: Any) -> Any:
        """Return a stored share as a percentage."""
        if isinstance(value, Decimal):
            return f"{(value * 100).normalize():f}".replace(".", ",")
        return value


class PolicyForm(forms.Form):
    """Every choice of the regulator for one round."""

    tariff_table = forms.ModelChoiceField(
        label="Tarieftabel",
        queryset=TariffTable.objects.order_by("-pk"),
        required=False,
        empty_label="Geen tarieftabel",
    )
    tariff_year = forms.IntegerField(
        label="Tariefjaar",
        required=False,
        min_value=2000,
        max_value=2100,
        help_text="Voor welk jaar de tarieven gelden.",
    )
    markup = Percent(label="Opslag (%)", help_text="Maximum is minimum plus dit vaste percentage.")
    marks_up_allowances = forms.BooleanField(label="De opslag geldt ook voor niet-beïnvloedbare kosten", required=False)
    cap = Percent(label="Plafond (% van het maximumtarief)", help_text="Hoger dan dit wordt een tarief nooit.")
    index = forms.DecimalField(
        label="Prijsindex",
        required=False,
        max_digits=8,
        decimal_places=6,
        localize=True,
        help_text="Van boekjaar naar tariefjaar, bijvoorbeeld 1,034. Alleen nodig als tarieven van het boekjaar ontbreken.",
    )
    index_name = forms.CharField(label="Naam van de index", required=False, max_length=120)
    disclosure = forms.ChoiceField(
        label="Hoe worden peers getoond?",
        choices=Disclosure.choices,
        help_text=f"{WHEN_IT_COUNTS} Aanbieders krijgen geen bericht als u dit kiest: zij lezen het bij hun spiegel.",
    )
    smallest_group = forms.IntegerField(label="Kleinste groep in een gemiddelde of totaal", min_value=3, max_value=100)
    dominance_n = forms.IntegerField(label="Dominantieregel: de n grootste", min_value=1, max_value=10)
    dominance_k = Percent(label="Dominantieregel: mogen niet meer hebben dan (%)")
    p_percent = Percent(
        label="p%-regel (%)", help_text="Niemand mag de kosten van een ander nauwkeuriger kunnen schatten dan dit."
    )
    corrections_settled = forms.ChoiceField(
        label="Wat betekent een overgenomen correctie voor anderen?",
        choices=Settlement.choices,
        help_text="Dit geldt voor de gevolgen die de NZa vooraf ziet. Het is ook de keuze die klaarstaat als u na een vrijgave"
        " een berekening start: voor iedereen, of alleen voor wie verbeterde gegevens heeft.",
    )
    objections_settled = forms.ChoiceField(
        label="Wat betekent een gegrond bezwaar voor anderen?",
        choices=Settlement.choices,
        help_text="Bij een gegrond bezwaar kiest de NZa alleen een gevolg dat hierbij past, of een betere motivering.",
    )
    objection_may_lower_others = forms.BooleanField(
        label="Nieuwe vastgestelde uitkomsten mogen het besluit van een ander verlagen",
        required=False,
        help_text="Nieuwe uitkomsten komen er na een gegrond bezwaar, na een correctie of na een ander beleid; ook als een"
        " gegrond bezwaar alleen deze aanbieder opnieuw berekent. Wie lager uitkomt, krijgt eerst een voornemen en kan een"
        " zienswijze geven. Zonder vinkje houdt die aanbieder het besluit.",
    )
    agreements_outside = forms.ChoiceField(label="Een afspraak buiten de bandbreedte", choices=OutsideBandwidth.choices)
    views_days = forms.IntegerField(label="Dagen voor een zienswijze (art. 4:8 Awb)", min_value=1, max_value=365)
    remedy_days = forms.IntegerField(
        label="Dagen om een bezwaar aan te vullen (art. 6:6 Awb)", min_value=1, max_value=365
    )
    courtesy_terms = forms.BooleanField(
        label="Termijnen die de NZa zelf stelt eindigen ook niet in een weekend of op een feestdag", required=False
    )

    def clean(self) -> dict[str, Any]:
        """Hold what belongs together."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("tariff_table") is not None and cleaned.get("tariff_year") is None:
            self.add_error("tariff_year", "Kies ook voor welk jaar de tarieven gelden.")
        if cleaned.get("index") is not None and not cleaned.get("index_name"):
            self.add_error("index_name", "Noem de index. De naam staat bij elke bandbreedte die ermee is berekend.")
        if cleaned.get("cap") is not None and cleaned["cap"] <= 0:
            self.add_error("cap", "Het plafond moet meer zijn dan 0.")
        if cleaned.get("dominance_k") is not None and not 0 < cleaned["dominance_k"] <= 1:
            self.add_error("dominance_k", "Vul een percentage in van meer dan 0 tot en met 100.")
        if cleaned.get("p_percent") is not None and cleaned["p_percent"] >= 1:
            self.add_error("p_percent", "Vul een percentage in van minder dan 100.")
        return cleaned


@require_http_methods(["GET", "POST"])
@for_role("nza")
def round_policy(request: Any, slug: str) -> HttpResponse:
    """The policy of a round: what holds, who set it when, and a form for the next one."""
    round = get_object_or_404(Round, slug=slug)
    current = policies.current_policy(round)
    if request.method == "POST":
        form = PolicyForm(request.POST)
        if form.is_valid():
            try:
                made = policies.set_policy(round=round, actor=request.actor, **form.cleaned_data)
            except ValidationError as error:
                form.add_error(None, error.messages)
            else:
                messages.success(
                    request,
                    f"Beleid {made.number} geldt vanaf nu voor deze ronde. Uitkomsten die er al zijn veranderen niet: reken"
                    " opnieuw om opslag, plafond en tarieven toe te passen.",
                )
                return redirect("round_policy", slug=slug)
    else:
        form = PolicyForm(initial={name: getattr(current, name) for name in PolicyForm.base_fields})
    return render(
        request,
        "tariffs/releasing/policy.html",
        {
            "round": round,
            "form": form,
            "current": current,
            "gaps": gaps.gaps_of_policy(current),
            "history": _history(round),
            "tables_url": reverse("tariff_tables"),
        },
    )


def _history(round: Round) -> list[dict[str, Any]]:
    """Return the policies of a round, newest first, each with what it chose otherwise than the one before."""
    found = list(RoundPolicy.objects.filter(round=round).select_related("set_by", "tariff_table").order_by("number"))
    before = [RoundPolicy(round=round), *found]
    return [
        {"policy": item, "changes": _changes(old, item), "is_first": old.pk is None}
        for old, item in zip(before, found, strict=False)
    ][::-1]


def _changes(before: RoundPolicy, now: RoundPolicy) -> list[str]:
    """Say, choice by choice, what a policy has otherwise than the one before."""
    return [
        f"{_label(name)}: {_said(before, name)} → {_said(now, name)}"
        for name in policies.CHOICES
        if getattr(before, name) != getattr(now, name)
    ]


def _label(name: str) -> str:
    return str(PolicyForm.base_fields[name].label).removesuffix("?").removesuffix(" (%)")


def _said(policy: RoundPolicy, name: str) -> str:
    """Return one choice of a policy as the Dutch write it."""
    value, field = getattr(policy, name), PolicyForm.base_fields[name]
    if value is None or value == "":
        return "geen"
    if isinstance(value, bool):
        return "ja" if value else "nee"
    if isinstance(field, Percent):
        return f"{field.prepare_value(value)} %"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}".replace(".", ",")
    if isinstance(field, forms.ModelChoiceField):
        return str(value)
    return str(getattr(policy, f"get_{name}_display")() if isinstance(field, forms.ChoiceField) else value)


class TableForm(forms.Form):
    """A table of maximum tariffs as the NZa publishes it."""

    file = forms.FileField(
        label="Bestand",
        help_text="CSV (UTF-8) of XLSX, met op de eerste rij de namen van de kolommen: jaar, prestatie, bedrag, bron, geldig"
        " vanaf en, als u wilt, inclusief NHC NIC (ja of nee). De Engelse namen mogen ook: year, code, amount, source, valid_from"
        " en includes_nhc_nic. Een prestatie is een code uit de gegevenscatalogus, zoals days_5vv_with_treatment."
        " Zonder de kolom inclusief NHC NIC, of met een lege cel daarin, telt het tarief als inclusief.",
        error_messages={"required": "Kies een bestand.", "empty": "Dit bestand is leeg."},
    )

    def clean_file(self) -> Any:
        """Refuse what is too large to be a table of tariffs."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise ValidationError(
                "Dit bestand is groter dan 5 MB. Een tarieftabel is veel kleiner: kies het goede bestand."
            )
        return file


@require_http_methods(["GET", "POST"])
@for_role("nza")
def tariff_tables(request: Any) -> HttpResponse:
    """The tables of maximum tariffs that were loaded, and loading one."""
    if request.method == "POST":
        form = TableForm(request.POST, request.FILES)
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                made = tables.import_tariff_file(name=file.name, content=file.read(), actor=request.actor)
            except tables.TariffTableError as error:
                for problem in error.problems[:20]:
                    form.add_error("file", problem)
            else:
                messages.success(
                    request,
                    f"{made.name} is ingelezen: {made.tariffs.count()} tarieven. Kies de tabel nu bij het beleid van een ronde.",
                )
                for sentence in (*gaps.gaps_of_table(made), *gaps.leaps_of_table(made), *gaps.housing_of_table(made)):
                    messages.warning(request, sentence)
                return redirect("tariff_tables")
    else:
        form = TableForm()
    record(act=Act.SUBMISSION_READ, actor=request.actor, subject="Tarieftabellen")
    loaded = TariffTable.objects.order_by("-pk").prefetch_related("tariffs")
    return render(
        request,
        "tariffs/releasing/tariff_tables.html",
        {
            "form": form,
            "tables": [
                {
                    "name": table.name,
                    "is_fictitious": table.is_fictitious,
                    "imported_at": table.imported_at,
                    "sha256": table.sha256[:12],
                    "years": sorted({tariff.year for tariff in table.tariffs.all()}),
                    "tariffs": _tariffs(table),
                }
                for table in loaded
            ],
        },
    )


def _tariffs(table: TariffTable) -> list[dict[str, Any]]:
    """Return the tariffs of a table by year, and by product in the order of the catalogue."""
    return [
        {
            "year": tariff.year,
            "label": label_of(tariff.product),
            "code": tariff.product,
            "amount": tariff.amount,
            "includes_housing": tariff.includes_housing,
            "valid_from": tariff.valid_from,
            "source": tariff.source,
        }
        for tariff in sorted(table.tariffs.all(), key=lambda tariff: (tariff.year, place_of(tariff.product)))
    ]

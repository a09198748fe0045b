"""Who may do what: the people of an organisation, seen by themselves and by the NZa; and the staff of the NZa."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ivportal.pages import keys
from ivportal.pages.moments import day_field, moment_of
from ivportal.pages.rights import for_role
from providers import mandates
from providers.access import Actor
from providers.middleware import MANDATE_KEY
from providers.models import Mail, MailStatus, Mandate, Power, Provider, Round, Submission
from providers.refusal import Refused

#: What each power is for, in the words of somebody who has to choose.
POWERS = {
    Power.ADMINISTER: "nodigt collega’s uit en bepaalt wat zij mogen",
    Power.DELIVER: "vult in, leest bestanden in en biedt de aanlevering aan het bestuur aan",
    Power.SIGN: "ondertekent en dient in; niet wat hij of zij zelf invulde",
}


class UntilForm(forms.Form):
    """Until when somebody may do something."""

    valid_until = day_field("Tot en met", required=False, help_text="Leeg: tot iemand de bevoegdheid beëindigt.")


class PowersForm(UntilForm):
    """What somebody may do for a provider."""

    powers = forms.MultipleChoiceField(
        label="Wat mag deze persoon, behalve lezen?",
        required=False,
        choices=[(power.value, f"{power.label}: {POWERS[power]}") for power in Power],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Kies uit de bevoegdheden die er staan."},
    )


class PersonFields(forms.Form):
    """Who it is."""

    email = forms.CharField(
        label="E-mailadres",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Vul het e-mailadres in."},
    )
    name = forms.CharField(
        label="Naam",
        required=False,
        max_length=120,
        help_text="Zoals collega’s die zien. Niet nodig als dit adres al een account heeft.",
    )


class ColleagueForm(PowersForm, PersonFields):
    """Somebody who gets a mandate for a provider."""

    field_order = ["email", "name", "powers", "valid_until"]


class StaffForm(UntilForm, PersonFields):
    """Somebody who gets a mandate as staff of the NZa."""

    field_order = ["email", "name", "valid_until"]


@dataclass(frozen=True)
class Place:
    """Whose people a page is about, and the addresses it leads to."""

    provider: Provider | None
    names: dict[str, str]
    round: Round | None = None
    """In which the NZa looks at a provider."""

    def url(self, what: str, *further: Any) -> str:
        """Return the address of ``what``: list, invite, person or end."""
        before = [self.round.slug, self.provider.uuid] if self.round and self.provider else []
        return reverse(self.names[what], args=[*before, *further])

    def is_own(self, actor: Actor) -> bool:
        """Tell whether these are her own people: she works here herself, and does not look along."""
        return self.round is None and actor.looking_along is None

    def mandate(self, wanted: Any) -> Mandate:
        """Return a mandate of this organisation, or 404."""
        return get_object_or_404(mandates.mandates_of(self.provider), uuid=wanted)


def _own(request: Any) -> Place:
    names = {"list": "organisation", "invite": "invite_colleague", "person": "colleague", "end": "end_colleague"}
    return Place(request.actor.provider, names)


def _in_round(request: Any, slug: str, provider: Any) -> Place:
    submission = get_object_or_404(
        Submission.objects.visible_to(request.actor).select_related("provider", "round"),
        round__slug=slug,
        provider__uuid=provider,
    )
    names = {"list": "provider_people", "invite": "invite_person", "person": "person", "end": "end_person"}
    return Place(submission.provider, names, submission.round)


STAFF = Place(None, {"list": "staff", "invite": "invite_staff", "end": "end_staff"})


# ── a provider's own people ────────────────────────────────────────────────────────────────────────────────────────


@require_GET
@for_role("provider")
def organisation(request: Any) -> HttpResponse:
    """The people of one's own organisation, and one's own keys for other systems."""
    return _list(request, _own(request))


@require_POST
@for_role("provider", power=Power.ADMINISTER)
def invite_colleague(request: Any) -> HttpResponse:
    """Invite somebody to one's own organisation."""
    return _invite(request, _own(request))


@require_http_methods(["GET", "POST"])
@for_role("provider", power=Power.ADMINISTER)
def colleague(request: Any, mandate: Any) -> HttpResponse:
    """Look at what a colleague may do, or change it."""
    return _person(request, _own(request), mandate)


@require_POST
@for_role("provider", power=Power.ADMINISTER)
def end_colleague(request: Any, mandate: Any) -> HttpResponse:
    """End the mandate of a colleague."""
    return _end(request, _own(request), mandate)


# ── the NZa: people of a provider, and its own staff ───────────────────────────────────────────────────────────────


@require_GET
@for_role("nza")
def provider_people(request: Any, slug: str, provider: Any) -> HttpResponse:
    """The people of a provider."""
    return _list(request, _in_round(request, slug, provider))


@require_POST
@for_role("nza")
def invite_person(request: Any, slug: str, provider: Any) -> HttpResponse:
    """Invite somebody of a provider, such as its first administrator."""
    return _invite(request, _in_round(request, slug, provider))


@require_http_methods(["GET", "POST"])
@for_role("nza")
def person(request: Any, slug: str, provider: Any, mandate: Any) -> HttpResponse:
    """Look at what somebody of a provider may do, or change it."""
    return _person(request, _in_round(request, slug, provider), mandate)


@require_POST
@for_role("nza")
def end_person(request: Any, slug: str, provider: Any, mandate: Any) -> HttpResponse:
    """End the mandate of somebody of a provider."""
    return _end(request, _in_round(request, slug, provider), mandate)


@require_GET
@for_role("nza")
def staff(request: Any) -> HttpResponse:
    """The staff of the NZa in the portal."""
    return _list(request, STAFF)


@require_POST
@for_role("nza")
def invite_staff(request: Any) -> HttpResponse:
    """Invite a member of staff of the NZa."""
    return _invite(request, STAFF)


@require_POST
@for_role("nza")
def end_staff(request: Any, mandate: Any) -> HttpResponse:
    """End the mandate of a member of staff."""
    return _end(request, STAFF, mandate)


# ── what they have in common ───────────────────────────────────────────────────────────────────────────────────────


def _list(request: Any, place: Place, form: forms.Form | None = None, **more: Any) -> HttpResponse:
    actor: Actor = request.actor
    provider = place.provider
    found = list(mandates.mandates_of(provider))
    may_manage = mandates.may_manage(actor, "provider" if provider else "nza", provider)
    mails = _mails(found)
    rows = [
        {
            "name": mandate.user.name,
            "email": mandate.user.email,
            "is_you": mandate.user_id == actor.user.pk,
            "powers": mandate.power_labels,
            "since": mandate.valid_from,
            "until": mandate.valid_until,
            "granted_by": mandate.granted_by.name if mandate.granted_by else "het portaal",
            "never_came": mandate.user.last_login is None,
            "mail": mails.get(mandate.pk),
            "url": place.url("person", mandate.uuid) if may_manage and provider else None,
            "end_url": place.url("end", mandate.uuid) if may_manage and not provider else None,
        }
        for mandate in found
    ]
    if form is None and may_manage:
        # Whoever comes first has to be able to invite the others.
        form = ColleagueForm(initial={"powers": [] if found else [Power.ADMINISTER]}) if provider else StaffForm()
    context: dict[str, Any] = {
        "who": "own" if actor.role == "provider" else "provider" if provider else "staff",
        "organisation": provider.name if provider else "Nederlandse Zorgautoriteit",
        "provider": provider,
        "round": place.round,
        "people": rows,
        "form": form,
        "invite_url": place.url("invite") if may_manage else None,
        "administrators": mandates.people_of(provider, Power.ADMINISTER) if provider else [],
        "keys": keys.own_keys(actor) if place.is_own(actor) else None,
    }
    return render(request, "accounts/people.html", {**context, **more})


def _mails(found: list[Mandate]) -> dict[int, dict[str, Any]]:
    """Return, by mandate, what became of the mail that told about it; nothing where there was none."""
    by_key = {
        f"{kind}:{item.uuid}:{item.user_id}": item for kind in ("account_invited", "mandate_granted") for item in found
    }
    told = Mail.objects.filter(notice__key__in=by_key).select_related("notice")
    return {
        by_key[mail.notice.key].pk: {
            "status": mail.get_status_display().lower(),
            "at": mail.sent_at,
            "error": mail.error if mail.status == MailStatus.FAILED else "",
        }
        for mail in told
    }


def _invite(request: Any, place: Place) -> HttpResponse:
    form = (ColleagueForm if place.provider else StaffForm)(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            made = mandates.invite(
                email=said["email"],
                name=said["name"],
                provider=place.provider,
                powers=said.get("powers", ()),
                valid_until=_end_of(said["valid_until"]),
                actor=request.actor,
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"{made.user.name} is uitgenodigd en krijgt een e-mail op {made.user.email}.")
            # A browser keeps the anchor of the form that was sent, unless it gets another: to where this is said.
            return redirect(f"{place.url('list')}#inhoud")
    return _list(request, place, form)


def _person(request: Any, place: Place, wanted: Any) -> HttpResponse:
    mandate = place.mandate(wanted)
    until = timezone.localtime(mandate.valid_until).date() if mandate.valid_until else None
    form = PowersForm(
        request.POST if request.method == "POST" else None, initial={"powers": mandate.powers, "valid_until": until}
    )
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        day = said["valid_until"]
        try:
            made = mandates.change(
                mandate=mandate,
                powers=said["powers"],
                # The same day is the same end, also if that was set to the minute by somebody else.
                valid_until=mandate.valid_until if day == until else _end_of(day),
                actor=request.actor,
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            if mandate.pk == request.actor.mandate.pk:
                request.session[MANDATE_KEY] = str(made.uuid)
            messages.success(request, f"Vastgelegd wat {made.user.name} mag: {', '.join(made.power_labels)}.")
            return redirect(place.url("list"))
    context = {
        "form": form,
        "person": mandate.user,
        "organisation": mandate.organisation,
        "mandate": mandate,
        "is_you": mandate.user_id == request.actor.user.pk,
        "list_url": place.url("list"),
        "url": place.url("person", mandate.uuid),
        "end_url": place.url("end", mandate.uuid),
    }
    return render(request, "accounts/person.html", context)


def _end(request: Any, place: Place, wanted: Any) -> HttpResponse:
    mandate = place.mandate(wanted)
    try:
        mandates.end(mandate=mandate, actor=request.actor)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"{mandate.user.name} werkt niet meer namens {mandate.organisation}.")
    return redirect(place.url("list"))


def _end_of(day: date | None) -> datetime | None:
    """Return the last second of a day."""
    return moment_of(day, None, is_end=True).at if day else None

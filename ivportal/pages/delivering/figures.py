"""The page on which a provider fills in or mends figures, each beside last year's and what the checks found."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_http_methods

from ivportal.pages.delivering.form import (
    EMPTY,
    EXPLANATION_HELP,
    ORGANISATION_LABELS,
    PLACE_FIELDS,
    Typed,
    as_typed,
    asks_explanation,
    label_of,
    leave_unchanged,
    read_form,
    shown,
    too_short,
)
from ivportal.pages.delivering.lookup import Desk, desk_of
from ivportal.pages.delivering.overview import number_of
from ivportal.pages.delivering.rows import Row, Said, remembered, written
from ivportal.pages.ribbon import delivered_ribbon
from ivportal.pages.rights import for_role
from ivportal.pages.submissions import GROUPS, change_of, shown_value
from providers import drafts, prefill
from providers.checking import key_of
from providers.contents import EXPLANATION, FIGURE, LOCATIONS, ORGANISATION, REMARKS, UNREAD, figure_of, from_json, told
from providers.drafts import Comparison
from providers.measures import CATALOGUE
from providers.models import CareOfficeRegion, Draft, Power
from providers.refusal import Refused

PLACE_LABELS = {
    "number": "Vestigingsnummer",
    "name": "Naam",
    "street": "Straat en nummer",
    "postcode": "Postcode",
    "place": "Plaats",
}
#: Rows for locations that are not there yet.
EMPTY_PLACES = 2
SELECTED = mark_safe(" selected")


@require_http_methods(["GET", "POST"])
@for_role("provider")
def fill_in(request: Any, slug: str) -> HttpResponse:
    """Show the form, or save what was typed; what cannot be read is said beside its field, and nothing typed is lost."""
    desk = desk_of(request, slug)
    if not desk.submission.round.is_delivered_here:
        return redirect("own_submission", slug=slug)
    if request.method == "GET":
        return _page(request, desk, Typed())
    typed = read_form(request.POST, desk.submission.round.measures)
    leave_unchanged(typed, desk.contents)
    if not desk.actor.can(Power.DELIVER):
        messages.error(
            request,
            "U mag de gegevens lezen, niet wijzigen. Vraag een beheerder van uw organisatie om die bevoegdheid.",
        )
        return _page(request, desk, typed, status=403)
    if typed.errors:
        return _page(request, desk, typed, status=422)
    chosen, before = _chosen(request, typed), desk.number
    try:
        saved = drafts.save(
            submission=desk.submission, changes=chosen, based_on=number_of(request), actor=request.actor
        )
    except Comparison as overtaken:
        return _compare(request, desk, overtaken)
    except Refused as refused:
        messages.error(request, str(refused))
        return _page(request, desk, typed, status=409)
    if saved.number == before:
        messages.info(request, "Er is niets gewijzigd.")
    else:
        _say_saved(request, saved)
    if "daarna" in request.POST:
        return redirect("own_submission", slug=slug)
    return redirect("fill_in", slug=slug)


def _say_saved(request: Any, saved: Draft) -> None:
    desk = desk_of(request, saved.submission.round.slug)
    errors, unexplained = len(desk.verdict.errors), len(desk.verdict.unexplained)
    names = [label_of(part) for part in told(saved.changed)]
    said = f"Opgeslagen: {', '.join(names[:4])}{f' en nog {len(names) - 4}' if len(names) > 4 else ''}."
    if errors or unexplained:
        left = [
            f"{count} {one if count == 1 else more}"
            for count, one, more in ((errors, "fout", "fouten"), (unexplained, "signalering", "signaleringen"))
            if count
        ]
        said += f" Nog te doen: {' en '.join(left)}."
    messages.success(request, said)


def _chosen(request: Any, typed: Typed) -> dict[str, Any]:
    """Return what to save: what was typed, less what she left as her colleague saved it."""
    left = {
        name.removeprefix("keuze:")
        for name, value in request.POST.items()
        if name.startswith("keuze:") and value == "hun"
    }
    return {part: value for part, value in typed.changes.items() if part not in left}


def _page(request: Any, desk: Desk, typed: Typed, *, status: int = 200) -> HttpResponse:
    submission, contents = desk.submission, desk.contents
    previous = desk.earlier.values
    by_measure: dict[str, list[Said]] = {}
    general: list[dict[str, Any]] = []
    # Nobody is told off for a form that she has not begun.
    for item in desk.verdict.found if desk.is_filled else ():
        said = Said(item.rule.severity, item.rule.code, item.message, item.rule.mend)
        if item.measure in contents.figures:
            by_measure.setdefault(item.measure, []).append(said)
        else:
            general.append({"finding": said, "key": key_of(item.measure, item.rule.code), "asks": item.rule.explain})
    asked = asks_explanation(desk.verdict, contents) if desk.is_filled else {}
    parts = contents.parts()
    # What was typed and not saved is not remembered: it may be anything, of any length.
    write = written if typed.raw else remembered
    groups = []
    for title, kinds in GROUPS.items():
        rows = []
        for code in submission.round.measures:
            measure = CATALOGUE[code]
            if measure.kind not in kinds:
                continue
            figure = contents.figures.get(code)
            before = previous.get(code)
            value = figure.value if figure else None
            part = f"{FIGURE}{code}"
            explanation = f"{EXPLANATION}{code}"
            rows.append(
                write(
                    Row(
                        code=code,
                        part=part,
                        label=measure.label,
                        explanation=measure.description,
                        unit=_unit(measure.unit, submission.round.currency),
                        typed=typed.raw.get(part, as_typed(value, measure)),
                        error=typed.errors.get(part, ""),
                        previous=shown_value(measure, before, submission.round.currency) if code in previous else "",
                        change=change_of(measure, value, before),
                        findings=tuple(by_measure.get(code, ())),
                        cell=str(figure.cell) if figure and figure.cell.row else "",
                        source=figure.source if figure else "",
                        is_corrected=bool(figure and figure.is_corrected),
                        source_value=shown_value(measure, figure.source_value, submission.round.currency)
                        if figure and figure.source
                        else "",
                        taken_over=prefill.year_of(figure) if figure else 0,
                        is_unread=f"{UNREAD}{code}" in parts,
                        empty_part=f"{EMPTY}{code}",
                        is_left_empty=f"{UNREAD}{code}" in typed.changes,
                        asks=explanation in typed.raw or code in asked,
                        said_part=explanation,
                        said=typed.raw.get(explanation, asked.get(code, "")),
                        said_error=typed.errors.get(explanation)
                        or too_short(typed.raw.get(explanation, asked.get(code, ""))),
                        may_fill_in=desk.may_fill_in,
                        book_year=submission.round.book_year,
                        previous_year=desk.earlier.book_year or None,
                    )
                )
            )
        if rows:
            groups.append({"title": title, "rows": rows})
    for row in general:
        row["said_part"] = f"{EXPLANATION}{row['key']}"
        row["said"] = typed.raw.get(row["said_part"], asked.get(row["key"], ""))
        row["said_error"] = typed.errors.get(row["said_part"]) or too_short(row["said"])
    return render(
        request,
        "providers/delivering/fill_in.html",
        {
            "ribbon": delivered_ribbon(submission.round),
            "round": submission.round,
            "provider": submission.provider,
            "previous_year": desk.earlier.book_year or None,
            "number": request.POST.get("stand", desk.number) if request.method == "POST" else desk.number,
            "deadline": submission.deadline,
            "groups": groups,
            "general": general,
            "organisation": [
                {
                    "part": f"{ORGANISATION}{name}",
                    "label": label,
                    "typed": typed.raw.get(f"{ORGANISATION}{name}", contents.organisation.get(name, "")),
                    "error": typed.errors.get(f"{ORGANISATION}{name}", ""),
                }
                for name, label in ORGANISATION_LABELS.items()
            ],
            "places": _places(desk, typed),
            "remarks": {
                "part": REMARKS,
                "typed": typed.raw.get(REMARKS, contents.remarks),
                "error": typed.errors.get(REMARKS, ""),
            },
            "errors": [{"url": f"#{_anchor(part)}", "text": _name_of(part)} for part in typed.errors],
            "short": [
                {"url": f"#toelichting-{key}", "text": label_of(f"{EXPLANATION}{key}")}
                for key, text in asked.items()
                if too_short(typed.raw.get(f"{EXPLANATION}{key}", text))
            ],
            "explanation_help": EXPLANATION_HELP,
            "may_fill_in": desk.may_fill_in,
            "closed_because": desk.closed_because,
            "waiting_for": desk.request,
        },
        status=status,
    )


def _anchor(part: str) -> str:
    return part.partition(":")[2] if part.startswith((FIGURE, EXPLANATION)) else part.replace(":", "-")


def _name_of(part: str) -> str:
    if part.startswith("locatie:"):
        return f"Locatie op regel {int(part.split(':')[1]) + 1}"
    return label_of(part)


def _unit(unit: str, currency: str) -> str:
    return {
        "money": currency,
        "share": "percentage, zoals 59,3 %, of deel, zoals 0,593",
        "days": "dagen",
        "months": "maanden",
        "fte": "fte",
    }.get(unit, "")


def _places(desk: Desk, typed: Typed) -> list[dict[str, Any]]:
    """Return the rows of the locations: as typed if anything was, else as saved, and some empty ones."""
    regions = tuple((region.code, str(region)) for region in CareOfficeRegion.objects.all())
    known = {code for code, _ in regions}
    rows: list[dict[str, str]] = []
    if any(name.startswith("locatie:") for name in typed.raw):
        numbers = sorted({int(name.split(":")[1]) for name in typed.raw if name.startswith("locatie:")})
        rows = [{name: typed.raw.get(f"locatie:{number}:{name}", "") for name in PLACE_FIELDS} for number in numbers]
    else:
        rows = [{name: getattr(place, name) for name in PLACE_FIELDS} for place in desk.contents.locations]
        rows += [dict.fromkeys(PLACE_FIELDS, "") for _ in range(EMPTY_PLACES)]
    return [
        {
            "row": number,
            "fields": [{"name": name, "label": label, "value": row[name]} for name, label in PLACE_LABELS.items()],
            "error": typed.errors.get(f"locatie:{number}", ""),
            "options": _options(regions, row["region"] if row["region"] in known else ""),
        }
        for number, row in enumerate(rows)
    ]


@lru_cache(maxsize=200)
def _options(regions: tuple[tuple[str, str], ...], chosen: str) -> SafeString:
    """Write the choice of a region once, and not for every place of everybody."""
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((code, SELECTED if code == chosen else "", label) for code, label in regions),
    )


def _compare(request: Any, desk: Desk, overtaken: Comparison) -> HttpResponse:
    """Show the second person to save what was saved meanwhile, beside what she changed; she chooses, nothing is lost."""
    newest = overtaken.newest
    theirs = from_json(newest.contents).parts()
    base = overtaken.base.parts()
    conflicts = set(overtaken.conflicts)

    def row(part: str) -> dict[str, Any]:
        return {
            "part": part,
            "label": label_of(part),
            "was": shown(part, base.get(part)),
            "theirs": shown(part, theirs.get(part)),
            "mine": shown(part, overtaken.mine.get(part)),
            "hidden": _hidden(part, overtaken.mine[part]) if part in overtaken.mine else [],
        }

    newer = list(
        Draft.objects.filter(submission=desk.submission, number__gt=number_of(request), made_by__isnull=False)
        .select_related("made_by")
        .defer("contents")
    )
    return render(
        request,
        "providers/delivering/compare.html",
        {
            "ribbon": delivered_ribbon(desk.submission.round),
            "round": desk.submission.round,
            "provider": desk.submission.provider,
            "who": ", ".join(dict.fromkeys(draft.made_by.name for draft in newer if draft.made_by)),
            "at": newest.made_at,
            "number": newest.number,
            "conflicts": [row(part) for part in overtaken.conflicts],
            "mine": [row(part) for part in told(sorted(overtaken.mine)) if part not in conflicts],
            "theirs": [row(part) for part in told(sorted(overtaken.theirs)) if part not in overtaken.mine],
            "action": reverse("fill_in", args=[desk.submission.round.slug]),
        },
        status=409,
    )


def _hidden(part: str, value: Any) -> list[tuple[str, str]]:
    """Return the fields that send a part once more."""
    if part == LOCATIONS:
        fields = [("locaties", "1")]
        for number, place in enumerate(value or ()):
            fields += [(f"locatie:{number}:{name}", getattr(place, name)) for name in PLACE_FIELDS]
        return fields
    if part.startswith(FIGURE):
        return [(part, as_typed(value, CATALOGUE[part.removeprefix(FIGURE)]))]
    if part.startswith(UNREAD):
        return [(f"{EMPTY}{figure_of(part)}", "1")]
    return [(part, value or "")]

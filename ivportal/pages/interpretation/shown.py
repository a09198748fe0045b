"""What pages say of an item of a mirror and of a response: in words, figures as the Dutch write them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from benchmarking.models import OutlierVerdict, QualityVerdict
from ivportal.pages.delivering.form import as_typed
from providers.formatting import format_money, format_number, format_percent
from providers.measures import CATALOGUE
from tariffs.models import InterpretationResponse, Item, MirrorReport, ResponseStatus
from tariffs.room import inward

#: Items of which delivered figures are the heart: there a correction is offered first.
WITH_FIGURES = (Item.TAKING_PART, Item.COSTS, Item.DAYS, Item.QUALITY, Item.CIRCUMSTANCES, Item.OUTLIER, Item.OTHER)
#: Groups of figures that belong to an item; the others are there as well, but closed.
GROUPS_OF = {
    Item.COSTS: ("Kosten", "Aansluiting met de jaarrekening"),
    Item.DAYS: ("Zorgdagen",),
    Item.QUALITY: ("Kwaliteit",),
    Item.CIRCUMSTANCES: ("Omstandigheden",),
    Item.OUTLIER: ("Kosten", "Zorgdagen"),
}
WHAT_IT_IS = (
    "Dit is uw reactie in de duidingsperiode: u zegt wat u van de spiegel vindt voordat er iets wordt vastgesteld. Het is geen"
    " zienswijze en geen bezwaar. Een zienswijze hoort bij een voorgenomen besluit (art. 4:8 Awb), een bezwaar bij een"
    " besluit (art. 6:4 Awb). Daarvoor krijgt u apart bericht."
)
#: What a provider reads of the verdicts on its own figures.
QUALITY = {
    QualityVerdict.PASSED: "U voldoet aan de voorwaarden voor kwaliteit.",
    QualityVerdict.FAILED: "U voldoet niet aan de voorwaarden voor kwaliteit en bent daarom geen peer voor anderen.",
    QualityVerdict.MISSING: "Uw gegevens over kwaliteit ontbreken. U bent daarom geen peer voor anderen.",
}
IS_OUTLIER = "Uw cijfers gelden als uitbijter: anderen worden niet met u vergeleken."
OUTLIER = {
    OutlierVerdict.NONE: "Uw cijfers gelden niet als uitbijter.",
    OutlierVerdict.DOMINANCE: IS_OUTLIER,
    OutlierVerdict.SUPER_EFFICIENCY: IS_OUTLIER,
}
STATUS_TEXTS = {
    ResponseStatus.SUBMITTED: "De NZa heeft uw reactie ontvangen en bekijkt haar.",
    ResponseStatus.ASSIGNED: "Een medewerker van de NZa bekijkt uw reactie.",
    ResponseStatus.MORE_ASKED: "De NZa heeft een vraag aan u. Hieronder kunt u antwoorden.",
    ResponseStatus.ANSWERED: "De NZa heeft geantwoord.",
    ResponseStatus.WITHDRAWN: "U heeft deze reactie ingetrokken. De NZa doet er niets meer mee.",
}


def line_of(item: Item, report: MirrorReport) -> str:
    """Return in one line what the mirror says of an item, from nothing but the released content."""
    content, currency = report.content, report.release.round.currency
    if "costs" not in content:
        reasons = content.get("reasons") or []
        return " ".join(reasons) if item == Item.TAKING_PART else ""
    costs = content["costs"]
    lines = {
        Item.TAKING_PART: "U doet mee in de vergelijking.",
        Item.COSTS: f"Uw kosten: {format_money(costs['own'], currency=currency)}, waarvan vergelijkbaar"
        f" {format_money(costs['comparable'], currency=currency)}.",
        Item.SCORE: f"Efficiëntiescore {format_percent(content['score'])}; minimale kosten"
        f" {format_money(costs['minimum'], currency=currency)}.",
        Item.DAYS: _days(content),
        Item.QUALITY: QUALITY.get(content.get("verdicts", {}).get("quality"), ""),
        Item.OUTLIER: OUTLIER.get(content.get("verdicts", {}).get("outlier"), ""),
        Item.PEERS: _peers(content),
        Item.CIRCUMSTANCES: _circumstances(content),
        Item.BANDWIDTH: _bandwidth(content),
    }
    return lines.get(item, "")


def _days(content: dict[str, Any]) -> str:
    days = [Decimal(product["days"]) for product in content.get("tariff", {}).get("products", ())]
    profiles = "zorgprofiel" if len(days) == 1 else "zorgprofielen"
    return f"{format_number(sum(days))} dagen, in {len(days)} {profiles}." if days else ""


def _circumstances(content: dict[str, Any]) -> str:
    correction = content.get("correction")
    if correction is None:
        return "Uw score is niet gecorrigeerd voor omstandigheden."
    before, after = correction["before"], correction["before"] + correction["amount"]
    return f"Uw score is gecorrigeerd voor omstandigheden: van {format_percent(before)} naar {format_percent(after)}."


def _peers(content: dict[str, Any]) -> str:
    peers = content.get("peers", {})
    if peers.get("is_own_peer"):
        return "U wordt alleen met uzelf vergeleken."
    count = len(peers.get("chosen", ()))
    return (
        ""
        if not count
        else "U wordt vergeleken met één peer."
        if count == 1
        else f"U wordt vergeleken met {count} peers."
    )


def _bandwidth(content: dict[str, Any]) -> str:
    tariff = content.get("tariff", {})
    if tariff.get("lower_rate") is None:
        return str(tariff.get("reason", ""))
    lower, upper = (
        format_percent(rate, decimals=2)
        for rate in inward(Decimal(tariff["lower_rate"]), Decimal(tariff["upper_rate"]))
    )
    return f"Van {lower} tot {upper} van de maximumtarieven van {tariff['year']}."


def changes_of(response: InterpretationResponse, now: dict[str, Decimal | None]) -> list[dict[str, Any]]:
    """Return the figures of a correction: what stood there (``now``), what was asked, and what became of it."""
    rows = []
    for code, text in response.changes.items():
        measure = CATALOGUE[code]
        accepted = response.accepted_changes.get(code)
        rows.append(
            {
                "code": code,
                "label": measure.label,
                "now": as_typed(now.get(code), measure) or "ontbreekt",
                "asked": as_typed(Decimal(text), measure),
                "is_accepted": accepted is not None,
                "is_decided": response.status == ResponseStatus.ANSWERED,
            }
        )
    return rows

"""The mirror on paper: the same facts as the page, as a tagged PDF."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ivportal.letters import letter
from providers.formatting import format_datetime, format_money, format_percent
from tariffs.models import MirrorReport

STATUS_TEXTS = {
    "simulation": "Deze cijfers laten zien hoe de methode werkt. Er volgt geen tarief uit.",
    "provisional": "Deze cijfers kunnen nog veranderen. Ze zijn informatie, geen besluit.",
    "adopted": "Deze cijfers zijn vastgesteld. Ze zijn informatie, geen besluit.",
}


def mirror_pdf(report: MirrorReport, found: Mapping[str, Any]) -> bytes:
    """Return the PDF of a released report; ``found`` is what its page shows.

    It carries the status with which it was released: what was decided about it later stands in a letter of its own.
    """
    release, round = report.release, report.release.round
    currency = round.currency
    outcome: list[dict[str, str]] = []
    sentences: list[str] = list(found.get("cautions", []))
    peers: list[dict[str, str]] = []
    tariff = found.get("tariff") or {}
    if "costs" in found:
        costs = found["costs"]
        outcome = [
            {"label": label, "value": value}
            for label, value in (
                ("Uw kosten", format_money(costs["own"], currency=currency)),
                ("Minimale kosten", format_money(costs["minimum"], currency=currency)),
                ("Maximale kosten", format_money(costs["maximum"], currency=currency)),
                ("Efficiëntiescore", format_percent(found["score"])),
                *(
                    [
                        ("Onderkant van uw bandbreedte", format_percent(tariff["lower_rate"], decimals=2)),
                        ("Bovenkant van uw bandbreedte", format_percent(tariff["upper_rate"], decimals=2)),
                    ]
                    if tariff["is_available"]
                    else []
                ),
            )
        ]
        certainty = found["certainty"]
        sentences.append(
            f"Uw werkelijke score ligt waarschijnlijk {certainty['place']}. Lees het als orde van grootte."
            if certainty["is_known"]
            else certainty["reason"]
        )
        peers = [
            {"name": peer["name"], "share": peer.get("share", ""), "reasons": " ".join(peer["reasons"])}
            for peer in found["peers"]["chosen"]
        ]
    news = found.get("news") or {}
    return letter(
        "report",
        {
            "is_fictitious": round.is_fictitious,
            "status": release.get_status_display().lower(),
            "status_text": STATUS_TEXTS[release.status],
            "provider": report.provider.name,
            "key": report.provider.shown_key,
            "round": round.title,
            "book_year": str(round.book_year),
            "version": str(report.version),
            "released": format_datetime(release.released_at) if release.released_at else "nog niet",
            "reasons": [] if outcome else found["participation"]["reasons"],
            "outcome": outcome,
            "sentences": sentences,
            "peers": peers,
            "products": [
                {
                    "label": product["label"],
                    "lower": format_money(product["lower"], currency=currency, decimals=2),
                    "upper": format_money(product["upper"], currency=currency, decimals=2),
                    "maximum": format_money(product["maximum_tariff"], currency=currency, decimals=2),
                }
                for product in tariff.get("products", [])
            ],
            "tariff_year": str(tariff.get("year") or ""),
            "basis": tariff.get("basis", ""),
            "news": [sentence for sentence in [news.get("note", ""), *news.get("why", [])] if sentence],
            "method": found["provenance"]["sentences"],
            "dataset_hash": found["provenance"]["dataset_hash"],
            "result_hash": found["provenance"]["result_hash"],
            "sha256": report.sha256,
        },
    )

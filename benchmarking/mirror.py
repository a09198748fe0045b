"""The mirror: what the comparison says of one provider, as it may be shown to that provider.

:func:`contents` turns a finished run into one document per provider. What is in a document may be read by its provider, so
disclosure control (``benchmarking.disclosure``) has been applied; a page adds nothing about others to it.
Money is text in the round's currency, ratios are numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from benchmarking import charts, datasets, specification
from benchmarking.calculation import rows_of
from benchmarking.disclosure import pseudonyms, share_band, whole_percent
from benchmarking.models import PeerLink, Result, Run
from benchmarking.naming import WITH_TREATMENT, label
from benchmarking.rounding import published_interval
from benchmarking.specification import Specification

FEW = 20
#: A peer that carries this much of the minimum alone: the minimum is then nearly its own costs, so nothing else is told of it.
NEARLY_ALL = 0.95
#: A peer whose absence moves the score less than this decides little alone.
LITTLE = 0.01
#: Version of the form of a document; a page that reads documents keeps reading every form there ever was.
#: 2 adds ``certainty``, ``certainty_reason``, ``correction`` and ``without_peer``; 3 adds ``certainty.convention``.
FORMAT = 3


@dataclass(frozen=True)
class _Mix:
    """Shares of a provider's care days per product of the comparison (0 to 1), and its days per 1,000 of costs."""

    shares: dict[str, float]
    with_treatment: float
    point: tuple[float, float]


def contents(run: Run, *, named: bool) -> dict[int, dict[str, Any]]:
    """Return the document of every provider of ``run``, by the provider's key in the database.

    ``named``: peers are shown by name and exact share; otherwise as pseudonyms with shares in bands.
    """
    model = specification.parse_stored(run.specification.document)
    table = rows_of(datasets.read(bytes(run.dataset.content)))
    results = {result.pk: result for result in Result.objects.filter(run=run).select_related("provider")}
    links: dict[int, list[PeerLink]] = defaultdict(list)
    for link in PeerLink.objects.filter(result__run=run):
        links[link.result_id].append(link)
    mixes = {
        pk: _mix(table[result.provider.key], model, float(result.comparable_cost or 0))
        for pk, result in results.items()
        if result.participates
    }
    has_treatment = any(measure.endswith(WITH_TREATMENT) for output in model.outputs for measure in output.days)
    plane = None
    if has_treatment:
        plane = charts.treatment_plane(
            {str(pk): mix.point for pk, mix in mixes.items()},
            {str(pk) for pk, result in results.items() if result.may_be_peer},
            _national_share(table, mixes, results, model),
        )
    found = {}
    for pk, result in results.items():
        document: dict[str, Any] = {
            "format": FORMAT,
            "participates": result.participates,
            "reasons": result.reason_text.splitlines(),
        }
        if result.participates and result.published_score is not None:
            others = [link for link in links[pk] if link.peer_id != pk]
            names = _names(run, result, others, results, named=named)
            is_hidden = not named and any(link.cost_share >= NEARLY_ALL for link in others)
            shown = [] if is_hidden else others
            document |= _outcome(result) | _certainty(result, model)
            document["cautions"] = _cautions(result)
            document["peers"] = {
                "is_own_peer": not others,
                "are_named": named,
                "are_unique": bool(result.peers_unique),
                "comparable_count": result.comparable_count,
                "is_hidden": is_hidden,
                "chosen": [
                    _peer(link, names[link.peer_id], mixes[pk], mixes[link.peer_id], named=named)
                    for link in sorted(shown, key=lambda link: list(names).index(link.peer_id))
                ],
            }
            document["without_peer"] = _without_peer(result, shown, names, named=named)
            document["peer_figure"] = plane and charts.peer_link(
                plane,
                own=mixes[pk].point,
                peers={str(link.peer_id): names[link.peer_id] for link in shown},
                own_share=mixes[pk].with_treatment,
            )
        found[result.provider_id] = document
    return found


def _mix(row: Mapping[str, Any], model: Specification, cost: float) -> _Mix:
    days = {output.name: float(sum(row[measure] for measure in output.days)) for output in model.outputs}
    total = sum(days.values())
    treated = float(sum(row[m] for output in model.outputs for m in output.days if m.endswith(WITH_TREATMENT)))
    per_thousand = 1000 / cost if cost > 0 else 0.0
    return _Mix(
        shares={name: number / total for name, number in days.items()} if total else {},
        with_treatment=treated / total if total else 0.0,
        point=((total - treated) * per_thousand, treated * per_thousand),
    )


def _national_share(
    table: Mapping[str, Any], mixes: Mapping[int, _Mix], results: Mapping[int, Result], model: Specification
) -> float:
    """Return the part of all care days of the round that is with treatment."""
    treated = total = Decimal(0)
    for pk in mixes:
        row = table[results[pk].provider.key]
        for output in model.outputs:
            for measure in output.days:
                total += row[measure]
                treated += row[measure] if measure.endswith(WITH_TREATMENT) else 0
    return float(treated / total) if total else 0.0


def _outcome(result: Result) -> dict[str, Any]:
    return {
        "score": str(result.published_score),
        "costs": {
            "own": str(result.total_cost),
            "comparable": str(result.comparable_cost),
            "fixed": str(result.fixed_cost),
            "allowances": str(result.allowance),
            "minimum": str(result.minimum_cost),
        },
    }


def _certainty(result: Result, model: Specification) -> dict[str, Any]:
    """Return the interval around the score, or why there is none, and the correction for circumstances if there was one."""
    asked = model.bootstrap
    found: dict[str, Any] = {"certainty": None, "certainty_reason": "", "correction": None}
    if asked is None:
        found["certainty_reason"] = "In deze ronde is geen interval berekend."
    elif result.score_lower is None or result.score_upper is None or result.bias_corrected_score is None:
        found["certainty_reason"] = "Het interval kon in deze ronde niet worden berekend."
    elif result.is_alone:
        found["certainty_reason"] = (
            f"Voor u is geen interval te berekenen. {_why_no_peer(result)}, en geen combinatie van andere aanbieders levert uw"
            " zorg voor minder geld. U wordt daarom alleen met uzelf vergeleken."
        )
    elif not result.has_interval:
        found["certainty_reason"] = (
            "Voor u gaf de berekening van het interval geen bruikbare uitkomst. Daarom tonen wij het niet."
        )
    else:
        found["certainty"] = {
            "lower": float(published_interval(result.score_lower)),
            "upper": float(published_interval(result.score_upper)),
            "bias_corrected": float(published_interval(result.bias_corrected_score)),
            "confidence": asked.confidence,
            "replications": asked.replications,
            "convention": asked.convention,
        }
    if result.correction is not None and result.score is not None:
        found["correction"] = {
            "amount": float(published_interval(result.correction)),
            "before": float(published_interval(result.score)),
        }
    return found


def _why_no_peer(result: Result) -> str:
    """Return why somebody may not be a peer, as the beginning of a Dutch sentence."""
    if result.quality == "failed":
        return "U bent geen peer, omdat u niet aan de voorwaarden voor kwaliteit voldoet"
    if result.quality == "missing":
        return "U bent geen peer, omdat uw gegevens over kwaliteit ontbreken"
    if result.outlier in ("dominance", "super_efficiency"):
        return "U bent geen peer, omdat uw cijfers sterk afwijken"
    return "U bent zelf geen peer"


def _without_peer(
    result: Result, links: list[PeerLink], names: Mapping[int, str], *, named: bool
) -> dict[str, Any] | None:
    """Return what the score would be without the one peer that matters most; ``None`` without peers that may be shown.

    Of a peer that is not named in whole percents (``benchmarking.disclosure``).
    """
    tested = [(link.score_without, names[link.peer_id]) for link in links if link.score_without is not None]
    if not tested or result.score is None:
        return None
    score, name = max(tested, key=lambda item: (item[0], item[1]))
    if score - result.score < LITTLE:
        return {"peer": "", "score": ""}
    return {"peer": name, "score": f"{score * 100:.1f}".replace(".", ",") if named else str(whole_percent(score))}


def _cautions(result: Result) -> list[str]:
    cautions = []
    if result.quality == "failed":
        cautions.append(
            "U voldoet in deze ronde niet aan de voorwaarden voor kwaliteit. Uw uitkomst is berekend, maar u bent geen peer"
            " voor anderen."
        )
    elif result.quality == "missing":
        cautions.append(
            "Uw gegevens over kwaliteit ontbreken. Uw uitkomst is berekend, maar u bent daarom geen peer voor anderen."
        )
    if result.outlier in ("dominance", "super_efficiency"):
        cautions.append(
            "Uw cijfers wijken zo sterk af dat anderen niet met u worden vergeleken. Controleer of uw aanlevering klopt."
        )
    if result.comparable_count is not None and result.comparable_count - 1 < FEW:
        others = result.comparable_count - 1  # everybody is compared with itself too
        cautions.append(
            "Er is geen andere aanbieder met wie u kunt worden vergeleken."
            if not others
            else f"U bent vergeleken met {others} andere aanbieder{'s' if others > 1 else ''}. Dat zijn er weinig; de uitkomst"
            " is daardoor minder zeker."
        )
    return cautions


def _names(
    run: Run, result: Result, links: list[PeerLink], results: Mapping[int, Result], *, named: bool
) -> dict[int, str]:
    """Return what each peer is called in the mirror of ``result``, in the order in which they are shown."""
    if named:
        ordered = sorted(links, key=lambda link: -link.cost_share)
        return {link.peer_id: results[link.peer_id].provider.name for link in ordered}
    shares = [(str(link.peer_id), link.cost_share) for link in links]
    return {int(key): name for key, name in pseudonyms(secret=f"{run.uuid}|{result.uuid}", shares=shares).items()}


def _peer(link: PeerLink, name: str, own: _Mix, peer: _Mix, *, named: bool) -> dict[str, Any]:
    shared, different = _compare(own, peer)
    shown = {
        "name": name,
        "share": _exact(link.cost_share) if named else share_band(link.cost_share),
        "reasons": _why(own, peer),
        "shared": shared,
        "different": different,
    }
    return {**shown, "weight": link.weight} if named else shown


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _tens(share: float) -> int:
    return round(share * 10) * 10


def _compare(own: _Mix, peer: _Mix) -> tuple[str, str]:
    """Return what two providers share and what not, in Dutch, from shares of care days rounded to tens."""
    both = sorted(own.shares, key=lambda name: -min(own.shares[name], peer.shares[name]))
    shared = [label(name) for name in both if _tens(own.shares[name]) >= 10 and _tens(peer.shares[name]) >= 10][:3]
    apart = sorted(own.shares, key=lambda name: -abs(own.shares[name] - peer.shares[name]))
    sentences = []
    for name in apart[:2]:
        here, there = _tens(own.shares[name]), _tens(peer.shares[name])
        if abs(here - there) >= 10:
            sentences.append(
                f"{_capital(label(name))}: bij u ongeveer {here}\u00a0% van de zorgdagen, bij deze peer ongeveer {there}\u00a0%."
            )
    return f"U levert allebei {_listed(shared)}." if shared else "", " ".join(sentences)


def _why(own: _Mix, peer: _Mix) -> list[str]:
    """Return why the model chose this peer, in one Dutch sentence, from what both deliver."""
    largest = max(own.shares, key=lambda name: own.shares[name], default="")
    if peer.shares.get(largest, 0) >= 0.1:
        return [f"Deze peer levert ook {label(largest)}, de zorg die u het meest levert."]
    covered = [label(name) for name, share in own.shares.items() if share >= 0.05 and peer.shares.get(name, 0) >= 0.05]
    if covered:
        return [f"Deze peer telt mee voor {_listed(covered[:3])}."]
    return ["Deze peer helpt om de omvang van uw zorg te benaderen."]


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} en {words[-1]}"


def _exact(share: float) -> str:
    return f"{share * 100:.1f}".replace(".", ",") + "\u00a0%"

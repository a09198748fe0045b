"""The mirror: what the comparison says of one provider, as it may be shown to that provider.

:func:`contents` turns a finished run into one document per provider. What is in a document may be read by its provider, so
disclosure control (``benchmarking.disclosure``) has been applied; a page adds nothing about others to it.
Money is text in the round's currency, ratios are numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarking import charts
from benchmarking.calculation import rows_of
from benchmarking.compared import Compared, compared
from benchmarking.disclosure import Aggregate, Rules, pseudonyms, rules_of, safe_ratio, share_band, whole_percent
from benchmarking.models import PeerLink, Result, Run
from benchmarking.naming import WITH_TREATMENT, label
from benchmarking.rounding import published_interval
from benchmarking.specification import Specification

if TYPE_CHECKING:
    from benchmarking.peers_shown import Choice

FEW = 20
NOT_ANEW = (
    "Uw uitkomst is opnieuw berekend met uw verbeterde gegevens. De vergelijking met anderen is gebleven zoals zij was. Een"
    " interval is daarbij niet berekend."
)
#: A peer whose absence moves the score less than this decides little alone.
LITTLE = 0.01
#: Version of the form of a document; a page that reads documents keeps reading every form there ever was.
#: 2 adds ``certainty``, ``certainty_reason``, ``correction`` and ``without_peer``; 3 adds ``certainty.convention``; 4 adds
#: ``peers.band`` and ``peers.chosen.is_named``, may leave a share empty, and draws peers that are not named as directions;
#: 5 adds ``verdicts``.
FORMAT = 5


@dataclass(frozen=True)
class _Mix:
    """A provider's care days, shares of them per product of the comparison (0 to 1), and days per 1,000 of costs."""

    days: float
    shares: dict[str, float]
    with_treatment: float
    point: tuple[float, float]


def contents(
    run: Run,
    *,
    named: frozenset[int],
    earlier: Sequence[tuple[Run, Mapping[int, Mapping[str, Any]]]] = (),
) -> dict[int, dict[str, Any]]:
    """Return the document of every provider of ``run``, by the provider's key in the database.

    named: providers that may be shown by name, and whose costs may be worked out. A report whose peers are all named has their
    exact shares; others have pseudonyms, and shares in bands as far as ``benchmarking.peers_shown`` allows.
    earlier: what was released before in the same round, oldest first: the run, and its documents by provider.
    """
    read: dict[int, Compared] = {}
    return documents_of(
        compared(run, read), named=named, earlier=[(compared(each, read), documents) for each, documents in earlier]
    )


def documents_of(
    now: Compared,
    *,
    named: frozenset[int],
    earlier: Sequence[tuple[Compared, Mapping[int, Mapping[str, Any]]]] = (),
) -> dict[int, dict[str, Any]]:
    """Return what :func:`contents` does, from what was read before."""
    from benchmarking.peers_shown import (
        choose,
        telling_of,
    )  # it solves programmes, and a page that shows a document does not

    model = now.field.model
    rules = rules_of(now.field.run.frozen.get("policy", {}))
    results = {result.pk: result for result in now.results.values()}
    mixes = _mixes(now, results.values())
    plane = None
    if any(measure.endswith(WITH_TREATMENT) for output in model.outputs for measure in output.days):
        plane = charts.treatment_plane(
            {str(pk): mix.point for pk, mix in mixes.items()},
            {str(pk) for pk, result in results.items() if result.may_be_peer},
            _national_share(mixes, rules).value,
            rules,
        )
    found = {}
    for provider_id in now.results:
        here = now.for_provider(provider_id)
        result, run = here.results[provider_id], here.field.run
        pk = result.pk
        if here is not now:
            mixes |= _mixes(here, [result])
        document: dict[str, Any] = {
            "format": FORMAT,
            "participates": result.participates,
            "reasons": result.reason_text.splitlines(),
        }
        if result.participates and result.published_score is not None:
            others = here.links.get(pk, [])
            are_named = bool(others) and all(link.peer.provider_id in named for link in others)
            choice = choose(
                here.field,
                result,
                others,
                rules=rules,
                named=named,
                without=None if are_named else _told_without(result, others),
                earlier=[
                    (each.field, telling_of(documents[provider_id], old, each.links.get(old.pk, [])))
                    for one, documents in earlier
                    for each in [one.for_provider(provider_id)]
                    if provider_id in documents and (old := each.results.get(provider_id)) is not None
                ],
            )
            secret = here.secret or f"{run.uuid}|{result.uuid}"
            names = _names(others, secret=secret, named=named, width=choice.width)
            is_hidden = choice.level == "nothing"
            shown = [] if is_hidden else others
            document |= _outcome(result) | _certainty(result, model, is_anew=provider_id in now.anew)
            document["cautions"] = _cautions(result)
            document["verdicts"] = {"quality": result.quality, "outlier": result.outlier}
            document["peers"] = {
                "is_own_peer": not others,
                "are_named": are_named,
                "are_unique": bool(result.peers_unique) or is_hidden,
                "comparable_count": result.comparable_count,
                "is_hidden": is_hidden,
                "band": choice.width,
                "chosen": [
                    _peer(
                        link, names[link.peer_id], mixes[pk], mixes[link.peer_id],
                        is_named=link.peer.provider_id in named, are_named=are_named, choice=choice,
                    )
                    for link in sorted(shown, key=lambda link: list(names).index(link.peer_id))
                ],
            }  # fmt: skip
            document["without_peer"] = _without_peer(result, shown, names, are_named=are_named)
            document["peer_figure"] = plane and charts.peer_link(
                plane,
                own=mixes[pk].point,
                peers=[
                    (names[link.peer_id], mixes[link.peer_id].point, link.peer.provider_id in named) for link in shown
                ],
                own_share=mixes[pk].with_treatment,
            )
        found[provider_id] = document
    return found


def _mixes(compared: Compared, results: Collection[Result]) -> dict[int, _Mix]:
    """Return what each of these delivers, by key of the result; of who takes part."""
    table, model = compared.field.delivered, compared.field.model
    rows = rows_of(table.loc[[result.provider.key for result in results if result.participates]])
    return {
        result.pk: _mix(rows[result.provider.key], model, float(result.comparable_cost or 0))
        for result in results
        if result.participates
    }


def _mix(row: Mapping[str, Any], model: Specification, cost: float) -> _Mix:
    days = {output.name: float(sum(row[measure] for measure in output.days)) for output in model.outputs}
    total = sum(days.values())
    treated = float(sum(row[m] for output in model.outputs for m in output.days if m.endswith(WITH_TREATMENT)))
    per_thousand = 1000 / cost if cost > 0 else 0.0
    return _Mix(
        days=total,
        shares={name: number / total for name, number in days.items()} if total else {},
        with_treatment=treated / total if total else 0.0,
        point=((total - treated) * per_thousand, treated * per_thousand),
    )


def _national_share(mixes: Mapping[int, _Mix], rules: Rules) -> Aggregate:
    """Return the part of all care days of the round that is with treatment, if it may be shown."""
    return safe_ratio(
        [mix.days * mix.with_treatment for mix in mixes.values()], [mix.days for mix in mixes.values()], rules
    )


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


def _certainty(result: Result, model: Specification, *, is_anew: bool) -> dict[str, Any]:
    """Return the interval around the score, or why there is none, and the correction for circumstances if there was one."""
    asked = model.bootstrap
    found: dict[str, Any] = {"certainty": None, "certainty_reason": "", "correction": None}
    if asked is None:
        found["certainty_reason"] = "In deze ronde is geen interval berekend."
    elif is_anew:
        found["certainty_reason"] = NOT_ANEW
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


def _matters_most(links: Sequence[PeerLink]) -> PeerLink | None:
    """Return the peer without which the score would be highest, if that was computed."""
    tested = [link for link in links if link.score_without is not None]
    return max(tested, key=lambda link: (link.score_without, link.peer_id), default=None)


def _told_without(result: Result, links: Sequence[PeerLink]) -> tuple[int, float, float] | None:
    """Return of which peer it is told what the score would be without it, and between which scores that can lie."""
    link = _matters_most(links)
    if link is None or link.score_without is None or result.score is None or link.score_without - result.score < LITTLE:
        return None
    told = whole_percent(link.score_without) / 100
    return link.peer_id, told - 0.005, told + 0.005


def _without_peer(
    result: Result, links: Sequence[PeerLink], names: Mapping[int, str], *, are_named: bool
) -> dict[str, Any] | None:
    """Return what the score would be without the one peer that matters most; ``None`` without peers that may be shown.

    Of a peer that is not named in whole percents, which ``benchmarking.peers_shown`` counts with.
    """
    link = _matters_most(links)
    if link is None or link.score_without is None or result.score is None:
        return None
    if link.score_without - result.score < LITTLE:
        return {"peer": "", "score": ""}
    exact = f"{link.score_without * 100:.1f}".replace(".", ",")
    return {"peer": names[link.peer_id], "score": exact if are_named else str(whole_percent(link.score_without))}


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


def _names(links: Sequence[PeerLink], *, secret: str, named: frozenset[int], width: int) -> dict[int, str]:
    """Return what each peer is called in the mirror of one provider, in the order in which they are shown."""
    if all(link.peer.provider_id in named for link in links):
        ordered = sorted(links, key=lambda link: -link.cost_share)
        return {link.peer_id: link.peer.provider.name for link in ordered}
    real = {link.peer_id: link.peer.provider.name for link in links if link.peer.provider_id in named}
    shares = [(str(link.peer_id), link.cost_share) for link in links]
    letters = pseudonyms(secret=secret, shares=shares, width=width)
    return {int(key): real.get(int(key), letter) for key, letter in letters.items()}


def _peer(
    link: PeerLink, name: str, own: _Mix, peer: _Mix, *, is_named: bool, are_named: bool, choice: Choice
) -> dict[str, Any]:
    shared, different = _compare(own, peer)
    banded = share_band(link.cost_share, choice.width) if choice.width else ""
    shown = {
        "name": name,
        "is_named": is_named,
        "share": _exact(link.cost_share) if are_named else banded,
        "reasons": _why(own, peer),
        "shared": shared,
        "different": different,
    }
    return {**shown, "weight": link.weight} if are_named else shown


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

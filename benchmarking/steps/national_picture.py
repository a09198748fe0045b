"""Step 10: totals and distribution for the whole round."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import numpy as np

from benchmarking.calculation import Calculation, Outcome, step

#: Width of the bars in which the distribution of scores is shown.
BIN = 0.05


@step(code="national_picture", title="Landelijk beeld")
def national_picture(calculation: Calculation) -> Outcome:
    """Count and add up: who takes part, scores, peers, total costs and minimum."""
    results = calculation.results
    taking_part = results.loc[calculation.taking_part]
    scored = taking_part[[score is not None for score in taking_part["published_score"]]]
    scores = scored["published_score"].to_numpy(dtype=float)
    places = np.minimum((scores / BIN + 1e-9).astype(int), round(1 / BIN) - 1)
    counts = np.bincount(places, minlength=round(1 / BIN)) if len(scores) else np.zeros(round(1 / BIN), dtype=int)
    others = calculation.peers[calculation.peers["key"] != calculation.peers["peer"]]
    reasons = Counter(
        code for codes in results.loc[~results["participates"].astype(bool), "reasons"] for code in codes.split()
    )
    figures = {
        "providers": len(results),
        "delivered": int(calculation.delivered["delivered"].sum()),
        "taking_part": len(taking_part),
        "excluded": len(results) - len(taking_part),
        "reasons": dict(sorted(reasons.items())),
        "mean_score": float(scores.mean()) if len(scores) else None,
        "median_score": float(np.median(scores)) if len(scores) else None,
        "efficient": int((scores >= 1).sum()),
        "peers": int(others["peer"].nunique()),
        "not_a_peer": {
            "quality": int(taking_part["quality"].isin(["failed", "missing"]).sum()),
            "outlier": int(taking_part["outlier"].isin(["dominance", "super_efficiency"]).sum()),
        },
        "peers_not_unique": int((scored["peers_unique"] == False).sum()),  # noqa: E712 - a column, not a flag
        "total_cost": str(sum(scored["total_cost"], Decimal(0))),
        "minimum_cost": str(sum(scored["minimum_cost"], Decimal(0))),
        "distribution": [
            {"from": round(place * BIN, 2), "to": round((place + 1) * BIN, 2), "providers": int(count)}
            for place, count in enumerate(counts)
        ],
    }
    sentences = (f"{figures['taking_part']} uitkomsten staan klaar.",)
    return Outcome(calculation.with_summary(**figures), sentences, {})

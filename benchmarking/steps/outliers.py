"""Step 4: who may not be a peer because the figures are too extreme to be believed."""

from __future__ import annotations

from benchmarking import dea
from benchmarking.calculation import Calculation, Outcome, RunFailed, step
from benchmarking.steps.model_arrays import model_arrays

#: Which parameter belongs to which rule.
PARAMETER = {"dominance": "alpha", "super_efficiency": "iqr_multiple"}
#: The core's words where they differ from the portal's.
VERDICTS = {"kept": "none"}
TOO_FEW = (
    "Er zijn te weinig zorgaanbieders die peer mogen zijn om op uitbijters te toetsen: er zijn er ten minste twee nodig."
    " Kijk de voorwaarden voor kwaliteit in de modelspecificatie na."
)


@step(code="outliers", title="Uitbijters")
def outliers(calculation: Calculation) -> Outcome:
    """Test the possible peers with the rules of the specification; an outlier is measured but is no peer for others."""
    rules = calculation.specification.outliers
    index = calculation.results.index
    if not rules.rules:
        verdicts = dict.fromkeys(index, "not_tested")
        return Outcome(
            calculation.with_results(outlier=[verdicts[key] for key in index]),
            ("Voor deze ronde is geen toets op uitbijters ingesteld.",),
        )
    arrays = model_arrays(calculation)
    if arrays.may_be_peer.sum() < 2:
        raise RunFailed(TOO_FEW)
    tested = dea.outliers(
        arrays.inputs,
        arrays.outputs,
        rules=[rule.model_dump(include={"rule", PARAMETER[rule.rule]}) for rule in rules.rules],
        returns_to_scale=rules.returns_to_scale,
        may_be_peer=arrays.may_be_peer,
        keys=list(arrays.keys),
    )
    found = {key: VERDICTS.get(str(name), str(name)) for key, name in zip(arrays.keys, tested.verdict, strict=True)}
    verdict = [found.get(key, "not_tested") for key in index]
    may_be_peer = [
        bool(may) and outcome not in ("dominance", "super_efficiency")
        for may, outcome in zip(calculation.results["may_be_peer"], verdict, strict=True)
    ]
    counts = {name: verdict.count(name) for name in ("dominance", "super_efficiency")}
    sentences = (
        f"{sum(counts.values())} zorgaanbieders zijn uitbijter: zij krijgen een uitkomst, maar zijn geen peer voor anderen.",
    )
    return Outcome(calculation.with_results(outlier=verdict, may_be_peer=may_be_peer), sentences, counts)

"""The steps of a run, each a pure function from calculation to calculation (design §5).

One, ``uncertainty``, is divided: any worker can do a part of it (:class:`~benchmarking.calculation.DividedStep`).

Columns that the steps add to ``results``:

=====================  ===================================================================================
participation          ``participates``, ``reasons`` (codes joined by space), ``reason_text``
cost_base              ``total_cost``, ``allowance``, ``fixed_cost``, ``comparable_cost`` (Decimal or None)
quality_gate           ``quality``, ``may_be_peer``
outliers               ``outlier``, ``may_be_peer``
frontier               ``score``, ``super_efficiency``, ``status``, ``comparable_count``, ``slacks``, ``prices``,
                       ``certificate``, ``peers_unique``, ``prices_unique``, ``fallback``
uncertainty            ``bias_corrected_score``, ``score_lower``, ``score_upper``, ``uncertainty_shown``, and the same rounded
                       as ``published_…``
circumstances          ``correction``
influence              ``users``, ``influence``; ``score_without`` of ``peers``
minimum_cost           ``published_score``, ``minimum_cost``
=====================  ===================================================================================
"""

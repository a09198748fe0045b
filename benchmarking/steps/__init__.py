"""The steps of a run, each a pure function from calculation to calculation (design §5).

Columns that the steps add to ``results``:

=====================  ===================================================================================
participation          ``participates``, ``reasons`` (codes joined by space), ``reason_text``
cost_base              ``total_cost``, ``allowance``, ``fixed_cost``, ``comparable_cost`` (Decimal or None)
quality_gate           ``quality``, ``may_be_peer``
outliers               ``outlier``, ``may_be_peer``
frontier               ``score``, ``super_efficiency``, ``status``, ``comparable_count``, ``slacks``, ``prices``,
                       ``certificate``, ``peers_unique``, ``prices_unique``, ``fallback``
minimum_cost           ``published_score``, ``minimum_cost``
=====================  ===================================================================================
"""

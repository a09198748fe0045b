"""Row-level security, transitions and immutability of divided steps. They may be deleted: they go when the run is over."""

from django.db import migrations

from providers.database_rules import immutable, immutable_columns, row_security, transitions

SHARD_TRANSITIONS = {"waiting": ["working"], "working": ["waiting", "done"], "done": []}


class Migration(migrations.Migration):
    """What the database holds by itself of divided steps."""

    dependencies = [("benchmarking", "0003_uncertainty_and_influence"), ("providers", "0002_database_rules")]

    operations = [
        row_security("benchmarking_rundivision"),
        row_security("benchmarking_runshard"),
        immutable("benchmarking_rundivision", acts="UPDATE"),
        transitions("benchmarking_runshard", SHARD_TRANSITIONS),
        immutable_columns("benchmarking_runshard", ["division_id", "number"]),
        immutable("benchmarking_runshard", when="OLD.status = 'done'", acts="UPDATE"),
    ]

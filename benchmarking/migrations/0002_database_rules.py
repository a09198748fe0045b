"""Row-level security, transitions and immutability of what is computed."""

from django.db import migrations

from providers.database_rules import immutable, immutable_columns, row_security, transitions

RUN_TRANSITIONS = {
    "queued": ["running", "cancelled"],
    "running": ["completed", "failed", "cancelled"],
    "completed": [],
    "failed": [],
    "cancelled": [],
}


class Migration(migrations.Migration):
    """What the database holds by itself in ``benchmarking``."""

    dependencies = [("benchmarking", "0001_initial"), ("providers", "0002_database_rules")]

    operations = [
        row_security("benchmarking_dataset"),
        row_security("benchmarking_dataset_versions"),
        row_security("benchmarking_run"),
        row_security("benchmarking_runstep"),
        row_security("benchmarking_result"),
        row_security("benchmarking_peerlink"),
        transitions("benchmarking_run", RUN_TRANSITIONS),
        immutable_columns(
            "benchmarking_run", ["uuid", "dataset_id", "specification_id", "frozen", "seed", "requested_at"]
        ),
        immutable("benchmarking_run", when="OLD.status IN ('completed', 'failed', 'cancelled')"),
        immutable("benchmarking_specification"),
        immutable("benchmarking_roundspecification"),
        immutable("benchmarking_dataset"),
        immutable("benchmarking_result"),
        immutable("benchmarking_peerlink"),
    ]

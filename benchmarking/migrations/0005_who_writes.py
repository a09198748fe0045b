"""Who writes what: specifications are written by staff of the NZa, workers and commands alone."""

from django.db import migrations

from providers.database_rules import writes


class Migration(migrations.Migration):
    """The write rule of the tables that everybody may read."""

    dependencies = [
        ("benchmarking", "0004_rules_of_divided_steps"),
        ("providers", "0005_who_writes"),
    ]

    operations = [writes(table) for table in ("benchmarking_specification", "benchmarking_roundspecification")]

"""Who writes what: tariffs, policies and releases are written by staff of the NZa, workers and commands alone."""

from django.db import migrations

from providers.database_rules import writes


class Migration(migrations.Migration):
    """The write rule of the tables that everybody may read."""

    dependencies = [
        ("tariffs", "0002_database_rules"),
        ("providers", "0005_who_writes"),
    ]

    operations = [
        writes(table)
        for table in ("tariffs_tarifftable", "tariffs_maximumtariff", "tariffs_roundpolicy", "tariffs_release")
    ]

"""Row-level security and immutability of what follows from the results."""

from django.db import migrations

from providers.database_rules import immutable, row_security

RELEASED = "EXISTS (SELECT 1 FROM tariffs_release r WHERE r.run_id = {run})"
IN_OWN_REGION = (
    "EXISTS (SELECT 1 FROM providers_location l JOIN providers_careofficeregion g ON g.id = l.region_id"
    " WHERE l.provider_id = {provider} AND g.care_office_id = ivportal_scope_id('care_office'))"
)


def seen(run: str, provider: str) -> str:
    """Return the condition: released, and of oneself or of a provider in one's regions.

    ``run`` and ``provider`` are columns named with their table: a bare name would mean the column of the table inside EXISTS.
    """
    own = f"{provider} = ivportal_scope_id('provider')"
    return f"{RELEASED.format(run=run)} AND ({own} OR {IN_OWN_REGION.format(provider=provider)})"


class Migration(migrations.Migration):
    """What the database holds by itself in ``tariffs``."""

    dependencies = [
        ("tariffs", "0001_initial"),
        ("providers", "0002_database_rules"),
        ("benchmarking", "0002_database_rules"),
    ]

    operations = [
        row_security("tariffs_bandwidth", also=seen("tariffs_bandwidth.run_id", "tariffs_bandwidth.provider_id")),
        row_security(
            "tariffs_productbandwidth",
            also=(
                "EXISTS (SELECT 1 FROM tariffs_bandwidth b WHERE b.id = bandwidth_id"
                f" AND {seen('b.run_id', 'b.provider_id')})"
            ),
        ),
        row_security("tariffs_mirrorreport", also="provider_id = ivportal_scope_id('provider')"),
        immutable("tariffs_tarifftable"),
        immutable("tariffs_maximumtariff"),
        immutable("tariffs_roundpolicy"),
        immutable("tariffs_bandwidth"),
        immutable("tariffs_productbandwidth"),
        immutable("tariffs_release"),
        immutable("tariffs_mirrorreport"),
    ]

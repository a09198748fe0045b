"""Where letters reach a proxy, and for the time line: when an objection was taken on, who wrote a report down, what was withdrawn."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual

from providers.database_rules import required

KINDS = [
    ("remedy_asked", "Aanvulling gevraagd (art. 6:6 en 7:10, tweede lid, Awb)"),
    ("remedied", "Aangevuld (art. 7:10, tweede lid, Awb)"),
    ("adjourned", "Verdaagd (art. 7:10, derde lid, Awb)"),
    ("agreed", "Verder uitstel met instemming (art. 7:10, vierde lid, Awb)"),
    ("suspended", "Opgeschort (art. 4:15 Awb)"),
    ("resumed", "Opschorting geëindigd (art. 4:15 Awb)"),
    ("default_notice", "In gebreke gesteld (art. 4:17 Awb)"),
]
LETTERS = [
    ("letter_answer", "Antwoord op uw reactie"),
    ("letter_intended", "Voorgenomen besluit"),
    ("letter_withdrawn", "Het voornemen is ingetrokken"),
    ("letter_decision", "Besluit"),
    ("letter_objection_received", "Ontvangst van uw bezwaar"),
    ("letter_objection_remedy", "Verzoek om uw bezwaar aan te vullen"),
    ("letter_hearing", "Uitnodiging voor de hoorzitting"),
    ("letter_hearing_cancelled", "De hoorzitting gaat niet door"),
    ("letter_adjournment", "Uitstel van de beslissing op bezwaar"),
    ("letter_objection_decision", "Beslissing op bezwaar"),
]
#: Why an intention was withdrawn stood in the records alone.
WITHDRAWN_BEFORE = """
    SELECT set_config('ivportal.scope', 'all', true);
    UPDATE tariffs_decision d
        SET withdrawn_reason = coalesce(r.details ->> 'reason', ''), withdrawn_by_id = r.user_id, withdrawn_at = r.at
        FROM providers_auditrecord r
        WHERE r.act = 'decision_withdrawn' AND r.subject = d.reference AND d.status = 'withdrawn';
    SET CONSTRAINTS ALL IMMEDIATE;
    SET CONSTRAINTS ALL DEFERRED;
"""


class Migration(migrations.Migration):
    """The columns, and what holds for them whoever asks."""

    dependencies = [
        ("tariffs", "0009_rules_of_whoever_asks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="hearing",
            name="reported_by",
            field=models.ForeignKey(
                blank=True,
                help_text="By whom.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="objection",
            name="admitted_at",
            field=models.DateTimeField(blank=True, help_text="When it was taken into treatment.", null=True),
        ),
        migrations.AddField(
            model_name="objection",
            name="representative_address",
            field=models.TextField(
                blank=True,
                help_text="Where letters reach the proxy: street or box, postcode and place, each on a line.",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="withdrawn_reason",
            field=models.TextField(blank=True, help_text="Why the intention was withdrawn."),
        ),
        migrations.AddField(
            model_name="decision",
            name="withdrawn_by",
            field=models.ForeignKey(
                blank=True,
                help_text="By whom.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="withdrawn_at",
            field=models.DateTimeField(blank=True, help_text="When.", null=True),
        ),
        migrations.AlterField(
            model_name="termevent",
            name="kind",
            field=models.CharField(choices=KINDS, help_text="What.", max_length=16),
        ),
        migrations.AlterField(
            model_name="letter",
            name="kind",
            field=models.CharField(choices=LETTERS, help_text="Which letter.", max_length=40),
        ),
        migrations.AddConstraint(
            model_name="objection",
            constraint=models.CheckConstraint(
                condition=LessThanOrEqual(Length("representative_address"), 400), name="an_address_is_an_address"
            ),
        ),
        # Who objects does not take her own objection into treatment.
        required(
            "tariffs_objection",
            name="treatment_begins_once_admitted",
            when="NEW.admitted_at IS NOT NULL",
            condition="NEW.status NOT IN ('received', 'incomplete')",
        ),
        migrations.RunSQL(WITHDRAWN_BEFORE, migrations.RunSQL.noop),
    ]

"""Acts that are recorded of delivering; and a term for all is for all providers, not for everybody."""

from django.db import migrations, models

from providers.database_rules import row_security, undone

MINE = "ivportal_scope_id('provider')"
OWN = (
    "submission_id IS NULL OR EXISTS (SELECT 1 FROM providers_submission s"
    f" WHERE s.id = providers_termchange.submission_id AND s.provider_id = {MINE})"
)
TERMS_OF_EVERYBODY = row_security("providers_termchange", also=OWN)
TERMS_OF_PROVIDERS = row_security("providers_termchange", also=f"{MINE} IS NOT NULL AND ({OWN})")


class Migration(migrations.Migration):
    dependencies = [
        ("providers", "0004_rules_of_delivering"),
    ]

    operations = [
        undone(TERMS_OF_EVERYBODY),
        TERMS_OF_PROVIDERS,
        migrations.AlterField(
            model_name="auditrecord",
            name="act",
            field=models.CharField(
                choices=[
                    ("logged_in", "Ingelogd"),
                    ("login_failed", "Inloggen mislukt"),
                    ("password_reset", "Nieuw wachtwoord gekozen"),
                    ("mandate_switched", "Andere bevoegdheid gekozen"),
                    ("mandate_granted", "Bevoegdheid gegeven"),
                    ("mandate_ended", "Bevoegdheid beëindigd"),
                    ("key_made", "Sleutel voor een ander systeem gemaakt"),
                    ("key_ended", "Sleutel voor een ander systeem beëindigd"),
                    ("text_changed", "Tekst van een ronde veranderd"),
                    ("mail_tried_again", "E-mail opnieuw aangeboden"),
                    ("round_created", "Ronde gemaakt"),
                    ("round_changed", "Ronde gewijzigd"),
                    ("round_moved", "Ronde naar een volgende status"),
                    ("term_changed", "Termijn gewijzigd"),
                    ("providers_invited", "Zorgaanbieders uitgenodigd"),
                    ("submission_moved", "Aanlevering naar een volgende status"),
                    ("draft_saved", "Gegevens opgeslagen"),
                    ("file_received", "Bestand ontvangen"),
                    ("signature_asked", "Ter ondertekening voorgelegd"),
                    ("signature_declined", "Niet ondertekend"),
                    ("submission_signed", "Aanlevering ondertekend en ingediend"),
                    ("finding_explained", "Bevinding toegelicht"),
                    ("exemption_asked", "Ontheffing gevraagd"),
                    ("exemption_answered", "Verzoek om ontheffing beantwoord"),
                    ("source_read", "Andere bron ingelezen"),
                    ("looked_along", "Meegekeken als zorgaanbieder"),
                    ("round_imported", "Ronde ingelezen"),
                    ("tariffs_imported", "Tarieftabel ingelezen"),
                    ("specification_set", "Modelspecificatie gekozen"),
                    ("policy_set", "Beleid van een ronde vastgelegd"),
                    ("run_requested", "Berekening gestart"),
                    ("run_cancelled", "Berekening gestopt"),
                    ("results_released", "Uitkomsten vrijgegeven"),
                    ("mirror_read", "Spiegel gelezen"),
                    ("submission_read", "Aanlevering gelezen"),
                    ("bandwidths_read", "Bandbreedtes gelezen"),
                    ("export_downloaded", "Bestand gedownload"),
                ],
                help_text="What.",
                max_length=40,
            ),
        ),
    ]

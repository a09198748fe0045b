"""What was done, by whom: append-only."""

from __future__ import annotations

from django.db import models

from providers.models.accounts import User


class Act(models.TextChoices):
    """The closed vocabulary of recorded acts."""

    LOGGED_IN = "logged_in", "Ingelogd"
    LOGIN_FAILED = "login_failed", "Inloggen mislukt"
    PASSWORD_RESET = "password_reset", "Nieuw wachtwoord gekozen"
    MANDATE_SWITCHED = "mandate_switched", "Andere bevoegdheid gekozen"
    MANDATE_GRANTED = "mandate_granted", "Bevoegdheid gegeven"
    MANDATE_ENDED = "mandate_ended", "Bevoegdheid beëindigd"
    KEY_MADE = "key_made", "Sleutel voor een ander systeem gemaakt"
    KEY_ENDED = "key_ended", "Sleutel voor een ander systeem beëindigd"
    TEXT_CHANGED = "text_changed", "Tekst van een ronde veranderd"
    MAIL_TRIED_AGAIN = "mail_tried_again", "E-mail opnieuw aangeboden"
    ROUND_CREATED = "round_created", "Ronde gemaakt"
    ROUND_CHANGED = "round_changed", "Ronde gewijzigd"
    ROUND_MOVED = "round_moved", "Ronde naar een volgende status"
    TERM_CHANGED = "term_changed", "Termijn gewijzigd"
    PROVIDERS_INVITED = "providers_invited", "Zorgaanbieders uitgenodigd"
    SUBMISSION_MOVED = "submission_moved", "Aanlevering naar een volgende status"
    DRAFT_SAVED = "draft_saved", "Gegevens opgeslagen"
    FILE_RECEIVED = "file_received", "Bestand ontvangen"
    SIGNATURE_ASKED = "signature_asked", "Ter ondertekening voorgelegd"
    SIGNATURE_DECLINED = "signature_declined", "Niet ondertekend"
    SUBMISSION_SIGNED = "submission_signed", "Aanlevering ondertekend en ingediend"
    FINDING_EXPLAINED = "finding_explained", "Bevinding toegelicht"
    EXEMPTION_ASKED = "exemption_asked", "Ontheffing gevraagd"
    EXEMPTION_ANSWERED = "exemption_answered", "Verzoek om ontheffing beantwoord"
    SOURCE_READ = "source_read", "Andere bron ingelezen"
    LOOKED_ALONG = "looked_along", "Meegekeken als zorgaanbieder"
    ROUND_IMPORTED = "round_imported", "Ronde ingelezen"
    TARIFFS_IMPORTED = "tariffs_imported", "Tarieftabel ingelezen"
    SPECIFICATION_SET = "specification_set", "Modelspecificatie gekozen"
    POLICY_SET = "policy_set", "Beleid van een ronde vastgelegd"
    RUN_REQUESTED = "run_requested", "Berekening gestart"
    RUN_CANCELLED = "run_cancelled", "Berekening gestopt"
    RESULTS_RELEASED = "results_released", "Uitkomsten vrijgegeven"
    RELEASE_PREPARED = "release_prepared", "Vrijgave klaargezet"
    RELEASE_APPROVED = "release_approved", "Vrijgave goedgekeurd"
    RELEASE_WITHDRAWN = "release_withdrawn", "Vrijgave ingetrokken"
    RESPONSE_TERM_SET = "response_term_set", "Duidingsperiode verlengd"
    RESPONSE_SENT = "response_sent", "Reactie op de spiegel gegeven"
    RESPONSE_WITHDRAWN = "response_withdrawn", "Reactie ingetrokken"
    RESPONSE_ASSIGNED = "response_assigned", "Reactie toegewezen"
    RESPONSE_MORE_ASKED = "response_more_asked", "Aanvulling op een reactie gevraagd"
    RESPONSE_SUPPLEMENTED = "response_supplemented", "Reactie aangevuld"
    RESPONSE_ANSWERED = "response_answered", "Reactie beantwoord"
    CORRECTION_CARRIED_OVER = "correction_carried_over", "Correctie overgenomen in de gegevens"
    PUBLIC_NOTE_WRITTEN = "public_note_written", "Nota van inlichtingen geschreven"
    PUBLIC_NOTE_PUBLISHED = "public_note_published", "Nota van inlichtingen gepubliceerd"
    CONSENT_CHANGED = "consent_changed", "Toestemming gegeven of ingetrokken"
    DECISION_PREPARED = "decision_prepared", "Besluit voorbereid"
    DECISION_ANNOUNCED = "decision_announced", "Voornemen bekendgemaakt"
    VIEWS_RECEIVED = "views_received", "Zienswijze ontvangen"
    VIEWS_ANSWERED = "views_answered", "Op een zienswijze gereageerd"
    DECISION_DRAFTED = "decision_drafted", "Besluit opgesteld"
    DECISION_SENT = "decision_sent", "Besluit vastgesteld en bekendgemaakt"
    DECISION_WITHDRAWN = "decision_withdrawn", "Voornemen ingetrokken"
    OBJECTION_RECEIVED = "objection_received", "Bezwaar ontvangen"
    OBJECTION_MOVED = "objection_moved", "Bezwaar naar een volgende stap"
    OBJECTION_TERM_MOVED = "objection_term_moved", "Termijn van een bezwaar gewijzigd"
    OBJECTION_GROUPED = "objection_grouped", "Bezwaren samengevoegd"
    GROUND_JUDGED = "ground_judged", "Bezwaargrond beoordeeld"
    HEARING_PLANNED = "hearing_planned", "Hoorzitting gepland of afgezien van horen"
    HEARING_REPORTED = "hearing_reported", "Verslag van een hoorzitting vastgelegd"
    OBJECTION_DECIDED = "objection_decided", "Op bezwaar beslist"
    LETTER_SENT = "letter_sent", "Brief verstuurd"
    LETTERS_PRINTED = "letters_printed", "Brieven opgehaald om te printen"
    LETTERS_POSTED = "letters_posted", "Brieven op de post gedaan"
    CASE_READ = "case_read", "Zaak gelezen"
    CASE_DOWNLOADED = "case_downloaded", "Dossier gedownload"
    GUIDE_SET = "guide_set", "Richttariefpercentage vastgelegd"
    NOTE_WRITTEN = "note_written", "Notitie over een zorgaanbieder geschreven"
    AGREEMENT_REGISTERED = "agreement_registered", "Tariefafspraak vastgelegd"
    MIRROR_READ = "mirror_read", "Spiegel gelezen"
    SUBMISSION_READ = "submission_read", "Aanlevering gelezen"
    BANDWIDTHS_READ = "bandwidths_read", "Bandbreedtes gelezen"
    EXPORT_DOWNLOADED = "export_downloaded", "Bestand gedownload"


class AuditRecord(models.Model):
    """One recorded act. The database refuses to change or delete it."""

    at = models.DateTimeField(auto_now_add=True, db_index=True, help_text="When.")
    act = models.CharField(max_length=40, choices=Act.choices, help_text="What.")
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", help_text="Who; empty: the portal itself."
    )
    organisation = models.CharField(
        max_length=250, blank=True, help_text="On behalf of which organisation, at that time."
    )
    subject = models.CharField(max_length=250, blank=True, help_text="About what, in words that stay readable.")
    details = models.JSONField(default=dict, blank=True, help_text="Facts of the act; never figures of a provider.")

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_act_display()}: {self.subject}"

"""What a password must be, told in Dutch."""

from __future__ import annotations

from django.contrib.auth import password_validation


class MinimumLengthValidator(password_validation.MinimumLengthValidator):
    """Django's rule on length; Django's own Dutch lacks these sentences."""

    def get_error_message(self) -> str:
        """Return what is wrong and how to mend it."""
        return f"Dit wachtwoord is te kort. Kies ten minste {self.min_length} tekens."

    def get_help_text(self) -> str:
        """Return the rule."""
        return f"Het wachtwoord heeft ten minste {self.min_length} tekens."

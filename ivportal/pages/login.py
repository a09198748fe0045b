"""Logging in by the form, with a brake on guessing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView, PasswordResetConfirmView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from providers.access import forget
from providers.audit import failed_logins, record_password_reset

MOST_FAILURES = 10
PERIOD = timedelta(minutes=15)


class LoginForm(AuthenticationForm):
    """Django's form, that stops listening for a while after many failures for one address."""

    is_braked = False

    def clean(self) -> dict[str, Any]:
        username = self.cleaned_data.get("username", "")
        if failed_logins(username, since=timezone.now() - PERIOD) >= MOST_FAILURES:
            self.is_braked = True
            raise ValidationError("Te vaak geprobeerd.", code="braked")
        return super().clean()


class Login(LoginView):
    """The log-in page."""

    authentication_form = LoginForm


class Logout(LogoutView):
    """Log out by the button; whoever types the address is sent to where the button is."""

    http_method_names = ["get", "post", "options"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Go to the start page: a link must not be able to log somebody out."""
        return redirect("home")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """End the session, on nobody's behalf: who acts for an organisation cannot look sessions up."""
        forget()
        return super().post(request, *args, **kwargs)


class NewPassword(PasswordResetConfirmView):
    """Choosing a new password by the link in the mail; it also lifts the brake."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Store the new password and record that it was chosen."""
        answer = super().form_valid(form)
        record_password_reset(user=form.user)
        return answer

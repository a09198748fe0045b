"""Guessing a password is slowed down."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from ivportal.pages.login import MOST_FAILURES
from providers.models import Act, AuditRecord
from tests.cast import PASSWORD, make_cast

pytestmark = pytest.mark.usefixtures("db")


def test_after_many_wrong_passwords_even_the_right_one_has_to_wait() -> None:
    cast = make_cast()
    client = Client()
    for _ in range(MOST_FAILURES):
        page = client.post(reverse("login"), {"username": "ANNE@example.org", "password": "fout"})
        assert "horen niet bij elkaar" in page.content.decode()
    page = client.post(reverse("login"), {"username": cast.anne.email, "password": PASSWORD})
    assert "Wacht een kwartier" in page.content.decode()
    assert "_auth_user_id" not in client.session


def test_somebody_elses_wrong_passwords_do_not_lock_you_out() -> None:
    cast = make_cast()
    client = Client()
    for _ in range(MOST_FAILURES):
        client.post(reverse("login"), {"username": cast.bram.email, "password": "fout"})
    client.post(reverse("login"), {"username": cast.anne.email, "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(cast.anne.pk)


def test_what_was_typed_as_a_password_is_not_recorded() -> None:
    client = Client()
    client.post(reverse("login"), {"username": "wie@example.org", "password": "geheim-getypt"})
    kept = AuditRecord.objects.get(act=Act.LOGIN_FAILED)
    assert kept.subject == "wie@example.org"
    assert "geheim" not in str(kept.details)

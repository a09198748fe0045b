"""Logging in and out, a forgotten password, and mandates that are chosen, end or are not there."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.utils import timezone

from providers.models import Act, AuditRecord, Mandate, Notice, Role, User
from tests.cast import PASSWORD, Cast, browser_of, make_cast

#: Where somebody is sent whose mandate ended while she worked.
OVER = "/inloggen/?reden=bevoegdheid"


@pytest.fixture
def cast(db: None) -> Cast:
    """Give the cast."""
    return make_cast()


def log_in(client: Client, user: User, password: str = PASSWORD, **fields: str) -> str:
    """Fill in the log-in form as a browser does; return where it leads, or the page it shows."""
    form = client.get("/inloggen/", fields).content.decode()
    sent = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', form))
    response = client.post("/inloggen/", {**sent, "username": user.email, "password": password})
    return str(response["Location"]) if response.status_code == 302 else response.content.decode()


def end(mandate: Mandate) -> None:
    """End a mandate now."""
    mandate.valid_until = timezone.now()
    mandate.save()


def who(client: Client) -> str:
    """Return on whose behalf the pages say that the user works."""
    page = client.get("/begrippen/").content.decode()
    chosen = re.search(r'<option value="[^"]+"\s+selected>([^<]+)</option>', page)
    alone = re.search(r"<span>U werkt namens</span>\s*([^<]+?)\s*</p>", page)
    return (chosen or alone or ["", ""])[1].strip()


class TestLoggingIn:
    """The real form."""

    def test_somebody_lands_on_the_start_page_of_her_role(self, cast: Cast) -> None:
        for person, start in ((cast.anne, "/spiegel/"), (cast.noor, "/rondes/"), (cast.karim, "/bandbreedtes/")):
            client = Client(enforce_csrf_checks=True)
            assert log_in(client, person) == "/"
            assert client.get("/").headers["Location"] == start
            assert client.get(start).status_code == 200

    def test_capitals_in_the_address_do_not_matter(self, cast: Cast) -> None:
        response = Client().post("/inloggen/", {"username": "Anne@Example.ORG", "password": PASSWORD})
        assert response.status_code == 302

    def test_a_wrong_password_is_told_in_dutch_and_shows_no_password(self, cast: Cast) -> None:
        client = Client(enforce_csrf_checks=True)
        page = log_in(client, cast.anne, "een-verkeerd-wachtwoord")
        assert "Inloggen is niet gelukt" in page
        assert "anne@example.org" in page
        assert "een-verkeerd-wachtwoord" not in page
        assert client.get("/spiegel/")["Location"] == "/inloggen/?next=/spiegel/"

    def test_an_unknown_address_gets_the_same_answer_as_a_wrong_password(self, cast: Cast) -> None:
        known, unknown = (
            Client().post("/inloggen/", {"username": address, "password": "onzin-onzin-onzin"}).content.decode()
            for address in ("anne@example.org", "nobo@example.org")
        )
        scrubbed = [
            re.sub(r'value="[^"]{40,}"', "", page).replace("anne@", "").replace("nobo@", "")
            for page in (known, unknown)
        ]
        assert scrubbed[0] == scrubbed[1]

    def test_who_is_not_active_does_not_come_in(self, cast: Cast) -> None:
        cast.anne.is_active = False
        cast.anne.save()
        assert "uw account is niet actief" in log_in(Client(), cast.anne)

    def test_after_logging_in_the_page_asked_for_opens(self, cast: Cast) -> None:
        client = Client(enforce_csrf_checks=True)
        asked = client.get("/aanlevering/?x=1")["Location"]
        assert asked == "/inloggen/?next=/aanlevering/%3Fx%3D1"
        assert log_in(client, cast.anne, next="/aanlevering/?x=1") == "/aanlevering/?x=1"

    @pytest.mark.parametrize(
        "elsewhere",
        [
            "https://kwaad.example/spiegel/",
            "//kwaad.example/",
            "https:///kwaad.example",
            "/\\kwaad.example/",
            "javascript:alert(1)",
            "http://testserver@kwaad.example/",
            "\thttps://kwaad.example/",
        ],
    )
    def test_a_link_with_another_site_behind_it_leads_to_the_start_page(self, elsewhere: str, cast: Cast) -> None:
        assert log_in(Client(), cast.anne, next=elsewhere) == "/"

    def test_logging_in_makes_a_new_session(self, cast: Cast) -> None:
        client = Client()
        client.cookies["ivportal_sessie"] = "gekozen-door-een-ander"
        log_in(client, cast.anne)
        assert client.cookies["ivportal_sessie"].value != "gekozen-door-een-ander"
        assert client.cookies["ivportal_sessie"]["httponly"]

    def test_logging_in_and_failing_to_are_recorded(self, cast: Cast) -> None:
        log_in(Client(), cast.anne)
        log_in(Client(), cast.bram, "onzin-onzin-onzin")
        assert AuditRecord.objects.filter(act=Act.LOGGED_IN, user=cast.anne).count() == 1
        failed = AuditRecord.objects.get(act=Act.LOGIN_FAILED)
        assert "onzin-onzin-onzin" not in f"{failed.subject}{failed.details}"

    def test_a_link_logs_nobody_out(self, cast: Cast) -> None:
        client = Client()
        log_in(client, cast.anne)
        client.get("/uitloggen/")
        assert client.get("/spiegel/").status_code == 200

    def test_logging_out_ends_the_session(self, cast: Cast) -> None:
        client = Client()
        log_in(client, cast.anne)
        stolen = client.cookies["ivportal_sessie"].value
        assert "U bent uitgelogd" in client.post("/uitloggen/").content.decode()
        assert client.get("/spiegel/")["Location"] == "/inloggen/?next=/spiegel/"
        client.cookies["ivportal_sessie"] = stolen
        assert client.get("/spiegel/")["Location"] == "/inloggen/?next=/spiegel/"


class TestForgottenPassword:
    """From the link on the log-in form to a new password, by the mail that is really sent."""

    NEW = "nog-een-lang-wachtwoord-2"

    def ask(self, client: Client, address: str) -> str:
        """Ask for a new password; return the address in the mail."""
        response = client.post("/wachtwoord/", {"email": address}, follow=True)
        assert "Kijk in uw e-mail" in response.content.decode()
        found = re.search(r"https?://testserver(/wachtwoord/nieuw/\S+)", mail.outbox[-1].body)
        assert found is not None
        return found[1]

    def test_the_mail_leads_to_a_new_password(self, cast: Cast) -> None:
        client = Client()
        link = self.ask(client, "anne@example.org")
        assert mail.outbox[0].to == ["anne@example.org"]
        assert mail.outbox[0].subject == "Nieuw wachtwoord voor het IV-portaal"
        form = client.get(link, follow=True)
        assert "Kies een nieuw wachtwoord" in form.content.decode()
        here = form.redirect_chain[-1][0]
        done = client.post(here, {"new_password1": self.NEW, "new_password2": self.NEW}, follow=True)
        assert "Uw wachtwoord is veranderd" in done.content.decode()
        assert "Inloggen is niet gelukt" in log_in(Client(), cast.anne)
        assert log_in(Client(), cast.anne, self.NEW) == "/"

    def test_the_address_in_the_mail_works_once(self, cast: Cast) -> None:
        client = Client()
        link = self.ask(client, "anne@example.org")
        here = client.get(link, follow=True).redirect_chain[-1][0]
        client.post(here, {"new_password1": self.NEW, "new_password2": self.NEW})
        assert "Deze link werkt niet meer" in Client().get(link, follow=True).content.decode()

    def test_a_weak_or_mistyped_password_is_told_in_dutch(self, cast: Cast) -> None:
        client = Client()
        here = client.get(self.ask(client, "anne@example.org"), follow=True).redirect_chain[-1][0]
        short = client.post(here, {"new_password1": "kort", "new_password2": "kort"}).content.decode()
        assert "12 tekens" in short
        other = client.post(here, {"new_password1": self.NEW, "new_password2": self.NEW + "x"}).content.decode()
        assert "niet overeen" in other
        assert log_in(Client(), cast.anne) == "/"

    def test_an_address_without_account_gets_the_same_page_and_no_mail(self, cast: Cast) -> None:
        known, unknown = (
            Client().post("/wachtwoord/", {"email": address}, follow=True)
            for address in ("anne@example.org", "niemand@example.org")
        )
        assert known.content == unknown.content
        assert len(mail.outbox) == 1

    def test_a_new_password_ends_the_sessions_that_are_open(self, cast: Cast) -> None:
        elsewhere = Client()
        log_in(elsewhere, cast.anne)
        client = Client()
        here = client.get(self.ask(client, "anne@example.org"), follow=True).redirect_chain[-1][0]
        client.post(here, {"new_password1": self.NEW, "new_password2": self.NEW})
        assert elsewhere.get("/spiegel/")["Location"] == "/inloggen/?next=/spiegel/"


def test_who_is_not_active_is_not_invited_and_nobody_is_told_that_she_was(cast: Cast) -> None:
    User.objects.filter(pk=cast.olaf.pk).update(is_active=False)
    sent = {"email": "olaf@example.org", "name": "Olaf", "powers": ["deliver"]}
    page = browser_of(cast.anne).post("/organisatie/uitnodigen/", sent, follow=True).content.decode()
    assert "Dit account is niet actief" in page
    assert not Mandate.objects.filter(user=cast.olaf).exists()
    assert not Notice.objects.filter(recipient=cast.olaf).exists()


class TestSeveralMandates:
    """Maria works for a provider, for a care office and for the NZa."""

    def test_she_chooses_first(self, cast: Cast) -> None:
        client = Client()
        log_in(client, cast.maria)
        assert client.get("/")["Location"] == "/bevoegdheid/"
        page = client.get("/bevoegdheid/").content.decode()
        for mandate in cast.maria.mandates.all():
            assert mandate.label in page

    @pytest.mark.parametrize(
        ("role", "start", "closed"),
        [
            (Role.PROVIDER, "/spiegel/", ("/rondes/", "/bandbreedtes/")),
            (Role.CARE_OFFICE, "/bandbreedtes/", ("/rondes/", "/spiegel/")),
            (Role.NZA, "/rondes/", ("/spiegel/", "/bandbreedtes/")),
        ],
    )
    def test_she_has_the_rights_of_the_one_she_chose_and_no_others(
        self, role: Role, start: str, closed: tuple[str, ...], cast: Cast
    ) -> None:
        client = browser_of(cast.maria)
        mandate = cast.maria.mandates.get(role=role)
        client.post("/bevoegdheid/wisselen/", {"mandate": str(mandate.uuid)})
        assert client.get("/")["Location"] == start
        assert who(client) == mandate.label
        assert client.get(start).status_code == 200
        assert [client.get(address).status_code for address in closed] == [403, 403]

    def test_she_switches_on_any_page(self, cast: Cast) -> None:
        client = browser_of(cast.maria)
        for role in (Role.NZA, Role.PROVIDER, Role.CARE_OFFICE):
            mandate = cast.maria.mandates.get(role=role)
            client.post("/bevoegdheid/wisselen/", {"mandate": str(mandate.uuid)})
            assert who(client) == mandate.label
        switched = AuditRecord.objects.filter(act=Act.MANDATE_SWITCHED, user=cast.maria)
        assert switched.count() == 3

    def test_she_cannot_choose_the_mandate_of_somebody_else(self, cast: Cast) -> None:
        client = browser_of(cast.bram)
        before = who(client)
        for wanted in (cast.noor.mandates.get().uuid, cast.anne.mandates.get().uuid, "onzin", ""):
            client.post("/bevoegdheid/wisselen/", {"mandate": str(wanted)})
        assert who(client) == before == "Het Anker (Zorgaanbieder)"
        assert client.get("/rondes/").status_code == 403

    def test_her_choice_is_gone_at_the_next_log_in(self, cast: Cast) -> None:
        client = Client()
        log_in(client, cast.maria)
        client.post("/bevoegdheid/wisselen/", {"mandate": str(cast.maria.mandates.get(role=Role.NZA).uuid)})
        client.post("/uitloggen/")
        log_in(client, cast.maria)
        assert client.get("/")["Location"] == "/bevoegdheid/"


class TestMandatesThatEnd:
    """A mandate works while it is valid, to the request."""

    def test_one_that_is_ended_ends_every_session_that_works_under_it(self, cast: Cast) -> None:
        """At her desk and on her telephone: the next click leads to the log-in page, which says why."""
        desk, telephone, colleague = (browser_of(who) for who in (cast.anne, cast.anne, cast.daan))
        for browser in (desk, telephone, colleague):
            assert browser.get("/spiegel/").status_code == 200
        sessions = [browser.cookies["ivportal_sessie"].value for browser in (desk, telephone)]
        end(cast.anne.mandates.get())
        for browser in (desk, telephone):
            response = browser.get("/spiegel/")
            assert response["Location"] == OVER
            page = browser.get(OVER).content.decode()
            assert "U bent uitgelogd" in page
            assert "De bevoegdheid waarmee u werkte, is beëindigd, verlopen of veranderd." in page
        assert not Session.objects.filter(session_key__in=sessions).exists()
        assert colleague.get("/spiegel/").status_code == 200

    def test_a_form_sent_under_one_that_is_ended_stores_nothing(self, cast: Cast) -> None:
        browser = browser_of(cast.bram)
        before = browser.get("/organisatie/").content.decode()
        assert "Iemand uitnodigen" in before
        end(cast.bram.mandates.get())
        people, mandates = User.objects.count(), Mandate.objects.count()
        sent = {"email": "nieuw@example.org", "name": "Nieuw", "powers": ["administer"]}
        assert browser.post("/organisatie/uitnodigen/", sent)["Location"] == OVER
        assert (User.objects.count(), Mandate.objects.count()) == (people, mandates)
        assert not AuditRecord.objects.filter(act=Act.MANDATE_GRANTED).exists()

    def test_a_part_of_a_page_that_refreshes_leaves_the_page(self, cast: Cast) -> None:
        browser = browser_of(cast.noor)
        browser.get("/rondes/")
        end(cast.noor.mandates.get())
        response = browser.get("/rondes/", headers={"HX-Request": "true"})
        assert response["HX-Redirect"] == OVER
        assert "Location" not in response
        assert not response.content

    def test_one_that_expires_ends_the_session_too(self, cast: Cast) -> None:
        browser = browser_of(cast.noor)
        mandate = cast.noor.mandates.get()
        mandate.valid_until = timezone.now() + timedelta(seconds=60)
        mandate.save()
        assert browser.get("/rondes/").status_code == 200
        Mandate.objects.filter(pk=mandate.pk).update(
            valid_from=timezone.now() - timedelta(days=2), valid_until=timezone.now() - timedelta(seconds=1)
        )
        assert browser.get("/rondes/")["Location"] == OVER

    def test_who_gets_a_second_mandate_goes_on_under_the_one_she_works_under(self, cast: Cast) -> None:
        browser = browser_of(cast.daan)
        browser.get("/spiegel/")
        Mandate.objects.create(user=cast.daan, role=Role.PROVIDER, provider=cast.anker)
        assert who(browser) == "De Linde (Zorgaanbieder)"
        assert browser.get("/")["Location"] == "/spiegel/"

    def test_who_loses_the_one_she_chose_logs_in_and_chooses_another(self, cast: Cast) -> None:
        client = browser_of(cast.maria)
        nza, provider = (cast.maria.mandates.get(role=role) for role in (Role.NZA, Role.PROVIDER))
        client.post("/bevoegdheid/wisselen/", {"mandate": str(nza.uuid)})
        end(nza)
        assert client.get("/bevoegdheid/")["Location"] == OVER
        log_in(client, cast.maria)
        page = client.get("/bevoegdheid/").content.decode()
        assert provider.label in page
        assert nza.label not in page
        client.post("/bevoegdheid/wisselen/", {"mandate": str(nza.uuid)})
        assert client.get("/rondes/").status_code in (302, 403)
        client.post("/bevoegdheid/wisselen/", {"mandate": str(provider.uuid)})
        assert who(client) == provider.label

    @pytest.mark.parametrize("address", ["/", "/spiegel/", "/bandbreedtes/"])
    def test_nobody_starts_to_act_for_another_organisation_without_choosing(self, address: str, cast: Cast) -> None:
        """Losing the chosen mandate in a session must not make the next click act for somebody else."""
        client = browser_of(cast.maria)
        office = cast.maria.mandates.get(role=Role.CARE_OFFICE)
        client.post("/bevoegdheid/wisselen/", {"mandate": str(office.uuid)})
        end(office)
        assert client.get(address)["Location"] == OVER
        log_in(client, cast.maria)
        assert client.get(address)["Location"] == "/bevoegdheid/"

    @pytest.mark.parametrize("days", [(-30, -1), (1, 30)], ids=["expired", "not yet valid"])
    def test_one_outside_its_period_does_not_work(self, days: tuple[int, int], cast: Cast) -> None:
        now = timezone.now()
        Mandate.objects.create(
            user=cast.olaf,
            role=Role.NZA,
            valid_from=now + timedelta(days=days[0]),
            valid_until=now + timedelta(days=days[1]),
        )
        client = browser_of(cast.olaf)
        assert client.get("/rondes/")["Location"] == "/bevoegdheid/"

    def test_who_has_none_reads_what_to_do(self, cast: Cast) -> None:
        client = Client()
        assert log_in(client, cast.olaf) == "/"
        response = client.get("/", follow=True)
        page = response.content.decode()
        assert response.redirect_chain == [("/bevoegdheid/", 302)]
        assert "U heeft nu geen bevoegdheid" in page
        assert "Vraag de beheerder van uw organisatie" in page
        assert "Uitloggen" in page

"""People of an organisation: who invites whom, who may change what, and what becomes of keys and sessions."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as outgoing
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone

from providers import api_keys, mandates
from providers.access import Actor
from providers.models import Act, ApiKey, AuditRecord, Mandate, Notice, Power, Role, User
from providers.models.accounts import every_power
from providers.notices import send_waiting
from providers.refusal import Refused
from tests.cast import Cast, browser_of, make_cast
from tests.delivering import an_employee
from tests.factories import delivery, make_round

OVER = "/inloggen/?reden=bevoegdheid"


@pytest.fixture
def cast(db: None) -> Cast:
    """Give the cast."""
    return make_cast()


def acting(user: User) -> Actor:
    """Return somebody who acts under her first mandate."""
    held = tuple(user.current_mandates())
    return Actor(user=user, mandate=held[0], mandates=held)


def text_of(response: Any) -> str:
    """Return what a page says, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def mandate_of(user: User) -> Mandate:
    """Return the one mandate that somebody has now."""
    return user.current_mandates().get()


class TestInviting:
    """An administrator brings colleagues in."""

    def test_a_colleague_is_invited_chooses_a_password_and_works(self, cast: Cast) -> None:
        sent = {"email": "Nieuw@Example.org", "name": "Nina", "powers": ["deliver"], "valid_until": "2099-12-31"}
        answer = browser_of(cast.anne).post("/organisatie/uitnodigen/", sent, follow=True)
        assert "Nina is uitgenodigd en krijgt een e-mail op nieuw@example.org." in text_of(answer)
        assert "Nog niet ingelogd" in text_of(answer)
        made = mandate_of(User.objects.get(email="nieuw@example.org"))
        assert (made.provider, made.powers, made.granted_by) == (cast.linde, ["deliver"], cast.anne)
        assert timezone.localtime(made.valid_until).strftime("%Y-%m-%d %H:%M:%S") == "2099-12-31 23:59:59"
        assert send_waiting() == 1
        invitation = outgoing.outbox[0]
        assert invitation.to == ["nieuw@example.org"]
        for said in (
            "Beste Nina,",
            "Anne heeft u toegang gegeven",
            "De Linde",
            "Gegevens invullen",
            "31 december 2099",
        ):
            assert said in invitation.body
        path = re.search(r"http://127\.0\.0\.1:8000(/\S+)", invitation.body)
        assert path is not None
        nina = Client()
        nina.post(path[1], {"email": "nieuw@example.org"})
        link = re.search(r"http://testserver(/wachtwoord/nieuw/\S+)", outgoing.outbox[1].body)
        assert link is not None
        here = nina.get(link[1], follow=True).redirect_chain[-1][0]
        nina.post(here, {"new_password1": "een-heel-nieuw-woord", "new_password2": "een-heel-nieuw-woord"})
        assert nina.login(username="nieuw@example.org", password="een-heel-nieuw-woord")
        assert nina.get("/spiegel/").status_code == 200
        assert "U heeft een account in het IV-portaal" in text_of(nina.get("/berichten/"))

    def test_pressing_twice_invites_once(self, cast: Cast) -> None:
        anne = browser_of(cast.anne)
        sent = {"email": "nieuw@example.org", "name": "Nina", "powers": ["deliver"]}
        for _ in range(2):
            assert anne.post("/organisatie/uitnodigen/", sent).status_code == 302
        assert Mandate.objects.filter(user__email="nieuw@example.org").count() == 1
        assert Notice.objects.filter(kind="account_invited").count() == 1

    def test_somebody_with_an_account_elsewhere_keeps_her_name_and_password(self, cast: Cast) -> None:
        before = cast.bram.password
        sent = {"email": "bram@example.org", "name": "Een andere naam", "powers": ["sign"]}
        browser_of(cast.anne).post("/organisatie/uitnodigen/", sent)
        cast.bram.refresh_from_db()
        assert (cast.bram.name, cast.bram.password) == ("Bram", before)
        assert cast.bram.current_mandates().get(provider=cast.linde).powers == ["sign"]
        assert Notice.objects.get().kind == "mandate_granted"

    @pytest.mark.parametrize(
        ("sent", "said"),
        [
            ({"email": "geen-adres", "name": "X"}, "Dit is geen volledig e-mailadres"),
            ({"email": "", "name": "X"}, "Vul het e-mailadres in."),
            ({"email": "nieuw@example.org", "name": ""}, "Vul de naam in."),
            ({"email": "nieuw@example.org", "name": "X", "powers": ["koning"]}, "Kies uit de bevoegdheden"),
            ({"email": "nieuw@example.org", "name": "X", "valid_until": "2020-01-01"}, "De einddatum is al voorbij."),
            ({"email": "nieuw@example.org", "name": "X", "valid_until": "morgen"}, "Dit is geen datum."),
            ({"email": "daan@example.org", "powers": ["sign"]}, "Daan heeft al een bevoegdheid."),
            ({"email": "nieuw@example.org\nbcc: x@example.org", "name": "X"}, "Dit is geen volledig e-mailadres"),
            ({"email": "nieuw@example.org", "name": "X\0"}, "Null"),
        ],
    )
    def test_what_cannot_be_is_told_and_stores_nothing(self, cast: Cast, sent: dict[str, Any], said: str) -> None:
        people, granted = User.objects.count(), Mandate.objects.count()
        answer = browser_of(cast.anne).post("/organisatie/uitnodigen/", sent)
        assert answer.status_code == 200
        assert said in text_of(answer)
        assert (User.objects.count(), Mandate.objects.count()) == (people, granted)
        assert not Notice.objects.exists()

    def test_the_nza_invites_the_first_administrator_who_invites_the_rest(self, cast: Cast) -> None:
        make_round([delivery("99900077", "De Nieuwe", total_cost=1, days_5vv=1)], slug="proef")
        provider = cast.linde.__class__.objects.get(key="99900077")
        address = f"/rondes/proef/aanbieders/{provider.uuid}/mensen/"
        noor = browser_of(cast.noor)
        page = text_of(noor.get(address))
        assert "Nog niemand werkt namens deze organisatie" in page
        noor.post(f"{address}uitnodigen/", {"email": "eerste@example.org", "name": "Eva", "powers": ["administer"]})
        first = User.objects.get(email="eerste@example.org")
        browser_of(first).post(
            "/organisatie/uitnodigen/", {"email": "tweede@example.org", "name": "T", "powers": ["sign"]}
        )
        assert [user.email for user in mandates.people_of(provider, Power.SIGN)] == ["tweede@example.org"]
        assert "tweede@example.org" in text_of(noor.get(address))

    def test_staff_invites_staff(self, cast: Cast) -> None:
        noor = browser_of(cast.noor)
        noor.post("/medewerkers/uitnodigen/", {"email": "nico@nza.example", "name": "Nico"})
        nico = User.objects.get(email="nico@nza.example")
        assert mandate_of(nico).role == Role.NZA
        assert browser_of(nico).get("/rondes/").status_code == 200
        assert "Nico" in text_of(noor.get("/medewerkers/"))
        noor.post(f"/medewerkers/{mandate_of(nico).uuid}/beeindigen/")
        assert not nico.current_mandates().exists()


class TestPowers:
    """Who may do what."""

    def test_who_may_only_read_sees_the_list_and_whom_to_ask(self, cast: Cast) -> None:
        for user in (cast.daan, cast.fatima, cast.greet):
            page = browser_of(user).get("/organisatie/")
            said = text_of(page)
            assert "anne@example.org" in said
            assert "Iemand uitnodigen" not in said
            assert "Vraag het Anne of Maria" in said
            assert str(mandate_of(cast.anne).uuid) not in page.content.decode()

    @pytest.mark.parametrize("name", ["daan", "fatima", "greet"])
    def test_who_is_no_administrator_is_refused_and_reads_who_is(self, cast: Cast, name: str) -> None:
        browser, before = browser_of(getattr(cast, name)), Mandate.objects.count()
        target = mandate_of(cast.greet).uuid
        for address in (
            "/organisatie/uitnodigen/",
            f"/organisatie/bevoegdheden/{target}/",
            f"/organisatie/bevoegdheden/{target}/beeindigen/",
        ):
            answer = browser.post(address, {"email": "x@example.org", "name": "x", "powers": ["administer"]})
            assert answer.status_code == 403
            said = text_of(answer)
            assert "‘Bevoegdheden beheren’" in said
            assert "een van de beheerders: Anne, Maria" in said
        assert Mandate.objects.count() == before
        assert mandate_of(cast.greet).powers == []

    def test_an_organisation_without_administrator_is_sent_to_the_nza(self, cast: Cast) -> None:
        for user in (cast.anne, cast.maria):
            user.mandates.filter(provider=cast.linde).update(powers=[])
        said = text_of(browser_of(cast.daan).post("/organisatie/uitnodigen/"))
        assert "Uw organisatie heeft nu geen beheerder. Vraag uw contactpersoon bij de NZa" in said
        assert "Uw organisatie heeft geen beheerder" in text_of(browser_of(cast.daan).get("/organisatie/"))

    def test_an_administrator_reaches_only_her_own_people(self, cast: Cast) -> None:
        bram = browser_of(cast.bram)
        for target in (cast.daan, cast.noor, cast.karim):
            mandate = mandate_of(target)
            address = f"/organisatie/bevoegdheden/{mandate.uuid}/"
            assert bram.get(address).status_code == bram.post(address, {"powers": []}).status_code == 404
            assert bram.post(f"{address}beeindigen/").status_code == 404
            assert mandate_of(target) == mandate
        with pytest.raises(Refused, match="U mag voor deze organisatie geen bevoegdheden beheren"):
            mandates.end(mandate=mandate_of(cast.daan), actor=acting(cast.bram))
        with pytest.raises(Refused, match="geen bevoegdheden beheren"):
            mandates.invite(email="x@example.org", name="x", actor=acting(cast.bram))
        with pytest.raises(Refused, match="geen bevoegdheden beheren"):
            mandates.invite(email="x@example.org", name="x", provider=cast.linde, actor=acting(cast.bram))

    def test_who_looks_along_sees_the_people_and_changes_nobody(self, cast: Cast) -> None:
        make_round([delivery("99900001", "De Linde", total_cost=1, days_5vv=1)], slug="proef")
        noor = browser_of(cast.noor)
        noor.post(f"/rondes/proef/aanbieders/{cast.linde.uuid}/meekijken/")
        said = text_of(noor.get("/organisatie/"))
        assert "greet@example.org" in said
        assert "noor@example.org" not in said
        assert "Iemand uitnodigen" not in said
        assert "Een sleutel maken" not in said
        address = f"/organisatie/bevoegdheden/{mandate_of(cast.daan).uuid}/"
        assert noor.get(address).status_code == noor.post(f"{address}beeindigen/").status_code == 403
        assert mandate_of(cast.daan)

    def test_a_mandate_without_a_power_cannot_do_it_and_another_role_never_can(self, cast: Cast) -> None:
        assert [acting(cast.daan).can(power) for power in Power] == [False, True, False]
        assert [acting(cast.anne).can(power) for power in Power] == [True] * 3
        assert [acting(cast.noor).can(power) for power in Power] == [False] * 3

    def test_people_are_found_by_what_they_may(self, cast: Cast) -> None:
        names = {
            power: [user.name for user in mandates.people_of(cast.linde, power)]
            for power in (Power.ADMINISTER, Power.DELIVER, Power.SIGN)
        }
        assert names == {
            Power.ADMINISTER: ["Anne", "Maria"],
            Power.DELIVER: ["Anne", "Daan", "Maria"],
            Power.SIGN: ["Anne", "Fatima", "Maria"],
        }
        User.objects.filter(pk=cast.daan.pk).update(is_active=False)
        assert [user.name for user in mandates.people_of(cast.linde)] == ["Anne", "Fatima", "Greet", "Maria"]


class TestChanging:
    """Other powers are another mandate."""

    def change(self, browser: Client, user: User, **sent: Any) -> Any:
        """Fill in the form with what somebody may."""
        return browser.post(f"/organisatie/bevoegdheden/{mandate_of(user).uuid}/", sent, follow=True)

    def test_a_colleague_gets_another_power_is_told_and_logs_in_again(self, cast: Cast) -> None:
        daan, before = browser_of(cast.daan), mandate_of(cast.daan)
        assert daan.get("/spiegel/").status_code == 200
        said = text_of(self.change(browser_of(cast.anne), cast.daan, powers=["sign", "administer"]))
        assert "Vastgelegd wat Daan mag: Bevoegdheden beheren, Ondertekenen namens het bestuur." in said
        now = mandate_of(cast.daan)
        assert (now.powers, now.granted_by) == (["administer", "sign"], cast.anne)
        before.refresh_from_db()
        assert before.powers == ["deliver"]
        assert before.valid_until is not None
        assert daan.get("/spiegel/")["Location"] == OVER
        assert Notice.objects.get(recipient=cast.daan).kind == "mandate_granted"
        acts = AuditRecord.objects.filter(user=cast.anne).values_list("act", flat=True)
        assert {Act.MANDATE_ENDED, Act.MANDATE_GRANTED} <= set(acts)

    def test_saving_what_is_there_already_changes_nothing(self, cast: Cast) -> None:
        before = mandate_of(cast.daan)
        Mandate.objects.filter(pk=before.pk).update(valid_until=timezone.now() + timedelta(days=5, minutes=3))
        until = timezone.localtime(mandate_of(cast.daan).valid_until).date()
        self.change(browser_of(cast.anne), cast.daan, powers=["deliver"], valid_until=str(until))
        assert mandate_of(cast.daan) == before
        assert not Notice.objects.exists()

    def test_a_page_that_was_open_too_long_says_so(self, cast: Cast) -> None:
        address = f"/organisatie/bevoegdheden/{mandate_of(cast.daan).uuid}/"
        self.change(browser_of(cast.anne), cast.daan, powers=["sign"])
        assert browser_of(cast.anne).post(address, {"powers": ["administer"]}).status_code == 404
        stale = cast.daan.mandates.order_by("pk")[0]
        with pytest.raises(Refused, match="al beëindigd of veranderd"):
            mandates.change(mandate=stale, powers=["sign"], valid_until=None, actor=acting(cast.anne))

    @pytest.mark.parametrize(
        "sent", [{"powers": ["deliver", "sign"]}, {"powers": every_power(), "valid_until": "2099-01-01"}, None]
    )
    def test_the_last_administrator_stays_one(self, cast: Cast, sent: dict[str, Any] | None) -> None:
        bram, before = browser_of(cast.bram), mandate_of(cast.bram)
        if sent is None:
            answer = bram.post(f"/organisatie/bevoegdheden/{before.uuid}/beeindigen/", follow=True)
        else:
            answer = self.change(bram, cast.bram, **sent)
        assert "U bent de enige beheerder van uw organisatie." in text_of(answer)
        assert mandate_of(cast.bram) == before

    def test_an_administrator_with_a_successor_may_go(self, cast: Cast) -> None:
        bram = browser_of(cast.bram)
        bram.post("/organisatie/uitnodigen/", {"email": "olaf@example.org", "powers": ["administer"]})
        assert "Vastgelegd wat Bram mag: Gegevens invullen" in text_of(self.change(bram, cast.bram, powers=["deliver"]))
        # Who changes her own mandate goes on working under the new one.
        assert bram.get("/spiegel/").status_code == 200
        assert bram.post("/organisatie/uitnodigen/").status_code == 403

    def test_the_nza_may_end_the_last_administrator_of_a_provider_but_not_its_own_last_staff(self, cast: Cast) -> None:
        mandates.end(mandate=mandate_of(cast.bram), actor=acting(cast.noor))
        assert mandates.people_of(cast.anker) == []
        cast.maria.mandates.filter(role=Role.NZA).update(valid_until=timezone.now())
        answer = browser_of(cast.noor).post(f"/medewerkers/{mandate_of(cast.noor).uuid}/beeindigen/", follow=True)
        assert "Dit is de laatste medewerker van de NZa" in text_of(answer)
        assert mandate_of(cast.noor)

    def test_who_is_ended_is_told_by_mail(self, cast: Cast) -> None:
        browser_of(cast.anne).post(f"/organisatie/bevoegdheden/{mandate_of(cast.greet).uuid}/beeindigen/")
        assert not cast.greet.current_mandates().exists()
        send_waiting()
        assert outgoing.outbox[0].to == ["greet@example.org"]
        assert "Anne heeft uw bevoegdheid voor De Linde beëindigd." in outgoing.outbox[0].body


class TestKeys:
    """A key does what its maker may, as long as she may."""

    SENT = {"key_name": "Financiële administratie", "key_until": ""}

    def make(self, browser: Client, at: str = "/organisatie/sleutels/") -> str:
        """Make a key by the form, and return it."""
        until = (timezone.localdate() + timedelta(days=30)).isoformat()
        answer = browser.post(at, {**self.SENT, "key_until": until})
        found = re.search(r"iv_[0-9a-f]{48}", answer.content.decode())
        assert found is not None
        assert answer["Cache-Control"] == "no-store, private"
        return found[0]

    def test_it_is_shown_once_and_kept_nowhere(self, cast: Cast) -> None:
        daan = browser_of(cast.daan)
        written = self.make(daan)
        assert written not in daan.get("/organisatie/").content.decode()
        key = ApiKey.objects.get()
        assert written not in {str(value) for value in vars(key).values()}
        assert not AuditRecord.objects.filter(subject__contains=written).exists()
        actor = api_keys.actor_of(written)
        assert actor is not None
        assert (actor.user, actor.mandate) == (cast.daan, mandate_of(cast.daan))
        assert actor.can(Power.DELIVER)
        assert not actor.can(Power.SIGN)
        key.refresh_from_db()
        assert key.last_used_at is not None

    def test_staff_of_the_nza_see_to_their_own_keys(self, cast: Cast) -> None:
        noor, colleague = browser_of(cast.noor), an_employee()
        written = self.make(noor, "/medewerkers/sleutels/")
        actor = api_keys.actor_of(written)
        assert actor is not None
        assert (actor.user, actor.role) == (cast.noor, Role.NZA)
        assert "Financiële administratie" in text_of(noor.get("/medewerkers/"))
        assert "Financiële administratie" not in text_of(browser_of(colleague).get("/medewerkers/"))
        address = f"/medewerkers/sleutels/{ApiKey.objects.get().uuid}/beeindigen/"
        assert browser_of(colleague).post(address).status_code == 404
        assert noor.post(address).url == "/medewerkers/"  # type: ignore[attr-defined]
        assert api_keys.actor_of(written) is None

    @pytest.mark.parametrize("how", ["ended", "changed", "expired", "inactive", "key ended", "key expired"])
    def test_it_works_no_longer_than_what_it_hangs_on(self, cast: Cast, how: str) -> None:
        daan = browser_of(cast.daan)
        written = self.make(daan)
        mandate, anne = mandate_of(cast.daan), acting(cast.anne)
        assert api_keys.actor_of(written) is not None
        past = timezone.now() - timedelta(seconds=1)
        if how == "ended":
            mandates.end(mandate=mandate, actor=anne)
        elif how == "changed":
            mandates.change(mandate=mandate, powers=["sign"], valid_until=None, actor=anne)
        elif how == "expired":
            Mandate.objects.filter(pk=mandate.pk).update(valid_from=past, valid_until=past)
        elif how == "inactive":
            User.objects.filter(pk=cast.daan.pk).update(is_active=False)
        elif how == "key ended":
            daan.post(f"/organisatie/sleutels/{ApiKey.objects.get().uuid}/beeindigen/")
        else:
            ApiKey.objects.update(valid_until=past)
        assert api_keys.actor_of(written) is None

    def test_something_like_a_key_is_none(self, cast: Cast) -> None:
        written = self.make(browser_of(cast.daan))
        for wrong in ("", "iv_", written[:-1], written + "0", written.upper(), "\0"):
            assert api_keys.actor_of(wrong) is None

    def test_nobody_ends_the_key_of_a_colleague(self, cast: Cast) -> None:
        written = self.make(browser_of(cast.daan))
        address = f"/organisatie/sleutels/{ApiKey.objects.get().uuid}/beeindigen/"
        for other in (cast.anne, cast.bram):
            assert browser_of(other).post(address).status_code == 404
        assert api_keys.actor_of(written) is not None

    @pytest.mark.parametrize(
        ("days", "name", "said"),
        [(500, "x", "hoogstens 400 dagen"), (-2, "x", "De einddatum is al voorbij"), (5, " ", "Schrijf op waar")],
    )
    def test_a_key_that_cannot_be_is_not_made(self, cast: Cast, days: int, name: str, said: str) -> None:
        until = (timezone.localdate() + timedelta(days=days)).isoformat()
        answer = browser_of(cast.daan).post("/organisatie/sleutels/", {"key_name": name, "key_until": until})
        assert said in text_of(answer)
        assert not ApiKey.objects.exists()


def test_a_mandate_given_by_a_command_holds_every_power_unless_it_says_otherwise(cast: Cast) -> None:
    """As in the demonstration, and by ``add_user``."""
    given = mandates.grant(user=cast.olaf, role=Role.PROVIDER, provider=cast.anker)
    assert given.powers == every_power()
    again = mandates.grant(user=cast.olaf, role=Role.PROVIDER, provider=cast.anker, powers=[])
    assert again == given
    with transaction.atomic():
        assert mandates.grant(user=cast.olaf, role=Role.NZA).powers == []


def test_who_is_added_by_a_command_gets_a_mail_for_her_password(cast: Cast) -> None:
    """Without a password of her own she asks for one, as the command says."""
    call_command("add_user", "eerste@nza.example", name="Eerste", role="nza", stdout=io.StringIO())
    Client().post("/wachtwoord/", {"email": "eerste@nza.example"})
    assert [sent.to for sent in outgoing.outbox] == [["eerste@nza.example"]]


def test_a_name_is_one_line_because_mails_begin_with_it(db: None) -> None:
    user = mandates.new_user(email="n@example.org", name="N\r\nBcc: kwaad@example.org\x00 Jansen")
    assert user.name == "N Bcc: Jansen"

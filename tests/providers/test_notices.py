"""What the portal tells people: once, to the right ones, and by mail that arrives or says why not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as outgoing
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from ivportal.celery import app
from providers import notices
from providers.access import EVERYTHING, scope
from providers.models import Act, AuditRecord, Mail, MailStatus, Notice, Provider, Round, RoundStatus, User
from providers.notices import PAUSES, _next, message_of, send_waiting, tell, try_again
from providers.tasks import send_mails
from tests.cast import Cast, browser_of, make_cast
from tests.delivering import acting


@pytest.fixture
def cast(db: None) -> Cast:
    """Give the cast."""
    return make_cast()


@pytest.fixture
def round(db: None) -> Round:
    """Give a round."""
    return Round.objects.create(
        slug="iv-2026", title="IV 2026", book_year=2025, source="portaal", template_version="iv-2"
    )


def returned(cast: Cast, *to: User, reden: str = "De zorgdagen tellen niet op.", **facts: Any) -> list[Notice]:
    """Tell people of De Linde that their delivery was given back."""
    said: dict[str, Any] = {"occasion": "1", "path": "/aanlevering/iv-2026/", "provider": cast.linde, **facts}
    return tell(kind="returned", to=to or (cast.anne,), reden=reden, **said)


class TestTelling:
    """Each person once."""

    def test_nobody_is_told_the_same_thing_twice(self, cast: Cast) -> None:
        assert len(returned(cast, cast.anne, cast.daan)) == 2
        assert [notice.recipient for notice in returned(cast, cast.daan, cast.greet, cast.anne)] == [cast.greet]
        assert returned(cast, cast.anne, cast.anne, occasion="2")[0].recipient == cast.anne
        assert Notice.objects.count() == Mail.objects.count() == 4
        assert Mail.objects.filter(address="anne@example.org").count() == 2

    def test_everybody_is_told_however_many_are_stored_at_a_time(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(notices, "BATCH", 2)
        people = [User.objects.create_user(f"wie{number}@example.org", name=f"Wie {number}") for number in range(5)]
        assert {notice.recipient for notice in returned(cast, *people)} == set(people)
        assert Notice.objects.count() == Mail.objects.count() == 5
        assert returned(cast, *people) == []

    def test_the_text_is_filled_in_and_what_somebody_wrote_stays_as_it_is(self, cast: Cast, round: Round) -> None:
        round.deadline, round.contact = timezone.now() + timedelta(days=9), "Bel Noor."
        (notice,) = returned(cast, reden="Zie {adres}\nen 100 % {", round=round)
        assert "Beste Anne," in notice.body
        assert "aanlevering van De Linde voor IV 2026" in notice.body
        assert "Zie {adres}\nen 100 % {" in notice.body
        assert "http://127.0.0.1:8000/aanlevering/iv-2026/" in notice.body
        assert "Bel Noor." in notice.body
        assert "IV 2026" in notice.subject

    def test_a_fact_that_is_missing_or_unknown_is_a_mistake_of_the_program(self, cast: Cast) -> None:
        for facts in ({}, {"reden": "x", "onzin": "y"}):
            with pytest.raises(ValueError, match="returned"):
                tell(kind="returned", to=[cast.anne], provider=cast.linde, occasion="1", **facts)
        assert not Notice.objects.exists()

    def test_a_provider_tells_its_own_people_and_nobody_else(self, cast: Cast) -> None:
        def declined(to: User, provider: Provider) -> list[Notice]:
            facts = {"wie": "Anne", "reden": "Nog niet."}
            return tell(kind="signature_declined", to=[to], provider=provider, occasion="1", **facts)

        with scope(acting(cast.anne).database_scope):
            assert len(declined(cast.anne, cast.linde)) == 1
            assert declined(cast.anne, cast.linde) == []
            with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
                declined(cast.bram, cast.anker)
            with pytest.raises(ProgrammingError, match="is not for provider"), transaction.atomic():
                returned(cast, cast.anne)
        assert Mail.objects.get().address == "anne@example.org"


class TestSubjects:
    """Nobody who writes a name or a reason gets into the headers of a mail."""

    @pytest.mark.parametrize(
        "evil", ["De Linde\r\nBcc: kwaad@example.org", "De Linde\nX-Kwaad: 1\n\nTekst", "De\x0bLinde\u2028x"]
    )
    def test_a_name_with_lines_in_it_stays_in_the_subject(self, cast: Cast, evil: str) -> None:
        cast.linde.name = evil
        (notice,) = tell(kind="validated", to=[cast.anne], provider=cast.linde, occasion="1")
        message = message_of(notice.mail).message()
        assert message.defects == []
        assert set(message.keys()) == {
            "Content-Type", "MIME-Version", "Content-Transfer-Encoding", "Subject", "From", "To", "Date", "Message-ID",
            "Auto-Submitted",
        }  # fmt: skip
        assert message["To"] == "anne@example.org"
        send_waiting()
        assert [sent.recipients() for sent in outgoing.outbox] == [["anne@example.org"]]


@dataclass
class Postbox:
    """A mail server on loopback: refuses ``nooit@``, postpones ``later@``, answers ``raar@`` with nonsense, takes the rest."""

    connections: int = 0
    taken: list[str] = field(default_factory=list)
    port: int = 0

    def serve(self, listening: socket.socket) -> None:
        """Answer until the listening socket closes."""
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            self.connections += 1
            with client, client.makefile("rwb") as stream:
                self._speak(stream)

    def _speak(self, stream: Any) -> None:
        def say(line: str) -> None:
            stream.write(line.encode("latin-1") + b"\r\n")
            stream.flush()

        say("220 postbus")
        while line := stream.readline().decode().strip():
            if line.upper().startswith("RCPT"):
                answers = {
                    "nooit@": "550 geen postbus",
                    "later@": "451 probeer later",
                    "raar@": "550 " + "\xff" * 400,
                    "druk@": "421 nu niet",
                }
                say(next((answer for name, answer in answers.items() if name in line), "250 ok"))
            elif line.upper() == "DATA":
                say("354 ga door")
                self.taken.append(b"".join(iter(stream.readline, b".\r\n")).decode())
                say("250 ok")
            elif line.upper() == "QUIT":
                say("221 dag")
                return
            else:
                say("250 ok")


@contextmanager
def postbox(settings: Any) -> Iterator[Postbox]:
    """Have a mail server that the portal uses."""
    box = Postbox()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        box.port = listening.getsockname()[1]
        thread = threading.Thread(target=box.serve, args=(listening,), daemon=True)
        thread.start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        yield box
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(timeout=60)


class TestSending:
    """What waits is sent, and what cannot be sent says why."""

    def test_many_mails_go_over_one_connection_and_each_once(self, cast: Cast, settings: Any) -> None:
        for number in range(20):
            returned(cast, cast.anne, cast.daan, occasion=str(number))
        with postbox(settings) as box:
            assert send_waiting(limit=15) == 15
            assert send_waiting() == 25
            assert send_waiting() == 0
        assert box.connections == 2
        known = [line for text in box.taken for line in text.splitlines() if line.startswith("Message-ID:")]
        assert len(known) == len(set(known)) == 40

    def test_more_mails_than_one_worker_sends_at_a_time_do_not_wait_for_the_clock(
        self, cast: Cast, mailoutbox: list[outgoing.EmailMessage]
    ) -> None:
        many = notices.LIMIT + 7
        messages = [
            notices.Message(to=[cast.anne], provider=cast.linde, occasion=str(number), facts={})
            for number in range(many)
        ]
        notices.tell_all(kind="validated", round=None, messages=messages)
        app.conf.task_always_eager = True  # who is woken works here and now
        try:
            send_mails()
        finally:
            app.conf.task_always_eager = False
        assert len(mailoutbox) == many
        assert set(Mail.objects.values_list("status", "tries")) == {(MailStatus.SENT, 1)}

    def test_an_address_that_does_not_exist_fails_at_once_and_the_others_go_on(self, cast: Cast, settings: Any) -> None:
        wrong = User.objects.create_user("nooit@example.org", name="Nooit")
        returned(cast, wrong, cast.anne, cast.daan)
        with postbox(settings) as box:
            assert send_waiting() == 2
        assert len(box.taken) == 2
        failed = Mail.objects.get(status=MailStatus.FAILED)
        assert failed.address == "nooit@example.org"
        assert "550 geen postbus" in failed.error
        assert failed.tries == 1

    def test_a_mail_that_is_postponed_is_tried_less_and_less_often_and_then_fails(
        self, cast: Cast, settings: Any
    ) -> None:
        returned(cast, User.objects.create_user("later@example.org", name="Later"))
        waited = []
        with postbox(settings):
            for _ in PAUSES:
                assert send_waiting() == 0
                mail = Mail.objects.get()
                assert mail.status == MailStatus.WAITING
                assert "451 probeer later" in mail.error
                waited.append(mail.next_try_at - timezone.now())
                assert send_waiting() == 0
                assert Mail.objects.get().tries == len(waited), "it was tried again before its time"
                Mail.objects.update(next_try_at=timezone.now())
            send_waiting()
        assert waited == sorted(waited)
        assert waited[0] > timedelta(seconds=50)
        assert Mail.objects.get().status == MailStatus.FAILED

    def test_a_server_that_is_away_loses_nothing(self, cast: Cast, settings: Any) -> None:
        returned(cast, cast.anne, cast.daan, cast.greet)
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        with socket.create_server(("127.0.0.1", 0)) as taken:
            settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", taken.getsockname()[1]
        for _ in range(len(PAUSES) + 2):
            Mail.objects.update(next_try_at=timezone.now())
            assert send_waiting() == 0
        assert set(Mail.objects.values_list("status", "tries")) == {(MailStatus.WAITING, 0)}, (
            "it is not the mail's fault"
        )
        assert Mail.objects.exclude(error="").get().error.startswith("ConnectionRefusedError"), (
            "one try is enough to know"
        )
        Mail.objects.update(next_try_at=timezone.now())
        with postbox(settings):
            assert send_waiting() == 3
        assert set(Mail.objects.values_list("tries", "error")) == {(1, "")}

    def test_a_server_that_closes_or_wants_another_password_says_nothing_about_the_mail(
        self, cast: Cast, settings: Any
    ) -> None:
        returned(cast, User.objects.create_user("druk@example.org", name="Druk"))
        for user, answer in (("", "421 nu niet"), ("portaal", "SMTPNotSupportedError")):
            settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = user
            with postbox(settings):
                for _ in range(len(PAUSES) + 2):
                    Mail.objects.update(next_try_at=timezone.now())
                    assert send_waiting() == 0
            mail = Mail.objects.get()
            assert (mail.status, mail.tries) == (MailStatus.WAITING, 0)
            assert answer in mail.error
            assert mail.next_try_at > timezone.now(), "it is not asked again at once"

    def test_a_mail_that_another_worker_has_in_hand_keeps_no_other_mail_waiting(self, transactional_db: None) -> None:
        """However long its mail server takes to answer."""
        cast = make_cast()
        returned(cast, cast.anne, cast.daan)
        with transaction.atomic():
            in_hand = _next([])
            assert in_hand is not None

            def send_the_rest() -> None:
                with scope(EVERYTHING), connection.cursor() as cursor:
                    cursor.execute("SET lock_timeout = '3s'")
                    send_waiting()
                connection.close()

            other = threading.Thread(target=send_the_rest)
            other.start()
            other.join(timeout=60)
            waiting = Mail.objects.filter(status=MailStatus.WAITING)
            assert [mail.pk for mail in waiting] == [in_hand.pk]
            assert [mail.to for mail in outgoing.outbox] == [
                [({"anne@example.org", "daan@example.org"} - {in_hand.address}).pop()]
            ]

    def test_a_mail_that_failed_is_sent_when_somebody_asks_for_it_again(self, cast: Cast) -> None:
        (notice,) = returned(cast)
        mail = notice.mail
        before = message_of(mail).message()["Message-ID"]
        mail.status, mail.tries, mail.error = MailStatus.FAILED, 5, "550 geen postbus"
        mail.save()
        assert send_waiting() == 0
        assert try_again(mail=mail, actor=None)
        assert not try_again(mail=mail, actor=None)
        mail.refresh_from_db()
        assert (mail.status, mail.tries) == (MailStatus.WAITING, 0), "the next no of the server would be the last again"
        assert send_waiting() == 1
        assert outgoing.outbox[0].message()["Message-ID"] == before
        assert not try_again(mail=mail, actor=None), "a mail that was sent is never sent again"
        assert AuditRecord.objects.filter(act=Act.MAIL_TRIED_AGAIN).count() == 1

    def test_whatever_a_server_answers_can_be_written_down(self, cast: Cast, settings: Any) -> None:
        """An answer of any length, in no encoding at all."""
        returned(cast, User.objects.create_user("raar@example.org", name="Raar"))
        with postbox(settings):
            assert send_waiting() == 0
        failed = Mail.objects.get()
        assert failed.status == MailStatus.FAILED
        assert len(failed.error) == 250


class TestInbox:
    """Everybody reads her own."""

    def test_she_sees_what_she_was_told_for_the_organisation_she_works_for_now(self, cast: Cast) -> None:
        returned(cast, cast.anne, cast.maria)
        tell(
            kind="mandate_granted",
            to=[cast.maria],
            occasion="1",
            wie="Noor",
            organisatie="NZa",
            bevoegdheden="x",
            einde="x",
        )
        assert "Wilt u uw aanlevering" in browser_of(cast.anne).get("/berichten/").content.decode()
        for other in (cast.daan, cast.bram, cast.noor):
            page = browser_of(other).get("/berichten/").content.decode()
            assert "U heeft nog geen berichten" in page
        maria = browser_of(cast.maria)
        for role, title in (("provider", "Wilt u uw aanlevering"), ("nza", "Uw bevoegdheid in het IV-portaal")):
            maria.post("/bevoegdheid/wisselen/", {"mandate": str(cast.maria.mandates.get(role=role).uuid)})
            page = maria.get("/berichten/").content.decode()
            assert title in page
            assert page.count("Nieuw</span>") == 1

    def test_a_message_of_somebody_else_is_not_there(self, cast: Cast) -> None:
        (notice,) = returned(cast, cast.anne)
        address = f"/berichten/{notice.uuid}/"
        assert [browser_of(who).get(address).status_code for who in (cast.daan, cast.bram, cast.noor, cast.karim)] == [
            404
        ] * 4
        assert browser_of(cast.daan).post("/berichten/gelezen/").status_code == 302
        notice.refresh_from_db()
        assert notice.read_at is None

    def test_the_menu_counts_what_is_unread(self, cast: Cast) -> None:
        (notice,) = returned(cast, cast.anne)
        returned(cast, cast.anne, occasion="2")
        anne = browser_of(cast.anne)
        assert '2<span class="visually-hidden"> ongelezen' in anne.get("/begrippen/").content.decode()
        page = anne.get(f"/berichten/{notice.uuid}/").content.decode()
        assert 'href="/aanlevering/iv-2026/"' in page
        assert '1<span class="visually-hidden"> ongelezen' in page
        first = Notice.objects.get(pk=notice.pk).read_at
        anne.get(f"/berichten/{notice.uuid}/")
        assert Notice.objects.get(pk=notice.pk).read_at == first
        anne.post("/berichten/gelezen/")
        assert "ongelezen" not in anne.get("/begrippen/").content.decode()

    def test_what_is_unread_comes_first(self, cast: Cast) -> None:
        for number in range(3):
            returned(cast, cast.anne, occasion=str(number), reden=f"Reden {number}")
        old, _, new = Notice.objects.order_by("pk")
        Notice.objects.filter(pk=new.pk).update(read_at=timezone.now())
        page = browser_of(cast.anne).get("/berichten/").content.decode()
        assert page.index(str(old.uuid)) < page.index(str(new.uuid))

    def test_what_somebody_wrote_is_text_on_the_page(self, cast: Cast) -> None:
        (notice,) = returned(cast, reden="<script>alert(1)</script>", path="//kwaad.example/")
        page = browser_of(cast.anne).get(f"/berichten/{notice.uuid}/").content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page
        assert 'href="//kwaad' not in page


class TestMailOfARound:
    """The NZa sees what went out and what did not."""

    def test_a_mail_that_failed_shows_why_and_can_be_tried_again(self, cast: Cast, round: Round) -> None:
        Round.objects.filter(pk=round.pk).update(status=RoundStatus.OPEN)
        returned(cast, cast.anne, cast.daan, round=round)
        Mail.objects.filter(address="daan@example.org").update(
            status=MailStatus.FAILED, tries=5, error="550 geen postbus"
        )
        noor = browser_of(cast.noor)
        page = noor.get("/rondes/iv-2026/post/").content.decode()
        assert "550 geen postbus" in page
        assert "daan@example.org" in page
        assert "anne@example.org" not in page
        assert "anne@example.org" in noor.get("/rondes/iv-2026/post/?status=waiting").content.decode()
        for wrong in ("onzin", "00000000-0000-0000-0000-000000000000"):
            noor.post("/rondes/iv-2026/post/opnieuw/", {"notice": wrong})
            assert Mail.objects.filter(status=MailStatus.FAILED).count() == 1
        answer = noor.post("/rondes/iv-2026/post/opnieuw/", follow=True).content.decode()
        assert "De e-mail wordt opnieuw verstuurd." in answer
        assert not Mail.objects.filter(status=MailStatus.FAILED).exists()

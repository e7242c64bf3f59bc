"""Notices on their way to real receivers."""

from __future__ import annotations

import asyncio
import email
import socket
import time
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from standardwebhooks import Webhook, WebhookVerificationError

from firstframe import doctor
from firstframe.alerts import courier as module
from firstframe.alerts.channel import Channel, Kind
from firstframe.alerts.courier import Courier
from firstframe.alerts.mail import Mail, mail_of
from firstframe.alerts.notice import Letter, letter_of
from firstframe.alerts.signature import new_signing_secret
from firstframe.errors import ConfigError, Undelivered
from firstframe.settings import Settings
from support_alert import incident, make_alert
from support_engine import free_port
from support_question import NOW_MS
from support_receiver import Receiver, receiving

SECRET = new_signing_secret()
URL = "https://stats.example"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def letter(**fields: Any) -> Letter:
    return letter_of("opened", incident(make_alert(**fields)), NOW_MS, URL)


def deliver(
    to: str, kind: Kind = "webhook", *, mail: Mail | None = None, private: bool = True, **fields: Any
) -> None:
    courier = Courier(mail, private_targets=private)
    asyncio.run(courier.deliver(Channel(kind=kind, to=to), letter(**fields), "n1", SECRET))


def test_a_webhook_is_json_that_any_library_of_the_standard_verifies(receiver: Receiver) -> None:
    deliver(receiver.url("/hook?x=1"))
    (posted,) = receiver.posted
    assert posted.path == "/hook?x=1"
    assert posted.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert posted.headers["content-type"] == "application/json"
    told = Webhook(SECRET).verify(posted.body, posted.headers)
    assert told["type"] == "incident.opened"
    assert told["data"]["value"] == 0.1
    assert told["data"]["url"] == f"{URL}/alerts?incident=i1"
    with pytest.raises(WebhookVerificationError):
        Webhook(new_signing_secret()).verify(posted.body, posted.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(posted.body + b" ", posted.headers)


def test_a_chat_gets_text_in_which_nobody_is_called(receiver: Receiver) -> None:
    deliver(receiver.url(), "chat", name="<!channel> @all & <https://x|bank>")
    (posted,) = receiver.posted
    assert "&lt;!channel&gt;" in posted.json["text"]
    assert "@all" not in posted.json["text"]
    assert "webhook-signature" not in posted.headers


@pytest.mark.parametrize("status", [301, 307, 400, 404, 410, 500, 503])
def test_what_is_not_taken_is_told(receiver: Receiver, status: int) -> None:
    receiver.status = status
    receiver.headers = {"location": receiver.url("/elsewhere")}
    with pytest.raises(Undelivered, match=str(status)):
        deliver(receiver.url())
    assert len(receiver.posted) == 1, "redirects are not followed"


def test_a_receiver_that_does_not_answer_is_left(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.2)
    receiver.wait_seconds = 3
    with pytest.raises(Undelivered, match="no answer"):
        deliver(receiver.url())


def test_slow_name_servers_hold_no_thread_that_others_need(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch asks its database in the usual threads, of which there are few."""
    monkeypatch.setattr(module, "SECONDS", 0.1)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(0.8))
    courier = Courier(None, private_targets=True)

    async def main() -> float:
        away = (Channel(kind="chat", to=f"http://{n}.example/") for n in range(40))
        tries = [courier.deliver(one, letter(), "n1", SECRET) for one in away]
        found = await asyncio.gather(*tries, return_exceptions=True)
        assert all(isinstance(one, Undelivered) for one in found)
        began = time.monotonic()
        await asyncio.to_thread(int)
        return time.monotonic() - began

    assert asyncio.run(main()) < 0.2


def test_nothing_is_sent_to_the_machine_itself(receiver: Receiver) -> None:
    with pytest.raises(Undelivered, match="alert_private_targets"):
        deliver(receiver.url(), private=False)
    assert receiver.posted == []


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "https://127.0.0.1:{port}/", "http://no-such.invalid/"]
)
def test_who_cannot_be_reached_is_told(receiver: Receiver, url: str) -> None:
    with pytest.raises(Undelivered):
        deliver(url.format(port=receiver.port))


class Mailbox:
    """What a mail server took."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.refuses = False

    async def handle_DATA(  # noqa: N802 - the library's name
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        if self.refuses:
            return "451 try again later"
        self.letters.append(email.message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=lambda *args: AuthResult(
            success=args[-1] == LoginPassword(b"me", b"p@ss"), handled=False
        ),
        auth_require_tls=False,
    )
    controller.start()
    yield box, controller.port
    controller.stop()


def test_a_letter_reaches_a_mailbox(mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    mail = mail_of(f"smtp://me:p%40ss@127.0.0.1:{port}", "firstframe@example.com")
    deliver("team@example.com", "email", mail=mail, name="Rebuffering – überall", note="see the wiki")
    (got,) = box.letters
    assert got["subject"] == "[WARNING] Rebuffering – überall"
    assert (got["from"], got["to"]) == ("firstframe@example.com", "team@example.com")
    assert got["message-id"] == "<n1@example.com>"
    text = got.get_content()
    assert "see the wiki" in text
    assert "10 % over 10 minutes" in text
    assert f"{URL}/alerts?incident=i1" in text


def test_a_mail_server_that_does_not_take_it_is_told(mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    box.refuses = True
    with pytest.raises(Undelivered, match="try again later"):
        deliver("a@b.example", "email", mail=mail_of(f"smtp://127.0.0.1:{port}", "f@example.com"))
    wrong = mail_of(f"smtp://me:wrong@127.0.0.1:{port}", "f@example.com")
    with pytest.raises(Undelivered, match="the mail server"):
        deliver("a@b.example", "email", mail=wrong)
    with pytest.raises(Undelivered, match="the mail server"):
        deliver("a@b.example", "email", mail=mail_of("smtp://127.0.0.1:1", "f@example.com"))


def test_the_doctor_tells_whether_the_mail_server_takes_us(mailbox: tuple[Mailbox, int]) -> None:
    _, port = mailbox
    sender = "firstframe@example.com"
    right = Settings(smtp=f"smtp://me:p%40ss@127.0.0.1:{port}", mail_from=sender)
    assert [one.verdict for one in doctor.mail(right)] == ["good"]
    assert [one.verdict for one in doctor.mail(Settings())] == ["note"]
    for url in (f"smtp://me:wrong@127.0.0.1:{port}", "smtp://127.0.0.1:1"):
        with pytest.raises(OSError):
            list(doctor.mail(Settings(smtp=url, mail_from=sender)))


def test_without_a_mail_server_nothing_is_mailed() -> None:
    with pytest.raises(Undelivered, match="smtp"):
        deliver("a@b.example", "email")


@pytest.mark.parametrize(
    "url", ["mail.example", "http://mail.example", "smtp://", "smtp://h:port", "smtp://[::1"]
)
def test_a_mail_server_that_is_none_is_told_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError, match="smtps"):
        mail_of(url, "f@example.com")
    with pytest.raises(ConfigError) as caught:
        mail_of("smtq://me:secret@h", "f@example.com")
    assert "secret" not in str(caught.value)
    for sender in ("nobody", "nobody@", "@", "a@b\n"):
        with pytest.raises(ConfigError, match="mail_from"):
            mail_of("smtp://h", sender)
    assert mail_of("smtp://h", "First Frame <a@b.example>")


def test_a_value_from_a_player_stays_on_its_line() -> None:
    alert = make_alert(group_by=["video_title"])
    group = {"video_title": "A\r\nBcc: x\u2028" + "y" * 500}
    made = letter_of("opened", incident(alert, group=group), NOW_MS, URL)
    assert "\n" not in made.title
    assert "\u2028" not in made.title
    assert len(made.title) < 200
    assert made.data["data"]["group"] == group

"""Each way out says what it knows: taken, surely not taken, or in doubt."""

import asyncio
import email
import email.message
import json
import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from app.delivery.channels import REFUSED, SENT, UNCERTAIN, Fuse, Message, Outcome, SignedWebhook, SmsFolder
from app.delivery.ledger import SentLedger
from app.delivery.mail import Mail
from app.infrastructure.clock import machine_seconds
from app.infrastructure.delivery_settings import DeliverySettings
from app.infrastructure.settings import SettingsRefused, load_settings
from app.regulation.vocabulary import DeliveryChannel
from tests.support.gateways import DROPPING, FAILING, REFUSING, SLOW, open_gateway

TO = "office@example.test"


def message(channel: DeliveryChannel, address: str) -> Message:
    said = {"type": "letter.dispatched", "message_id": "letter-1-main-x", "data": {"letter": "1"}}
    return Message(
        1, "letter-1-main-x", 1, channel, "函告：东安办函〔2026〕1号", "请登录系统查看。", said, address, "s"
    )


class MailServer:
    """Takes mail, or answers as it is told to."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.answer_to_recipient = "250 OK"
        self.answer_to_data: str | None = "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's own name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.answer_to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer_to_recipient

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        self.taken.append(envelope)
        if self.answer_to_data is None:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
            return "250 never heard"
        return self.answer_to_data


@contextmanager
def mail_server() -> Iterator[tuple[MailServer, Mail]]:
    server = MailServer()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield server, Mail(mail_settings(smtp_port=port), machine_seconds)
    finally:
        controller.stop()


def mail_settings(**changed: Any) -> DeliverySettings:
    return DeliverySettings(
        **{"smtp_host": "127.0.0.1", "smtp_security": "none", "smtp_from": "qingling@example.test", **changed}
    )


def handed(mail: Mail) -> Outcome:
    return asyncio.run(mail.send(message(DeliveryChannel.EMAIL, TO)))


def test_a_mail_carries_its_words_and_an_id_made_of_the_stable_one() -> None:
    with mail_server() as (server, mail):
        assert handed(mail) == Outcome(SENT, "smtp:250")
    (envelope,) = server.taken
    assert envelope.rcpt_tos == [TO]
    assert isinstance(envelope.content, bytes)
    read = email.message_from_bytes(envelope.content, policy=policy.default)
    assert read["message-id"] == "<letter-1-main-x@example.test>"
    assert read["subject"] == "函告：东安办函〔2026〕1号"
    assert isinstance(read, email.message.EmailMessage)
    assert read.get_content().strip() == "请登录系统查看。"


def test_a_recipient_that_the_server_does_not_know_is_not_tried_again() -> None:
    with mail_server() as (server, mail):
        server.answer_to_recipient = "550 no such user"
        assert handed(mail) == Outcome(REFUSED, "smtp:550", is_final=True)
        server.answer_to_recipient = "451 later"
        assert handed(mail) == Outcome(REFUSED, "smtp:451")
    assert not server.taken


def test_a_mail_that_the_server_took_without_a_word_is_in_doubt() -> None:
    with mail_server() as (server, mail):
        server.answer_to_data = None
        assert handed(mail).outcome is UNCERTAIN
        server.answer_to_data = "552 too large"
        assert handed(mail) == Outcome(REFUSED, "smtp:552")
    assert len(server.taken) == 2


def test_a_server_that_is_not_there_has_taken_nothing() -> None:
    with mail_server() as (_, mail):
        pass
    assert handed(mail) == Outcome(REFUSED, "ConnectionRefusedError")


def test_a_server_without_tls_is_sent_nothing_where_tls_is_asked() -> None:
    with mail_server() as (server, mail):
        guarded = Mail(mail.settings.model_copy(update={"smtp_security": "starttls"}), machine_seconds)
        assert handed(guarded) == Outcome(REFUSED, smtplib.SMTPNotSupportedError.__name__)
    assert not server.taken


def test_settings_that_would_send_mail_in_clear_or_from_nobody_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QINGLING_SMTP_HOST", "mail.example.test")
    with pytest.raises(SettingsRefused, match="QINGLING_SMTP_FROM"):
        load_settings({})
    monkeypatch.setenv("QINGLING_SMTP_FROM", "qingling@example.test")
    monkeypatch.setenv("QINGLING_SMTP_SECURITY", "none")
    with pytest.raises(SettingsRefused, match="QINGLING_SMTP_SECURITY"):
        load_settings({})


@pytest.mark.parametrize(
    ("temper", "outcome", "code"),
    [
        ("honest", SENT, "http:202"),
        (FAILING, UNCERTAIN, "http:500"),
        (REFUSING, REFUSED, "http:429"),
        (SLOW, UNCERTAIN, "ReadTimeout"),
        (DROPPING, UNCERTAIN, "RemoteProtocolError"),
    ],
)
def test_a_webhook_tells_taken_from_refused_from_in_doubt(temper: str, outcome: str, code: str) -> None:
    with open_gateway(temper) as gateway:
        way = SignedWebhook(b"k" * 32, 0.5, machine_seconds)
        told = asyncio.run(way.send(message(DeliveryChannel.WEBHOOK, gateway.url)))
    assert (told.outcome, told.code) == (outcome, code)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/", "ftp://example.test/", "no address"])
def test_a_webhook_that_cannot_be_reached_has_taken_nothing(address: str) -> None:
    told = asyncio.run(SignedWebhook(b"k" * 32, 0.5, machine_seconds).send(message(DeliveryChannel.WEBHOOK, address)))
    assert told.outcome is REFUSED


def test_a_text_message_is_a_whole_file_and_the_same_one_again(tmp_path: Path) -> None:
    way = SmsFolder(tmp_path / "sms")
    for _ in range(2):
        told = asyncio.run(way.send(message(DeliveryChannel.SMS_FILE, "13800000000")))
        assert told == Outcome(SENT, "file")
    (file,) = (tmp_path / "sms").iterdir()
    assert file.name == "letter-1-main-x.json"
    assert json.loads(file.read_text(encoding="utf-8")) == {
        "message_id": "letter-1-main-x",
        "phone": "13800000000",
        "text": "请登录系统查看。",
    }


def test_a_folder_that_cannot_be_written_has_taken_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    told = asyncio.run(SmsFolder(tmp_path / "file").send(message(DeliveryChannel.SMS_FILE, "13800000000")))
    assert told.outcome is REFUSED


@pytest.mark.parametrize(
    ("allowed", "address", "lets"),
    [
        ("", TO, False),
        (TO, TO, True),
        ("@example.test", TO, True),
        ("@example.test", "office@sub.example.test", False),
        ("example.test", "https://example.test/hook", True),
        ("example.test", "https://example.test.evil.test/hook", False),
        ("example.test", "https://example.test@evil.test/hook", False),
        ("@example.test", "https://evil.test/@example.test", False),
    ],
)
def test_outside_production_the_operators_list_decides(allowed: str, address: str, lets: bool) -> None:
    fuse = Fuse(DeliverySettings(delivery_allow=allowed).allowed, is_production=False)
    channel = DeliveryChannel.WEBHOOK if address.startswith("https:") else DeliveryChannel.EMAIL
    assert fuse.lets(message(channel, address)) is lets


def test_the_ledger_knows_what_left_and_what_may_have(tmp_path: Path) -> None:
    ledger = SentLedger(tmp_path / "ledger")
    assert not ledger.was_sent("a")
    ledger.begin("a", 1)
    assert not ledger.was_sent("a")
    assert ledger.may_be_out("a", 1)
    assert not ledger.may_be_out("a", 2)
    ledger.refused("a", 1)
    assert not ledger.may_be_out("a", 1)
    ledger.sent("a", 2)
    assert ledger.was_sent("a")
    assert not ledger.was_sent("b")

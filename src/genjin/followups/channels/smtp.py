"""Speaks SMTP so that it is always known how far a message came.

Until the last dot is sent the server has not taken it, whatever happens: it may be tried again.
From the last dot until its answer is read nobody knows (RFC 5321, 6.1): the only uncertain
moment, kept as short as can be by sending the dot apart from the body.
"""

import re
import smtplib
import socket
import ssl
from dataclasses import dataclass
from email.utils import parseaddr

from django.conf import settings

from genjin.followups.channels import mime
from genjin.followups.channels.base import Handed, Later, Outcome, Refused, ServerNotReady, Unknown

CONNECT_SECONDS = 20
COMMAND_SECONDS = 60
# A server may look at a message for long before it answers; RFC 5321 4.5.3.2.6 grants ten minutes.
ANSWER_SECONDS = 300
LONGEST_REPLY = 300
_ENHANCED = re.compile(r"^([245])\.(\d{1,3})\.(\d{1,3})\b")
# Replies to RCPT that speak of the address where the server gives no finer code (RFC 5321, 4.2.3).
_NO_SUCH_ADDRESS = (550, 551, 553)
_FAULTS = (OSError, smtplib.SMTPException)


@dataclass(frozen=True)
class Server:
    """Where the mail server is and how it is spoken to."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    starts_tls: bool = False
    is_tls: bool = False
    sender: str = "genjin@localhost"


def configured() -> Server:
    """The server of GENJIN_SMTP; an empty host when none is named."""
    return Server(
        host=settings.EMAIL_HOST, port=settings.EMAIL_PORT, user=settings.EMAIL_HOST_USER,
        password=settings.EMAIL_HOST_PASSWORD, starts_tls=settings.EMAIL_USE_TLS,
        is_tls=settings.EMAIL_USE_SSL, sender=settings.DEFAULT_FROM_EMAIL,
    )  # fmt: skip


def _text(code: int, reply: bytes | str) -> str:
    words = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return f"{code} {' '.join(words.split())}"[:LONGEST_REPLY]


def _fault(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:LONGEST_REPLY]


def speaks_of_address(code: int, reply: bytes) -> bool:
    """Whether a refusal says that there is no such address, rather than that we are unwelcome.

    The finer code decides where there is one (RFC 3463): x.1.* is the address, x.7.* a policy.
    """
    found = _ENHANCED.match(reply.decode("ascii", "replace").strip())
    if found:
        return found[2] == "1" and found[3] not in ("7", "8")  # 7 and 8 speak of the sender
    # "relaying denied" without a finer code says that our own set-up is wrong
    return code in _NO_SUCH_ADDRESS and b"relay" not in reply.lower()


def connect(server: Server | None = None) -> "SmtpSession":
    """Opens a session, signed in and encrypted as set. Raises ServerNotReady with the reason."""
    server = server or configured()
    if not server.host:
        raise ServerNotReady("no mail server is set (GENJIN_SMTP)")
    kind = smtplib.SMTP_SSL if server.is_tls else smtplib.SMTP
    client = kind(timeout=CONNECT_SECONDS)
    try:
        code, reply = client.connect(server.host, server.port)
        if code != 220:
            raise ServerNotReady(_text(code, reply))
        client.ehlo_or_helo_if_needed()
        if server.starts_tls:
            client.starttls(context=ssl.create_default_context())
            client.ehlo()
        if server.user:
            client.login(server.user, server.password)
    except ServerNotReady:
        client.close()
        raise
    except (*_FAULTS, ValueError) as error:
        client.close()
        raise ServerNotReady(_fault(error)) from error
    assert client.sock is not None
    client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.sock.settimeout(COMMAND_SECONDS)
    return SmtpSession(client, parseaddr(server.sender)[1])


class SmtpSession:
    """One connection to the mail server."""

    def __init__(self, client: smtplib.SMTP, sender: str) -> None:
        self._client = client
        self._sender = mime.wire_address(sender)
        self.is_broken = False

    def send(self, *, recipient: str, data: bytes) -> Outcome:
        """Hands over one message (`mime.write`); says for certain how far it came."""
        try:
            refused = self._envelope(recipient)
            if refused is not None:
                return refused
            self._sock().sendall(mime.dotted(data))
        except mime.NotWritable as error:
            return Refused(str(error), is_address=True)
        except _FAULTS as error:
            self.is_broken = True
            return Later(_fault(error), is_server=True)
        return self._finish()

    def _sock(self) -> socket.socket:
        if self._client.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection is closed")
        return self._client.sock

    def _envelope(self, recipient: str) -> Outcome | None:
        """Sender, recipient and the leave to send the text; None when the server has agreed."""
        address, options = mime.wire_address(recipient), []
        if not address.isascii():
            if not self._client.has_extn("smtputf8"):
                return Refused("the mail server does not speak SMTPUTF8")
            options = ["SMTPUTF8"]
            self._client.command_encoding = "utf-8"
        code, reply = self._client.mail(self._sender, options)
        if code != 250:  # it does not want us: that is no fault of the message
            self._reset(code)
            return Later(_text(code, reply), is_server=True)
        code, reply = self._client.rcpt(address)
        if code not in (250, 251):
            self._reset(code)
            return self._no(code, reply, is_recipient=True)
        code, reply = self._client.docmd("data")
        if code != 354:
            self._reset(code)
            return self._no(code, reply, is_recipient=False)
        return None

    def _no(self, code: int, reply: bytes, *, is_recipient: bool) -> Outcome:
        if 500 <= code < 600:
            finer = bool(_ENHANCED.match(reply.decode("ascii", "replace").strip()))
            is_address = (is_recipient or finer) and speaks_of_address(code, reply)
            return Refused(_text(code, reply), is_address=is_address)
        return Later(_text(code, reply), is_server=code == 421)

    def _finish(self) -> Outcome:
        """Sends the last dot and reads the answer: from here until then it is uncertain."""
        try:
            sock = self._sock()
            sock.settimeout(ANSWER_SECONDS)
            sock.sendall(b".\r\n")
            code, reply = self._client.getreply()
            sock.settimeout(COMMAND_SECONDS)
        except _FAULTS as error:
            self.is_broken = True
            return Unknown(_fault(error))
        if code == 250:
            return Handed(_text(code, reply))
        if code == 421:
            self.is_broken = True
        if not 400 <= code < 600:  # an answer that means nothing
            self.is_broken = True
            return Unknown(_text(code, reply))
        return self._no(code, reply, is_recipient=False)

    def _reset(self, code: int) -> None:
        if code in (421, -1):
            self.is_broken = True
            return
        self._client.rset()

    def close(self) -> None:
        """Says goodbye where somebody still listens."""
        try:
            if not self.is_broken:
                self._client.sock.settimeout(5)  # type: ignore[union-attr]
                self._client.quit()
        except (*_FAULTS, AttributeError):
            pass
        finally:
            self._client.close()

"""Writes a message as the bytes that go to the server.

The standard library builds about a thousand messages a second; a mailing is held up by that and
not by the server. What is needed here is little: text, optionally HTML beside it, attachments.
Everything is ASCII on the wire (base64), so that no server has to be asked what it bears.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr, parseaddr
from urllib.parse import quote


@dataclass(frozen=True)
class Part:
    """An attachment with its bytes."""

    name: str
    type: str
    data: bytes


@dataclass(frozen=True)
class Draft:
    """What a message says, and to whom. `sender` and `reply_to` are addresses with a name."""

    id: str
    sender: str
    recipient: str
    subject: str
    text: str
    at: datetime
    html: str = ""
    recipient_name: str = ""
    reply_to: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    parts: Sequence[Part] = ()


class NotWritable(ValueError):
    """Something in it cannot stand in a message: a line break in a header, a bad address."""


def message_id(key: str, sender: str) -> str:
    """The Message-ID of a row: made from its key, so that it is found in the server's log."""
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    return f"<{key}@{wire_domain(domain)}>"


def wire_domain(domain: str) -> str:
    """A domain as servers know it. Raises NotWritable for one that cannot be a domain."""
    try:
        return domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise NotWritable(f"not a domain: {domain[:80]}") from error


def wire_address(address: str) -> str:
    """An address as it stands in the envelope; its domain in ASCII. Raises NotWritable."""
    local, at, domain = address.strip().rpartition("@")
    if not (local and at and domain) or any(char in address for char in "\r\n<> \x00"):
        raise NotWritable(f"not an address: {address[:80]}")
    return f"{local}@{wire_domain(domain)}"


def _one_line(name: str, value: str) -> str:
    if any(char in f"{name}{value}" for char in "\r\n\x00"):
        raise NotWritable(f"a line break in {name[:40]}")
    return value


def _words(name: str, value: str) -> str:
    """Free text of a header: as it is, or encoded and folded."""
    _one_line(name, value)
    if value.isascii() and len(value) + len(name) < 76:
        return value
    return Header(value, "utf-8", header_name=name).encode(linesep="\r\n")


def _person(name: str, value: str) -> str:
    shown, address = parseaddr(_one_line(name, value))
    plain = wire_address(address)
    if not plain.isascii():  # only a server that speaks SMTPUTF8 is given such a message
        return f'"{shown}" <{plain}>' if shown else plain
    return formataddr((shown, plain), "utf-8")


def _base64(data: bytes) -> str:
    return base64.encodebytes(data).decode("ascii").replace("\n", "\r\n")


def _text(subtype: str, text: str) -> str:
    body = text.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8", "replace")
    return (
        f'Content-Type: text/{subtype}; charset="utf-8"\r\n'
        f"Content-Transfer-Encoding: base64\r\n\r\n{_base64(body)}"
    )


def _attached(part: Part) -> str:
    name = quote(_one_line("attachment", part.name), safe="")
    return (
        f"Content-Type: {_one_line('attachment', part.type)}\r\n"
        f"Content-Disposition: attachment; filename*=utf-8''{name}\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\n{_base64(part.data)}"
    )


def _several(subtype: str, boundary: str, entities: Sequence[str]) -> str:
    # base64 never holds "=_" at the beginning of a line, so the boundary cannot stand inside
    inner = "".join(f"--{boundary}\r\n{one}\r\n" for one in entities)
    return (
        f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n{inner}--{boundary}--\r\n'
    )


def write(draft: Draft) -> bytes:
    """The message, its lines ended by CRLF. Raises NotWritable."""
    headers = {
        "From": _person("From", draft.sender),
        "To": _person("To", formataddr((draft.recipient_name, draft.recipient), "utf-8")
                      if draft.recipient_name else draft.recipient),
        "Subject": _words("Subject", draft.subject),
        "Date": format_datetime(draft.at),
        "Message-ID": message_id(draft.id, draft.sender),
        **({"Reply-To": _person("Reply-To", draft.reply_to)} if draft.reply_to else {}),
        **{name: _one_line(name, value) for name, value in draft.headers.items()},
        "MIME-Version": "1.0",
    }  # fmt: skip
    entity = _text("plain", draft.text)
    if draft.html:
        both = [entity, _text("html", draft.html)]
        entity = _several("alternative", f"=_a{draft.id}", both)
    if draft.parts:
        entity = _several("mixed", f"=_m{draft.id}", [entity, *map(_attached, draft.parts)])
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return (head + entity).encode("utf-8")


def dotted(data: bytes) -> bytes:
    """The message as SMTP carries it: ended by CRLF, a dot that begins a line doubled."""
    if not data.endswith(b"\r\n"):
        data += b"\r\n"
    if data.startswith(b"."):
        data = b"." + data
    return data.replace(b"\r\n.", b"\r\n..")

"""A real mail server for tests: takes messages over TCP and can be told to misbehave."""

import asyncio
import email
import email.policy
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

try:
    from aiosmtpd.controller import Controller
except ImportError:  # pragma: no cover - the fixture says so
    Controller = None

Fault = str | Callable[[str], str | None]


@dataclass
class Receiver:
    """What arrived, in its order, and what shall go wrong.

    `faults` maps a recipient (or "*") to what happens to a message for it: "rcpt 550 5.1.1 no such
    user", "data 451 later" (an answer to the text), "hang" (took it, never answers), "close" (took
    it and hangs up), "hang-early", "close-early" (before it was asked for the text). A fault in
    `once` happens to the first message only.
    """

    host: str = "127.0.0.1"
    port: int = 0
    received: list[tuple[str, bytes]] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)
    once: set[str] = field(default_factory=set)
    tried: list[str] = field(default_factory=list)
    mail_answer: str = ""

    def fault_of(self, recipient: str) -> str:
        key = recipient if recipient in self.faults else "*"
        found = self.faults.get(key, "")
        if key in self.once:
            self.faults.pop(key, None)
        return found

    @property
    def recipients(self) -> list[str]:
        return [recipient for recipient, _data in self.received]

    @property
    def messages(self) -> list[EmailMessage]:
        """What arrived, read as a mail program does."""
        return [
            email.message_from_bytes(data, policy=email.policy.default)  # type: ignore[misc]
            for _recipient, data in self.received
        ]

    def ids(self) -> list[str]:
        return [str(message["Message-ID"]) for message in self.messages]

    # ── what aiosmtpd calls ──────────────────────────────────────────────────────────────────────
    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str,
                          options: list[str]) -> str:  # fmt: skip
        if self.mail_answer:
            return self.mail_answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str,
                          options: list[str]) -> str:  # fmt: skip
        self.tried.append(address)
        envelope.fault = self.fault_of(address)
        if envelope.fault.startswith("rcpt "):
            return envelope.fault.removeprefix("rcpt ")
        if envelope.fault == "hang-early":
            await asyncio.sleep(3600)
        if envelope.fault == "close-early":
            server.transport.close()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if envelope.fault.startswith("data "):
            return envelope.fault.removeprefix("data ")
        self.received.append((envelope.rcpt_tos[0], envelope.content))
        if envelope.fault == "hang":
            await asyncio.sleep(3600)
        if envelope.fault == "close":
            server.transport.abort()
        found = re.search(rb"(?im)^message-id: <([^@]+)", envelope.content)
        return f"250 2.0.0 taken {found[1].decode() if found else ''}"


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver on a free port for the time of the block."""

    class AnyPort(Controller):  # type: ignore[misc,valid-type]
        """Listens where there is room, and greets itself there."""

        def _trigger_server(self) -> None:
            self.port = self.server.sockets[0].getsockname()[1]
            super()._trigger_server()

    taken = Receiver()
    controller = AnyPort(taken, hostname=taken.host, port=0)
    controller.start()
    try:
        taken.port = controller.port
        yield taken
    finally:
        controller.stop(no_assert=True)

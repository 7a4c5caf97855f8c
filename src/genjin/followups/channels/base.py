"""What every channel speaks: a session to its server, and the four answers it can give."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Handed:
    """The server took the message."""

    reply: str


@dataclass(frozen=True)
class Later:
    """The server has not taken it and may do so later. `is_server`: the fault is not of this
    message, nothing else would pass now either."""

    reply: str
    is_server: bool = False


@dataclass(frozen=True)
class Refused:
    """The server will not take it. `is_address`: because there is no such address."""

    reply: str
    is_address: bool = False


@dataclass(frozen=True)
class Unknown:
    """The message was handed over and no answer came: the server may have it or not."""

    reply: str


Outcome = Handed | Later | Refused | Unknown


class ServerNotReady(Exception):
    """There is no session to be had: no server named, no answer, or it refuses us."""


class Session(Protocol):
    """A connection on which one message goes after the other. After `is_broken` none does."""

    @property
    def is_broken(self) -> bool: ...

    def send(self, *, recipient: str, data: bytes) -> Outcome: ...

    def close(self) -> None: ...

"""The words beside a score: encrypted under a key of their own, which erasing destroys.

A row's key has two halves: one encrypts (AES-256-GCM), one makes the digest that stands in the
chain. The key itself is kept wrapped by the key that signs the chain. Once row and key are gone,
the digest in the chain tells nothing about the words, not even to one who guesses them.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from genjin.followups.scores.keys import Keys
from genjin.kernel.hashchain import KEY_ID_LENGTH

_HALF = 32
_NONCE = 12


@dataclass(frozen=True)
class Sealed:
    """What is stored: the wrapped key and the encrypted words; and what the chain holds."""

    key: bytes
    body: bytes
    digest: bytes


class Unreadable(Exception):
    """The words or their key are not as they were written."""


@lru_cache(maxsize=8)
def _wrapping(master: bytes) -> AESGCM:
    return AESGCM(hashlib.sha256(b"genjin score words\0" + master).digest())


def _digest(row_key: bytes, words: bytes) -> bytes:
    return hmac.digest(row_key[_HALF:], words, "sha256")


def seal(text: str, keys: Keys) -> Sealed:
    """Encrypts words under a new key."""
    words, row_key = text.encode("utf-8"), secrets.token_bytes(2 * _HALF)
    nonce, key_nonce = secrets.token_bytes(_NONCE), secrets.token_bytes(_NONCE)
    wrapped = _wrapping(keys.signing()).encrypt(key_nonce, row_key, None)
    return Sealed(
        key=keys.current.encode("ascii") + key_nonce + wrapped,
        body=nonce + AESGCM(row_key[:_HALF]).encrypt(nonce, words, None),
        digest=_digest(row_key, words),
    )


def unseal(key: bytes, body: bytes, digest: bytes, keys: Keys) -> str:
    """The words again. Raises Unreadable when anything was changed or the key is not known."""
    master = keys.by_id.get(key[:KEY_ID_LENGTH].decode("ascii", errors="replace"))
    if master is None:
        raise Unreadable
    nonce = key[KEY_ID_LENGTH : KEY_ID_LENGTH + _NONCE]
    try:
        row_key = _wrapping(master).decrypt(nonce, key[KEY_ID_LENGTH + _NONCE :], None)
        words = AESGCM(row_key[:_HALF]).decrypt(body[:_NONCE], body[_NONCE:], None)
    except (InvalidTag, ValueError) as error:
        raise Unreadable from error
    if not hmac.compare_digest(_digest(row_key, words), digest):
        raise Unreadable
    return words.decode("utf-8")

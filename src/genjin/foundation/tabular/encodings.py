"""Finds out in which encoding a text file was written: UTF-8, UTF-16, GB18030 or Big5.

What decodes without an error and gives frequent characters wins. Both Chinese standards put
their frequent characters into one range of lead bytes, so the share of characters from that
range tells them apart without a word list.
"""

from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

UTF8, UTF16, GB18030, BIG5, WINDOWS = "utf-8", "utf-16", "gb18030", "big5", "cp1252"
ENCODINGS = (UTF8, GB18030, BIG5, UTF16, WINDOWS)
# HKSCS is Big5 with the characters that Hong Kong added.
_CODECS = {UTF8: "utf-8-sig", BIG5: "big5hkscs"}
_BLOCK_BYTES = 1024 * 1024
_SAMPLE_BYTES = 1024 * 1024
_SURE_SHARE = 0.8
_POSSIBLE_SHARE = 0.5


@dataclass(frozen=True)
class EncodingGuess:
    """The encoding found; `is_sure` False asks a person to look at the preview."""

    encoding: str
    is_sure: bool


def codec(encoding: str) -> str:
    """The name under which Python knows one of ENCODINGS."""
    return _CODECS.get(encoding, encoding)


def detect(path: Path) -> EncodingGuess:
    """Finds the encoding of a whole file, also when its first characters beyond ASCII come late."""
    with path.open("rb") as file:
        start = file.read(4)
        if start.startswith(b"\xef\xbb\xbf"):
            return EncodingGuess(UTF8, True)
        if start.startswith((b"\xff\xfe", b"\xfe\xff")):
            return EncodingGuess(UTF16, True)
        file.seek(0)
        sample = bytearray()
        while block := file.readlines(_BLOCK_BYTES):
            for line in block:
                if not line.isascii() or (b"\x00" in line and len(sample) < 1000):
                    sample += line
            if len(sample) >= _SAMPLE_BYTES:
                break
    return detect_bytes(bytes(sample))


def detect_bytes(sample: bytes) -> EncodingGuess:
    """Finds the encoding of some whole lines; pure ASCII counts as UTF-8."""
    if sample.isascii() and b"\x00" not in sample:
        return EncodingGuess(UTF8, True)
    if b"\x00" in sample:
        even, odd = sample[::2].count(0), sample[1::2].count(0)
        if max(even, odd) * 4 > len(sample):
            return EncodingGuess(UTF16, False)
    if _decodes(sample, UTF8):
        return EncodingGuess(UTF8, True)
    shares = {name: _frequent_share(sample, name) for name in (GB18030, BIG5)}
    best = max(shares, key=lambda name: shares[name])
    other = min(shares, key=lambda name: shares[name])
    if shares[best] >= _POSSIBLE_SHARE:
        is_sure = shares[best] >= _SURE_SHARE and shares[best] - shares[other] > 0.1
        return EncodingGuess(best, is_sure)
    # Traditional characters in GB18030 lie outside its frequent range, and are no valid Big5.
    if _decodes(sample, GB18030) and not _decodes(sample, BIG5):
        likely = from_bytes(sample[:20000]).best()
        if likely is None or likely.encoding in {"gb18030", "gbk", "gb2312"}:
            return EncodingGuess(GB18030, False)
    return EncodingGuess(WINDOWS if shares[best] <= 0 else best, False)


def _decodes(sample: bytes, encoding: str) -> bool:
    try:
        sample.decode(codec(encoding))
    except UnicodeDecodeError:
        return False
    return True


def _frequent_share(sample: bytes, encoding: str) -> float:
    """The share of characters beyond ASCII that belong to the frequent ones; -1 if not valid."""
    try:
        text = sample.decode(codec(encoding))
    except UnicodeDecodeError:
        return -1.0
    beyond = [char for char in text if ord(char) > 127]
    if not beyond:
        return 0.0
    low, high = (0xB0, 0xD7) if encoding == GB18030 else (0xA4, 0xC6)
    points = 0.0
    for char in beyond:
        raw = char.encode(codec(encoding))
        if len(raw) == 2 and low <= raw[0] <= high and (encoding == BIG5 or raw[1] >= 0xA1):
            points += 1.0
        elif len(raw) == 2 and 0xA1 <= raw[0] <= 0xA3:
            points += 0.7
    return points / len(beyond)

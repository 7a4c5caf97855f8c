"""Read phone numbers as people write them, and show them masked.

Mainland numbers, the bulk of every list, are read by expressions here; all others by the
``phonenumbers`` library, which is loaded only when it is needed.
"""

import re
import unicodedata
from typing import NamedTuple

# Mobile prefixes of the mainland that no operator holds. A number under one is well formed and
# nobody's: sample and test data use them, and no channel may dial or text them.
UNASSIGNED_MOBILE_PREFIXES = frozenset({"154"})

_LONGEST = 64
_BARE_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_MOBILE = re.compile(r"\s*(?:(?:\+|00)?86[ -]?)?0?(1[3-9]\d)[ -]?(\d{4})[ -]?(\d{4})\s*", re.ASCII)
_FIXED = re.compile(r"(?:(?:\+|00)?86)?0?(10|2\d|[3-9]\d\d)([2-8]\d{6,7})", re.ASCII)
_PLAIN_FIXED = re.compile(r"\s*0(?:(10|2\d)-?([2-8]\d{7})|([3-9]\d\d)-?([2-8]\d{6,7}))\s*", re.A)
_SHARED_COST = re.compile(r"(?:(?:\+|00)?86)?([48]00\d{7})", re.ASCII)
# Foreign numbers that were typed without their plus sign.
_BARE_FOREIGN = re.compile(r"(?:85[23]\d{8}|8860?\d{9}|44\d{10})", re.ASCII)
# "zhuan", "zhuan jie", "fen ji", "nei xian": the words for an extension, in both scripts.
_EXTENSION_WORDS = (
    "(?:\u8f6c|\u8f49)(?:\u63a5)?|\u5206(?:\u673a|\u6a5f)(?:\u53f7|\u865f)?"
    "|\u5185\u7ebf|\u5167\u7dda|extension|ext|x|#|/"
)
_EXTENSION = re.compile(rf"[\s,;]*(?:{_EXTENSION_WORDS})[\s.:]*(\d{{1,6}})\D{{0,3}}$", re.I | re.A)
_DASHED_EXTENSION = re.compile(r"^(.*\d{7,8})\s*-\s*(\d{1,5})$", re.ASCII)
_AROUND = re.compile(r"^[^\d+(]+|[^\d]+$", re.ASCII)
_FROM_SPREADSHEET = re.compile(r"(\d{5,})\.0+", re.ASCII)
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?e\+?\d+", re.ASCII | re.I)
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc\u00b7_~"), "-")
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u202a\u202c\u2060\ufeff'`\""))
_CLEAN = {**_DASHES, **_INVISIBLE}
_SEPARATOR = re.compile(r"[,;|\n\r\t\u3001\u3002/]+|\s+(?:or|and)\s+|\u6216|\u548c|\s{2,}", re.I)
_TWO_MOBILES = re.compile(r"(?<!\d)1[3-9]\d{9}(?=\s+1[3-9]\d{9}(?!\d))", re.ASCII)
_AREA = re.compile(r"^\D{0,3}(0(?:10|2\d|[3-9]\d\d))\D{0,3}[2-8]\d{6,7}", re.ASCII)
_NOT_DIGITS = re.compile(r"[^0-9]")
_TWO_DIGIT_COUNTRIES = frozenset(
    [
        "20",
        "27",
        "30",
        "31",
        "32",
        "33",
        "34",
        "36",
        "39",
        "40",
        "41",
        "43",
        "44",
        "45",
        "46",
        "47",
        "48",
        "49",
        "51",
        "52",
        "53",
        "54",
        "55",
        "56",
        "57",
        "58",
        "60",
        "61",
        "62",
        "63",
        "64",
        "65",
        "66",
        "81",
        "82",
        "84",
        "86",
        "90",
        "91",
        "92",
        "93",
        "94",
        "95",
        "98",
    ]
)


class Phone(NamedTuple):
    """One phone number as it was understood.

    ``e164`` is "" unless the status is ok or unassigned. ``national`` holds the digits as dialled
    inside its country (with the trunk 0), ``kind`` is mobile, fixed or unknown, ``region`` an ISO
    code or "", ``status`` ok, unassigned or invalid, ``reason`` a code unless ok.
    """

    raw: str
    e164: str = ""
    national: str = ""
    extension: str = ""
    kind: str = "unknown"
    region: str = ""
    status: str = "invalid"
    reason: str = ""

    @property
    def may_dial(self) -> bool:
        """May a channel dial or text it? Only what is well formed and assigned."""
        return self.status == "ok"


def parse_phone(raw: str, *, default_region: str = "CN") -> Phone:
    """Understand one phone number as somebody typed it; never raises.

    Reasons when it is not ok: empty, too_long, several_numbers, scientific_notation (a
    spreadsheet lost digits), not_a_number, missing_area_code, not_a_phone, unassigned_prefix.
    Several numbers in one cell are parted by ``split_phones`` first.
    """
    # The cheap cases first: nine of ten cells of a real list end here.
    if default_region == "CN" and (plain := _plain_mainland(raw)):
        return plain
    found = _MOBILE.fullmatch(raw)
    if found and (default_region == "CN" or "86" in raw[:5]):
        return _mainland_mobile(raw, found, "")
    text = unicodedata.normalize("NFKC", raw[: _LONGEST * 4]).translate(_CLEAN).strip()
    if not text:
        return Phone(raw, reason="empty")
    if len(text) > _LONGEST:
        return Phone(raw, reason="too_long")
    if _SCIENTIFIC.fullmatch(text):
        return Phone(raw, reason="scientific_notation")
    if whole := _FROM_SPREADSHEET.fullmatch(text):
        text = whole[1]
    return _parse_clean(raw, text, default_region)


def _plain_mainland(raw: str) -> Phone | None:
    """A mobile or fixed number in its most usual form."""
    if _BARE_MOBILE.fullmatch(raw):
        is_assigned = raw[:3] not in UNASSIGNED_MOBILE_PREFIXES
        status, reason = ("ok", "") if is_assigned else ("unassigned", "unassigned_prefix")
        return Phone(raw, "+86" + raw, raw, "", "mobile", "CN", status, reason)
    if found := _PLAIN_FIXED.fullmatch(raw):
        digits = (found[1] or found[3]) + (found[2] or found[4])
        return Phone(raw, "+86" + digits, "0" + digits, "", "fixed", "CN", "ok")
    return None


def _parse_clean(raw: str, text: str, default_region: str) -> Phone:
    number, extension = _strip_extension(text)
    number = _AROUND.sub("", number)
    if not number:
        return Phone(raw, reason="not_a_number")
    if len(split_phones(text)) > 1:
        return Phone(raw, reason="several_numbers")
    compact = re.sub(r"[\s().-]", "", number)
    if not re.fullmatch(r"\+?\d+", compact, re.ASCII):
        return Phone(raw, reason="not_a_number")
    is_mainland = default_region == "CN" or compact.startswith(("+86", "0086"))
    phone = _mainland(raw, compact, extension) if is_mainland else None
    return phone or _foreign(raw, compact, extension, default_region)


def _strip_extension(text: str) -> tuple[str, str]:
    if found := _EXTENSION.search(text):
        return text[: found.start()], found[1]
    # "010-65529988-801": only behind a complete subscriber number is a dash an extension.
    if found := _DASHED_EXTENSION.match(text):
        head = _NOT_DIGITS.sub("", found[1])
        if len(head) >= 10 or (len(head) >= 7 and not re.search(r"[\s()-]", found[1])):
            return found[1], found[2]
    return text, ""


def _mainland_mobile(raw: str, found: re.Match[str], extension: str) -> Phone:
    prefix, middle, end = found.groups()
    digits = prefix + middle + end
    if prefix in UNASSIGNED_MOBILE_PREFIXES:
        return Phone(
            raw, "+86" + digits, digits, extension, "mobile", "CN", "unassigned",
            "unassigned_prefix",
        )  # fmt: skip
    return Phone(raw, "+86" + digits, digits, extension, "mobile", "CN", "ok")


def _mainland(raw: str, compact: str, extension: str) -> Phone | None:
    if found := _MOBILE.fullmatch(compact):
        return _mainland_mobile(raw, found, extension)
    if found := _SHARED_COST.fullmatch(compact):
        return Phone(raw, "+86" + found[1], found[1], extension, "unknown", "CN", "ok")
    found = _FIXED.fullmatch(compact)
    # Without trunk 0 and country code "2155..." could be anything; demand one of the two.
    if found and compact.startswith(("0", "+", "86")):
        area, subscriber = found.groups()
        if len(area) == 3 or len(subscriber) == 8:
            return Phone(
                raw, f"+86{area}{subscriber}", f"0{area}{subscriber}", extension, "fixed", "CN",
                "ok",
            )  # fmt: skip
    if re.fullmatch(r"[2-8]\d{6,7}", compact):
        return Phone(raw, extension=extension, reason="missing_area_code")
    return None


def _foreign(raw: str, compact: str, extension: str, default_region: str) -> Phone:
    import phonenumbers

    attempts = ["+" + compact[2:] if compact.startswith("00") else compact]
    if _BARE_FOREIGN.fullmatch(compact):
        attempts.append("+" + compact)
    for attempt in attempts:
        try:
            number = phonenumbers.parse(attempt, default_region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return _from_library(raw, number, extension)
    return Phone(raw, extension=extension, reason="not_a_phone")


def _from_library(raw: str, number, extension: str) -> Phone:
    import phonenumbers

    types = phonenumbers.PhoneNumberType
    kind = {types.MOBILE: "mobile", types.FIXED_LINE: "fixed"}.get(
        phonenumbers.number_type(number), "unknown"
    )
    national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    return Phone(
        raw,
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        _NOT_DIGITS.sub("", national),
        extension or number.extension or "",
        kind,
        phonenumbers.region_code_for_number(number) or "",
        "ok",
    )


def split_phones(raw: str) -> list[str]:
    """Part the numbers that somebody put into one cell, in their order, each as written.

    A short group behind a slash stays with its number as an extension; a subscriber number
    without area code takes the one of the number before it.
    """
    text = unicodedata.normalize("NFKC", raw).translate(_INVISIBLE)
    text = _TWO_MOBILES.sub(lambda found: found[0] + "\n", text)
    parts: list[str] = []
    for piece in filter(None, map(str.strip, _SEPARATOR.split(text))):
        digits = _NOT_DIGITS.sub("", piece)
        if not digits:
            continue
        if parts and len(digits) < 5 and digits == piece:
            parts[-1] += "/" + piece
            continue
        if parts and digits == piece and re.fullmatch(r"[2-8]\d{6,7}", digits):
            area = _AREA.match(parts[-1])
            parts.append(f"{area[1]}-{piece}" if area else piece)
            continue
        parts.append(piece)
    return parts


def mask_phone(e164: str) -> str:
    """Show enough of a number to recognise it and too little to dial it: 138****5678.

    The number of stars does not tell the length.
    """
    digits = _NOT_DIGITS.sub("", e164)
    if e164.startswith("+86") and len(digits) >= 11:
        national = digits[2:]
        if len(national) == 11 and national[0] == "1":
            return f"{national[:3]}****{national[-4:]}"
        area = national[:2] if national[0] in "12" else national[:3]
        return f"{'' if national[1:3] == '00' else '0'}{area}****{national[-4:]}"
    if len(digits) < 7:
        return "****" if digits else ""
    if not e164.startswith("+"):
        return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 11 else f"****{digits[-2:]}"
    shown = 4 if len(digits) >= 11 else 2
    return f"+{_country_code(digits)}****{digits[-shown:]}"


def _country_code(digits: str) -> str:
    if digits[0] in "17":
        return digits[0]
    return digits[:2] if digits[:2] in _TWO_DIGIT_COUNTRIES else digits[:3]


def phone_variants(e164: str) -> list[str]:
    """List how else lists write this number, without blanks, the stored form first.

    For finding the same number in data that was never cleaned. Empty for "".
    """
    if not e164:
        return []
    digits = _NOT_DIGITS.sub("", e164)
    variants = [e164, digits, "00" + digits]
    if e164.startswith("+"):
        subscriber = digits[len(_country_code(digits)) :]
        variants += [subscriber, "0" + subscriber]
    return list(dict.fromkeys(variants))

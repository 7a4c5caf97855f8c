"""What a message says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason

LONGEST_SUBJECT = 200
# Headers that the sender writes itself.
_OWN_HEADERS = frozenset(
    {"from", "to", "cc", "bcc", "subject", "date", "message-id", "reply-to", "mime-version",
     "content-type", "content-transfer-encoding", "content-disposition", "sender",
     "return-path"}
)  # fmt: skip


@dataclass(frozen=True)
class Attachment:
    """A file that goes along: its bytes are loaded by `kind` and `id` when the message goes."""

    kind: str
    id: str
    name: str
    type: str = "application/pdf"

    def to_json(self) -> dict[str, str]:
        return {"kind": self.kind, "id": self.id, "name": self.name, "type": self.type}


@dataclass(frozen=True)
class Content:
    """Subject, plain text, optionally the same as HTML, files, and headers of a list."""

    subject: str
    text: str
    html: str = ""
    attachments: Sequence[Attachment] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def check(content: Content) -> None:
    """Raises BadInput for what cannot stand in a message."""
    problems: dict[str | int, list[Reason | str]] = {}
    if not content.subject.strip():
        problems["subject"] = ["required"]
    elif any(char in content.subject for char in "\r\n\x00"):
        problems["subject"] = ["bad_character"]
    elif len(content.subject) > LONGEST_SUBJECT:
        problems["subject"] = [Reason("too_long", {"limit": LONGEST_SUBJECT})]
    if not content.text.strip():
        problems["text"] = ["required"]
    elif "\x00" in content.text or "\x00" in content.html:
        problems["text"] = ["bad_character"]
    for name, value in content.headers.items():
        is_plain = name.isascii() and value.isascii() and not set("\r\n\x00") & set(name + value)
        if not is_plain or ":" in name or name.lower() in _OWN_HEADERS:
            problems["headers"] = [Reason("bad_header", {"name": name[:40]})]
    if problems:
        raise BadInput(problems)

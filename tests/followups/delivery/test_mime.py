"""What goes over the wire is what was written, as any mail program reads it."""

import email
import email.policy
from datetime import datetime
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genjin.followups.channels import mime
from genjin.followups.channels.smtp import speaks_of_address
from tests.factories import NOW


def draft(**values) -> mime.Draft:
    fields = {
        "id": "0192", "sender": '"跟进 有限公司" <house@example.org>', "recipient": "a@example.com",
        "subject": "s", "text": "t", "at": NOW,
    }  # fmt: skip
    return mime.Draft(**{**fields, **values})


def read(data: bytes) -> EmailMessage:
    return email.message_from_bytes(data, policy=email.policy.default)  # type: ignore[return-value]


line = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=120)
body = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"), max_size=400)


@given(subject=line.map(lambda text: f"x{text}x"), text=body, html=body)
def test_subject_and_texts_come_out_as_they_went_in(subject, text, html):
    message = read(mime.write(draft(subject=subject, text=text, html=f"<p>{html}</p>")))
    assert " ".join(str(message["Subject"]).split()) == " ".join(subject.split())
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative", "text/plain", "text/html"]  # fmt: skip
    plain, rich = list(message.iter_parts())
    decoded = plain.get_payload(decode=True).decode()
    assert decoded.replace("\r\n", "\n") == text
    assert rich.get_payload(decode=True).decode().replace("\r\n", "\n") == f"<p>{html}</p>"


def test_everything_on_the_wire_is_ascii_with_short_lines():
    data = mime.write(
        draft(subject="关于您的账单" * 12, text="，" * 3000, html="<p>长</p>",
              parts=[mime.Part("账单 7.pdf", "application/pdf", bytes(range(256)) * 40)])
    )  # fmt: skip
    assert data.isascii()
    assert max(len(one) for one in data.split(b"\r\n")) <= 998
    assert b"\n" not in data.replace(b"\r\n", b"")


def test_an_attachment_keeps_its_name_and_bytes():
    content = bytes(range(256))
    message = read(mime.write(draft(parts=[mime.Part("账单 7.pdf", "application/pdf", content)])))
    (part,) = message.iter_attachments()
    assert (part.get_filename(), part.get_content_type()) == ("账单 7.pdf", "application/pdf")
    assert part.get_payload(decode=True) == content


def test_headers_name_sender_row_and_moment():
    message = read(
        mime.write(draft(reply_to="desk@example.org", headers={"List-Unsubscribe": "<https://x>"}))
    )
    assert message["From"].addresses[0].display_name == "跟进 有限公司"
    assert message["From"].addresses[0].addr_spec == "house@example.org"
    assert message["To"] == "a@example.com"
    assert message["Message-ID"] == "<0192@example.org>"
    assert message["Date"].datetime == datetime(2026, 11, 23, 10, tzinfo=NOW.tzinfo)
    assert message["Reply-To"] == "desk@example.org"
    assert message["List-Unsubscribe"] == "<https://x>"


def test_a_domain_in_chinese_goes_as_servers_know_it():
    assert mime.wire_address("wang@例子.中国") == "wang@xn--fsqu00a.xn--fiqs8s"


@pytest.mark.parametrize(
    "values",
    [
        {"subject": "a\r\nBcc: all@example.com"},
        {"recipient": "a@example.com\r\nRCPT TO:<b@example.com>"},
        {"recipient": "nobody"},
        {"recipient": "a@b@"},
        {"headers": {"X": "a\nb"}},
        {"parts": [mime.Part("a\r\nb", "text/plain", b"")]},
    ],
)
def test_nothing_smuggles_a_header_or_a_recipient(values):
    with pytest.raises(mime.NotWritable):
        mime.write(draft(**values))


@pytest.mark.parametrize(
    ("data", "sent"),
    [
        (b"a\r\n", b"a\r\n"),
        (b"a", b"a\r\n"),
        (b".\r\n", b"..\r\n"),
        (b"a\r\n.\r\nb\r\n", b"a\r\n..\r\nb\r\n"),
        (b"a\r\n..b\r\n", b"a\r\n...b\r\n"),
    ],
)
def test_a_dot_that_begins_a_line_is_doubled(data, sent):
    assert mime.dotted(data) == sent


@pytest.mark.parametrize(
    ("code", "reply", "expected"),
    [
        (550, b"5.1.1 no such user", True),
        (550, b"no such user here", True),
        (553, b"mailbox name not allowed", True),
        (550, b"5.1.2 bad destination system", True),
        (550, b"5.7.1 blocked for spam", False),
        (554, b"5.7.1 relay access denied", False),
        (550, b"relaying denied", False),
        (553, b"sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1) relay", False),
        (552, b"5.2.2 mailbox full", False),
        (554, b"transaction failed", False),
        (550, b"5.1.8 bad sender", False),
    ],
)
def test_only_a_refusal_that_speaks_of_the_address_makes_it_bad(code, reply, expected):
    assert speaks_of_address(code, reply) is expected

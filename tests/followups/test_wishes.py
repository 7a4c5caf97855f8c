"""The customer's own page: signed links, what they wish, one click that ends messages."""

from datetime import timedelta

import pytest
from django.core import signing

from genjin.customers.models import Consent, ContactPoint
from genjin.followups import gate
from genjin.followups.delivery import sending
from genjin.followups.models import ConsentRequest, OutgoingMessage
from genjin.followups.operations import record_agreement, record_refusal, wishes
from genjin.followups.rules import Allowed
from genjin.followups.wishes import links
from genjin.foundation import policy
from genjin.foundation.models import AuditEntry
from genjin.kernel.errors import BadInput, Conflict
from tests.factories import NOW, make_customer, make_point, make_user
from tests.followups.delivery.mail import make_reader, write

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=5)


def opened(customer=None, *, is_proven: bool = True) -> links.Opened:
    customer = customer or make_reader()
    return links.Opened(customer.points.get(kind="email"), is_proven)


def change(page: links.Opened, wanted=None, hours=None, now=LATER) -> wishes.Changed:
    return wishes.change_wishes(page, wanted=wanted or {}, hours=hours, now=now)


# ── links ────────────────────────────────────────────────────────────────────────────────────────


def test_a_link_opens_the_page_of_its_address_and_says_how_it_came():
    point = make_reader().points.get()
    for way, is_proven in ((links.MAILED, True), (links.SHOWN, False)):
        found = links.open_wishes(links.token_of(point, way=way))
        assert (found.point, found.is_proven) == (point, is_proven)


def test_a_link_cannot_be_made_up_or_bent():
    token = links.token_of(make_reader().points.get(), way=links.SHOWN)
    for bent in (token[:-1], token.replace("-s.", "-m."), "x" * 500, "", "a.b.c", token + "."):
        with pytest.raises(links.NoSuchLink):
            links.open_wishes(bent)


def test_a_link_to_confirm_opens_no_page_of_wishes():
    request = ConsentRequest.objects.create(
        customer=make_reader(), channel="email", source="desk", expires_at=LATER)  # fmt: skip
    token = links.confirm_url(request).rsplit("/", 1)[1]
    with pytest.raises(links.NoSuchLink):
        links.open_wishes(token)


def test_a_link_grows_old(monkeypatch):
    token = links.token_of(make_reader().points.get(), way=links.MAILED)
    moment = signing.time.time() + 401 * 86400
    monkeypatch.setattr(signing.time, "time", lambda: moment)
    with pytest.raises(links.LinkOver):
        links.open_wishes(token)


def test_revoking_ends_every_link_to_that_address_and_a_new_one_works():
    point, by = make_reader().points.get(), make_user()
    token = links.token_of(point, way=links.MAILED)
    wishes.revoke_links(point, by=by, now=NOW, reason="forwarded to a stranger")
    with pytest.raises(links.LinkOver):
        links.open_wishes(token)
    assert links.open_wishes(links.token_of(point, way=links.MAILED)).point == point
    entry = AuditEntry.objects.get(action="revoke")
    assert (entry.by, entry.label) == (by, "w****@example.com")


# ── the page ─────────────────────────────────────────────────────────────────────────────────────


def test_what_is_shown_is_what_counts():
    customer = make_reader()
    found = wishes.allowed(customer, now=NOW)
    assert found["sell", "call"] is True
    assert found["sell", "email"] is False  # the profile asks for consent
    record_refusal(customer, channel="call", purpose="sell", source="x", by=None, now=NOW)
    record_agreement(customer, channel="email", source="x", by=None, now=NOW)
    found = wishes.allowed(customer, now=LATER)
    assert found["sell", "call"] is False
    assert found["sell", "email"] is True


def test_only_what_differs_is_written_and_acts_at_once():
    customer = make_reader()
    record_agreement(customer, channel="email", purpose="sell", source="x", by=None, now=NOW)
    write(customer, purpose="sell")
    page = opened(customer)
    wanted = {**wishes.allowed(customer, now=LATER), ("sell", "email"): False,
              ("survey", "call"): False}  # fmt: skip
    assert change(page, wanted) == wishes.Changed(answers=2)
    fresh = Consent.objects.filter(source=wishes.SOURCE).order_by("purpose")
    assert [(one.purpose, one.channel, one.answer, one.by) for one in fresh] == [
        ("sell", "email", "refused", None), ("survey", "call", "refused", None)]  # fmt: skip
    assert fresh[0].evidence == "link mailed to w****@example.com"
    assert OutgoingMessage.objects.get().state == "withheld"
    assert change(page, wanted, now=LATER + timedelta(minutes=1)) == wishes.Changed()
    assert Consent.objects.filter(source=wishes.SOURCE).count() == 2


def test_a_yes_from_the_address_itself_needs_no_second_confirmation():
    policy.set_value("contact.profile", "eu", by=make_user(), now=NOW)
    page = opened()
    assert change(page, {("sell", "email"): True}) == wishes.Changed(answers=1)
    asked = gate.ask(page.point.customer, purpose="sell", channel="email",
                     now=LATER + timedelta(minutes=1))  # fmt: skip
    assert isinstance(asked, Allowed)


def test_a_yes_by_a_link_that_our_people_showed_is_confirmed_first():
    policy.set_value("contact.profile", "eu", by=make_user(), now=NOW)
    page = opened(is_proven=False)
    found = change(page, {("sell", "email"): True, ("sell", "call"): True})
    assert found == wishes.Changed(answers=1, to_confirm=("sell",))
    assert [(one.channel, one.answer) for one in Consent.objects.all()] == [("call", "given")]
    assert ConsentRequest.objects.get().state == "asked"
    assert OutgoingMessage.objects.get().address == "wang@example.com"


def test_hours_said_here_win_over_those_of_a_number():
    customer = make_reader(phone="+8613800138000")
    phone = customer.points.get(kind="phone")
    from genjin.customers.operations.points import change_point

    change_point(phone, {"stated_hours": "mon-fri 09:00-10:00"}, by=None, now=NOW)
    assert change(opened(customer), hours="sat 10:00-12:00").hours
    assert gate.stated_hours(customer, channel="call") == "sat 10:00-12:00"
    assert change(opened(customer), hours="").hours
    assert gate.stated_hours(customer, channel="call") == ""


def test_hours_that_cannot_be_read_are_told_beside_them():
    with pytest.raises(BadInput) as bad:
        change(opened(), hours="noonish")
    assert list(bad.value.problems) == ["hours"]


def test_a_colleagues_numbers_are_not_shown():
    customer = make_customer(kind="organisation")
    anna = customer.people.create(name="安娜")
    boss = customer.people.create(name="老板")
    own = make_point(customer=customer, person=anna, kind="email", value="anna@example.com")
    make_point(customer=customer, person=boss, value="+8613800138001")
    make_point(customer=customer, value="+862065529988")
    shown = wishes.points_of(links.Opened(own, True))
    assert {one.value for one in shown} == {"anna@example.com", "+862065529988"}


def test_numbers_are_added_and_dropped():
    page = opened()
    added = wishes.add_own_point(page, kind="phone", value="13800138000", now=LATER)
    assert (added.value, added.customer) == ("+8613800138000", page.point.customer)
    wishes.drop_own_point(page, added, now=LATER)
    assert not ContactPoint.objects.get(pk=added.pk).is_active
    stranger = make_reader("li@example.com").points.get()
    with pytest.raises(Conflict):
        wishes.drop_own_point(page, stranger, now=LATER)


def test_the_page_takes_only_so_many_numbers():
    page = opened()
    for number in range(7):
        wishes.add_own_point(page, kind="phone", value=f"1380013800{number}", now=LATER)
    with pytest.raises(BadInput) as bad:
        wishes.add_own_point(page, kind="phone", value="13800138009", now=LATER)
    assert bad.value.problems["value"][0].code == "too_many"


def test_never_again_ends_everything():
    page = opened()
    write(page.point.customer)
    wishes.refuse_everything(page, now=LATER)
    assert OutgoingMessage.objects.get().state == "withheld"
    assert not any(wishes.allowed(page.point.customer, now=LATER).values())


# ── one click ────────────────────────────────────────────────────────────────────────────────────


def test_one_click_ends_a_purpose_once():
    page = opened()
    assert wishes.unsubscribe(page, purpose="sell", now=LATER)
    assert not wishes.unsubscribe(page, purpose="sell", now=LATER)
    consent = Consent.objects.get()
    assert (consent.channel, consent.purpose, consent.answer, consent.source) == (
        "email", "sell", "refused", wishes.ONE_CLICK)  # fmt: skip
    with pytest.raises(BadInput):
        wishes.unsubscribe(page, purpose="service", now=LATER)


def test_what_may_be_refused_carries_the_way_to_refuse_it(mail_server, settings):
    settings.PUBLIC_URL = "https://crm.example.org/"
    customer = make_reader(language="en")
    record_agreement(customer, channel="email", purpose="sell", source="x", by=None, now=NOW)
    write(customer, "m:1", purpose="sell")
    write(customer, "m:2", purpose="service")
    sending.run("email", clock=lambda: LATER)
    service, offer = mail_server.messages
    assert service["List-Unsubscribe"] is None
    assert offer["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = "".join(str(offer["List-Unsubscribe"]).split()).strip("<>")
    token, purpose = url.removeprefix("https://crm.example.org/u/").split("/")
    assert (links.open_wishes(token).point, purpose) == (customer.points.get(), "sell")
    body = offer.get_content()
    assert "No more news and offers" in body
    assert "https://crm.example.org/w/" in body
    assert "https" not in OutgoingMessage.objects.get(cause_key="m:1").text


def test_without_https_one_click_is_not_promised(mail_server, settings):
    settings.PUBLIC_URL = "http://crm.example.org/"
    write(make_reader(), purpose="care")
    sending.run("email", clock=lambda: LATER)
    (message,) = mail_server.messages
    assert message["List-Unsubscribe"] is not None
    assert message["List-Unsubscribe-Post"] is None

"""The customer's own page: without a password, in three languages, without JavaScript."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from tests.factories import NOW, make_user
from tests.followups.delivery.mail import make_reader, write

from genjin.customers.models import Consent, ContactPoint
from genjin.followups import gate
from genjin.followups.models import ConsentRequest, OutgoingMessage, PreferenceKey
from genjin.followups.operations import record_agreement, wishes
from genjin.followups.operations.consents import record_yes
from genjin.followups.wishes import links
from genjin.foundation import policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer():
    return make_reader(language="en", phone="+8613800138000")


def token(customer, way: str = links.MAILED) -> str:
    return links.token_of(customer.points.get(kind="email"), way=way)


def page(customer) -> str:
    return f"/w/{token(customer)}"


def ticks(html: str) -> set[str]:
    return set(re.findall(r'name="(\w+\.\w+)" checked', html))


def test_the_page_shows_what_counts_and_nothing_of_the_card(customer):
    html = Client().get(page(customer)).content.decode()
    assert {"sell.call", "care.email", "survey.letter"} <= ticks(html)
    assert "sell.email" not in ticks(html)
    assert "w****@example.com" in html
    assert "138****8000" in html
    for secret in ("wang@example.com", "13800138000", customer.name, str(customer.pk)):
        assert secret not in html
    assert PreferenceKey.objects.get().opened_at is not None
    assert '<script type="module"' in html or "<script" in html  # and it works without them
    answer = Client().get(page(customer))
    assert (answer["Referrer-Policy"], answer["X-Robots-Tag"]) == ("no-referrer", "noindex")


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-hans", "我们可以怎样联系您"), ("zh-hant", "我們可以怎樣聯絡您"),
     ("en", "How may we contact you?")],
)  # fmt: skip
def test_it_speaks_three_languages(customer, language, words):
    assert words in Client().get(f"{page(customer)}?lang={language}").content.decode()


def test_saving_writes_what_changed_and_comes_back_to_the_page(customer):
    client, url = Client(), page(customer)
    shown = ticks(client.get(url).content.decode())
    sent = dict.fromkeys(shown - {"sell.call"}, "on")
    answer = client.post(url, {**sent, "action": "save", "when": "own", "days": ["sat", "sun"],
                               "from_1": "10:00", "to_1": "12:00"}, follow=True)  # fmt: skip
    assert "Saved. It counts from now on." in answer.content.decode()
    assert [(one.purpose, one.channel, one.answer) for one in Consent.objects.all()] == [
        ("sell", "call", "refused")]  # fmt: skip
    assert gate.stated_hours(customer, channel="call") == "sat-sun 10:00-12:00"
    assert "As until now" in answer.content.decode()
    client.post(url, {**sent, "action": "save", "when": "usual"})
    assert gate.stated_hours(customer, channel="call") == ""


@pytest.mark.parametrize(
    "values",
    [{"days": [], "from_1": "10:00", "to_1": "12:00"}, {"days": ["mon"]},
     {"days": ["mon"], "from_1": "12:00", "to_1": "10:00"},
     {"days": ["mon"], "from_1": "12:00"}],
)  # fmt: skip
def test_half_chosen_hours_are_told_and_nothing_is_written(customer, values):
    answer = Client().post(page(customer), {"action": "save", "when": "own", **values})
    assert answer.status_code == 422
    assert "field-error" in answer.content.decode()
    assert Consent.objects.count() == 0


def test_numbers_come_and_go(customer):
    client, url = Client(), page(customer)
    client.post(url, {"action": "add", "kind": "phone", "value": "13900139000"})
    added = ContactPoint.objects.get(value="+8613900139000")
    refused = client.post(url, {"action": "add", "kind": "email", "value": "nonsense"})
    assert refused.status_code == 422
    client.post(url, {"action": f"drop:{added.pk}"})
    added.refresh_from_db()
    assert not added.is_active
    stranger = make_reader("li@example.com").points.get()
    client.post(url, {"action": f"drop:{stranger.pk}"})
    client.post(url, {"action": "drop:nonsense"})
    stranger.refresh_from_db()
    assert stranger.is_active


def test_never_needs_a_second_yes(customer):
    client, url = Client(), page(customer)
    client.post(url, {"action": "never"})
    assert Consent.objects.count() == 0
    client.post(url, {"action": "never", "sure": "yes"})
    consent = Consent.objects.get()
    assert (consent.channel, consent.purpose, consent.answer) == ("", "", "refused")


@pytest.mark.parametrize("path", ["/w/x", "/u/x/sell", "/c/x", "/w/%F0%9F%98%80", "/c/a.b.c"])
def test_a_link_that_is_none_says_so(path):
    for send in (Client().get, Client().post):
        assert send(path).status_code == 404


def test_a_revoked_link_says_so(customer):
    url = page(customer)
    wishes.revoke_links(customer.points.get(kind="email"), by=make_user(), now=NOW, reason="x")
    assert Client().get(url).status_code == 410


def test_the_page_holds_back_who_asks_too_often(customer):
    policy.set_value("mail.preferences.per_minute", 3, by=make_user(), now=NOW)
    client, url = Client(), page(customer)
    assert [client.get(url).status_code for _ in range(4)] == [200, 200, 200, 429]


def test_the_form_needs_its_own_page(customer):
    client = Client(enforce_csrf_checks=True)
    assert client.post(page(customer), {"action": "never", "sure": "yes"}).status_code == 403


# ── one click (RFC 8058) ─────────────────────────────────────────────────────────────────────────


def test_a_mail_service_unsubscribes_without_cookie_or_session(customer):
    record_agreement(customer, channel="email", purpose="sell", source="x", by=None, now=NOW)
    write(customer, purpose="sell")
    client = Client(enforce_csrf_checks=True)
    url = f"/u/{token(customer)}/sell"
    answer = client.post(url, {"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, answer.cookies) == (200, {})
    assert Consent.objects.get(answer="refused").source == "one_click"
    assert OutgoingMessage.objects.get().state == "withheld"
    client.post(url, {"List-Unsubscribe": "One-Click"})
    assert Consent.objects.filter(answer="refused").count() == 1


def test_following_the_link_asks_first(customer):
    url = f"/u/{token(customer)}/sell"
    html = Client().get(url).content.decode()
    assert "No more news and offers?" in html
    assert Consent.objects.count() == 0
    html = Client().post(f"{url}?lang=en", {}).content.decode()
    assert "You get no more news and offers" in html


def test_service_cannot_be_unsubscribed(customer):
    assert Client().post(f"/u/{token(customer)}/service").status_code == 404
    assert Consent.objects.count() == 0


def test_many_clicks_of_one_mail_service_are_not_held_back():
    policy.set_value("mail.preferences.per_minute", 2, by=make_user(), now=NOW)
    urls = [f"/u/{token(make_reader(f'r{number}@example.com'))}/care" for number in range(6)]
    assert {Client().post(url).status_code for url in urls} == {200}
    assert [Client().post("/u/x/care").status_code for _ in range(4)] == [404, 404, 410, 410]


# ── confirming ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def asked(customer) -> ConsentRequest:
    policy.set_value("contact.profile", "eu", by=make_user(), now=NOW)
    return record_yes(customer, purposes=["sell"], source="desk", by=make_user(),
                      point=customer.points.get(kind="email"), now=timezone.now())  # fmt: skip


def confirm(asked) -> str:
    return "/" + links.confirm_url(asked).split("/", 3)[3]


@pytest.mark.parametrize(("answer", "consent"), [("yes", "given"), ("no", "refused")])
def test_a_button_confirms_and_the_link_alone_does_not(asked, answer, consent):
    client, url = Client(), confirm(asked)
    assert "news and offers" in client.get(url).content.decode()
    assert Consent.objects.count() == 0
    assert client.post(url, {"answer": answer}).status_code == 200
    assert Consent.objects.get().answer == consent
    again = client.post(url, {"answer": "yes"})
    assert again.status_code == 200
    assert Consent.objects.count() == 1


def test_a_confirmation_that_comes_too_late_is_none(asked):
    ConsentRequest.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert Client().post(confirm(asked), {"answer": "yes"}).status_code == 410
    assert Consent.objects.count() == 0


# ── our people ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def manager() -> Client:
    client = Client()
    client.force_login(make_user(role="manager", language="en"))
    return client


def test_our_people_show_send_and_revoke_the_link(customer, manager):
    point = customer.points.get(kind="email")
    url = f"/customers/{customer.pk}/wishes"
    html = manager.post(url, {"action": "show", "point": point.pk}).content.decode()
    shown = re.search(r"/w/([^<\"]+)", html)[1]
    assert links.open_wishes(shown) == links.Opened(point, False)
    assert manager.post(url, {"action": "send", "point": point.pk}).status_code == 302
    message = OutgoingMessage.objects.get()
    assert (message.purpose, links.WISHES_HERE in message.text) == ("service", True)
    html = manager.get(f"/mail/{message.pk}").content.decode()
    assert "{{link" not in html
    assert manager.post(url, {"action": "revoke", "point": point.pk}).status_code == 422
    manager.post(url, {"action": "revoke", "point": point.pk, "reason": "forwarded"})
    with pytest.raises(links.LinkOver):
        links.open_wishes(shown)


def test_a_yes_on_the_card_is_confirmed_where_it_has_to_be(customer, manager):
    policy.set_value("contact.profile", "eu", by=make_user(), now=NOW)
    manager.post(f"/customers/{customer.pk}/consent",
                 {"answer": "given", "channel": "email", "purpose": "sell",
                  "source": "form of 3 May"})  # fmt: skip
    assert Consent.objects.count() == 0
    assert ConsentRequest.objects.get().evidence == "form of 3 May"
    html = manager.get(f"/customers/{customer.pk}").content.decode()
    assert "waits for the customer" in html

"""The settings page of paper numbers: what comes next, and why a pattern is refused."""

import pytest
from tests.factories import PASSWORD, make_user

from genjin.foundation.models import NumberSeries
from genjin.foundation.numbering import draw
from genjin.foundation.numbering.series import series_rows
from genjin.web.settings.numbering import _today

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    make_user(
        role="administrator", username="admin", name="李管理", password=PASSWORD, language="en"
    )
    client.post("/sign-in", {"username": "admin", "password": PASSWORD})


def test_every_series_stands_there_with_what_comes_next(client, admin):
    draw("order", on=_today())
    page = client.get("/settings/numbering").content.decode()
    assert f"SO-{_today():%Y}-00002" in page
    for row in series_rows(today=_today()):
        assert row.upcoming in page
        assert row.labels["en"] in page


def test_a_pattern_is_changed_and_who_did_it_is_shown(client, admin):
    given = {"code": "order", "order-pattern": "XS-{year}-{number:04}", "order-reset": "year"}
    assert client.post("/settings/numbering", given).status_code == 302
    page = client.get("/settings/numbering").content.decode()
    assert f"XS-{_today():%Y}-0001" in page
    assert "李管理" in page


@pytest.mark.parametrize(
    ("pattern", "reset", "words"),
    [
        ("SO-{number}", "year", "Counting begins anew each year"),
        ("RC-{year}-{number}", "year", "“Receipts” begins, or once began, with the same letters."),
        ("SO-{day}-{number}", "year", "not “day”."),
        ("", "year", "Write {number} once"),
    ],
)
def test_a_pattern_that_cannot_be_is_told_why_beside_it(client, admin, pattern, reset, words):
    given = {"code": "order", "order-pattern": pattern, "order-reset": reset}
    answer = client.post("/settings/numbering", given)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not NumberSeries.objects.filter(changed_by__isnull=False).exists()


def test_a_series_goes_on_at_a_higher_number_and_not_at_a_lower(client, admin):
    answer = client.post("/settings/numbering/order", {"order-number": "458"})
    assert answer.status_code == 302
    assert f"SO-{_today():%Y}-00458" in client.get("/settings/numbering").content.decode()
    answer = client.post("/settings/numbering/order", {"order-number": "457"})
    assert answer.status_code == 422
    assert "Number 457 was drawn already" in answer.content.decode()


def test_a_series_that_is_none_changes_nothing(client, admin):
    assert client.post("/settings/numbering/none", {"none-number": "4"}).status_code == 302
    assert client.post("/settings/numbering", {"code": "none"}).status_code == 200
    assert not NumberSeries.objects.exists()

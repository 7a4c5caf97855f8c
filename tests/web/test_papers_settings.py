"""The settings page of the head of papers, and its sample."""

import io

import pypdf
import pytest
from tests.factories import PASSWORD, make_user

from genjin.foundation.models import AuditEntry
from genjin.web.settings.forms import HeadForm

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    make_user(role="administrator", username="admin", password=PASSWORD, language="en")
    client.post("/sign-in", {"username": "admin", "password": PASSWORD})


def sample(client, language="en"):
    answer = client.get(f"/settings/papers/{language}.pdf")
    assert answer["Content-Type"] == "application/pdf"
    (page,) = pypdf.PdfReader(io.BytesIO(answer.content)).pages
    return "".join(page.extract_text().split())


def test_what_is_saved_stands_on_the_sample_at_once(client, admin):
    assert "Papers have no name yet." in client.get("/settings/papers").content.decode()
    values = dict.fromkeys(HeadForm.keys, "") | {
        "registered_name": "晨光有限公司", "phone": "021-5555", "account": "6222 0000",
    }  # fmt: skip
    assert client.post("/settings/papers", values).status_code == 302
    text = sample(client)
    for part in ("晨光有限公司", "Phone021-5555", "Account62220000", "¥10,030.00"):
        assert part in text.replace("CN¥", "¥")
    assert "電話021-5555" in sample(client, "zh-hant")
    assert "no name yet" not in client.get("/settings/papers").content.decode()
    keys = set(AuditEntry.objects.filter(action="policy").values_list("object_id", flat=True))
    assert keys == {f"organisation.papers.{one}" for one in ("registered_name", "phone", "account")}
    assert "Name in the register" in client.get("/settings").content.decode()


def test_what_is_too_long_is_told_beside_its_field(client, admin):
    answer = client.post("/settings/papers", {"phone": "1" * 61, "email": "no address"})
    assert answer.status_code == 422
    assert not AuditEntry.objects.filter(action="policy").exists()


def test_no_sample_in_a_language_that_is_none_of_ours(client, admin):
    assert client.get("/settings/papers/fr.pdf").status_code == 404

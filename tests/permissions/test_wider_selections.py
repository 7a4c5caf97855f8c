"""Who sees some customers does not choose for those who see all of them (PL4, CU2, CA1)."""

import pytest
from django.test import Client

from genjin.customers.models import Segment
from genjin.foundation.models import User
from tests.factories import make_campaign, make_team, make_user

pytestmark = pytest.mark.django_db
EVERYBODY = {"all": [], "none": []}


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def supervisor(team):
    return make_user(role="supervisor", team=team)


def test_a_manager_s_segment_is_read_and_not_changed_by_a_supervisor(supervisor):
    criteria = {"all": [{"field": "grade", "op": "in", "values": ["A"]}], "none": []}
    manager = make_user(role="manager", team=supervisor.team)
    segment = Segment.objects.create(name="要紧的", criteria=criteria, created_by=manager)
    client = as_user(supervisor)
    page = client.get(f"/segments/{segment.pk}")
    assert page.status_code == 200
    assert f"/segments/{segment.pk}/change" not in page.content.decode()
    change = f"/segments/{segment.pk}/change"
    assert client.get(change).status_code == 403
    assert client.post(change, {"name": "所有人"}).status_code == 403
    assert client.post(f"/segments/{segment.pk}/archive").status_code == 403
    segment.refresh_from_db()
    assert (segment.name, segment.criteria, segment.is_archived) == ("要紧的", criteria, False)
    assert as_user(make_user(role="manager")).get(change).status_code == 200


@pytest.mark.parametrize(("same_team", "status"), [(True, 200), (False, 403)])
def test_supervisors_change_the_segments_of_their_own_team(supervisor, same_team, status):
    maker = make_user(role="supervisor", team=supervisor.team if same_team else make_team())
    segment = Segment.objects.create(name="组里的", criteria=EVERYBODY, created_by=maker)
    assert as_user(supervisor).get(f"/segments/{segment.pk}/change").status_code == status


@pytest.mark.parametrize(("role", "is_changed"), [("manager", False), ("supervisor", True)])
def test_a_supervisor_does_not_widen_what_a_manager_s_campaign_calls(supervisor, role, is_changed):
    maker = make_user(role=role, team=supervisor.team)
    every = Segment.objects.create(name="所有人", criteria=EVERYBODY, created_by=maker)
    campaign = make_campaign(team=supervisor.team, created_by=maker, state="draft")
    before = campaign.segment_id
    sent = {"segment": every.pk, "selection": "live", "order": "newest"}
    as_user(supervisor).post(f"/campaigns/{campaign.pk}/edit/who", sent)
    campaign.refresh_from_db()
    assert (campaign.segment_id, before) == (every.pk if is_changed else before, before)
    assert before != every.pk

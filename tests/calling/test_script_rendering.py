"""A script made ready for one call; its drafts, versions and agents' own introductions."""

from dataclasses import replace
from datetime import timedelta

import pytest

from genjin.calling.operations import scripts as operations
from genjin.calling.scripts.content import Branch, Card, Content, Part
from genjin.calling.scripts.render import form_of_address, render, render_content
from genjin.customers.fields import sync_shipped_fields
from genjin.foundation import policy
from genjin.foundation.models import AuditEntry
from genjin.kernel.errors import BadInput, Conflict, LostRace, NotAllowed
from genjin.sales import operations as sales
from tests.factories import NOW, make_customer, make_user

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def supervisor():
    return make_user(role="supervisor")


@pytest.fixture
def agent():
    return make_user(role="agent", staff_number="8001")


@pytest.fixture
def tones(supervisor):
    """The service of five yuan a month that may be paid thirty for a year."""
    product = sales.create_product(code="TONE", name="彩铃", by=supervisor, now=NOW)
    rows = [
        {"code": "month", "amount": "5"},
        {"code": "now", "amount": "30", "months": "12"},
    ]
    sales.set_prices(product, rows, by=supervisor, now=NOW)
    return product


CONTENT = Content(
    parts=(
        Part("open", "opening", "", "{customer.address}，您好！工号{agent.staff_number}。",
             (Branch("请讲", "intro"), Branch("忙", "close"))),
        Part("intro", "introduction", "", "您现在每月{price.month}，{usp}。", note="慢一点"),
        Part("close", "closing", "", "谢谢您，工号{agent.staff_number}。"),
    ),
    cards=(Card("dear", "太贵", ("一年少付{saving}。", "我理解。")),),
    usp="一次交{price.now}用{term.now}，省{saving}",
    usp_neutral="有一个按年付的方案",
)  # fmt: skip


@pytest.fixture
def script(supervisor, tones):
    return operations.create_script(
        "彩铃按年付", product=tones, content=CONTENT, by=supervisor, now=NOW
    )


@pytest.fixture
def version(script, supervisor):
    return operations.publish(script, note="第一版", by=supervisor, now=NOW)


@pytest.fixture
def customer():
    return make_customer(name="欧阳小红", sex="f")


def test_the_saving_is_worked_out_for_the_customer_and_said(version, customer, agent):
    said = render(version, customer=customer, agent=agent)
    assert [part.text for part in said.parts] == [
        "欧阳女士，您好！工号8001。",
        "您现在每月¥5.00，一次交¥30.00用12个月，省¥30.00。",
        "谢谢您，工号8001。",
    ]
    assert (said.is_usp_computed, said.problems) == (True, ())
    assert said.cards[0].replies == ("一年少付¥30.00。", "我理解。")
    assert [(branch.key, branch.target) for branch in said.parts[0].branches] == [
        ("1", "intro"),
        ("2", "close"),
    ]
    assert said.seconds == sum(part.seconds for part in said.parts) > 0


def test_without_figures_the_neutral_words_are_said_and_the_gap_is_stated(
    version, customer, agent, tones, supervisor
):
    sales.set_prices(tones, [], by=supervisor, now=NOW)
    said = render(version, customer=customer, agent=agent)
    assert (said.usp, said.is_usp_computed) == ("有一个按年付的方案", False)
    assert said.parts[1].missing == ("price.month",)
    assert [dict(problem.data) for problem in said.problems] == [
        {"part": "intro", "name": "price.month"}
    ]
    assert said.cards[0].replies == ("我理解。",)


@pytest.mark.parametrize(
    ("language", "sex", "spoken"),
    [
        ("zh-hans", "f", "欧阳女士"),
        ("zh-hant", "f", "欧阳小姐"),
        ("zh-hk", "f", "欧阳小姐"),
        ("zh-hans", "m", "欧阳先生"),
        ("en", "f", "Ms 欧阳小红"),
        ("zh-hans", "", "欧阳小红"),
    ],
)
def test_a_customer_is_addressed_as_the_language_does(language, sex, spoken):
    assert form_of_address(make_customer(name="欧阳小红", sex=sex), language) == spoken


def test_the_customers_own_wish_goes_before_the_title():
    customer = make_customer(name="欧阳小红", sex="f", form_of_address="欧阳老师")
    assert form_of_address(customer, "zh-hans") == "欧阳老师"


def test_fields_of_the_card_are_said_in_words(agent):
    sync_shipped_fields()
    customer = make_customer(
        fields={"interests": ["sport", "tea"]}, last_contact_at=NOW, region="110000"
    )
    content = Content(
        parts=(
            Part("a", "asking", "", "{customer.field.interests}·{last.contact}·{customer.region}"),
        )
    )
    for language, expected in (
        ("zh-hans", "体育、品茶·11月23日·北京市"),
        ("en", "Sport, Tea·November 23·北京市"),
    ):
        said = render_content(
            content, customer=customer, agent=agent, product=None, language=language
        )
        assert said.parts[0].text == expected


def test_an_approved_introduction_is_said_in_place_of_the_scripts(
    script, version, customer, agent, supervisor
):
    own = operations.propose_introduction(script, "{usp}，我们一起看看。", by=agent, now=NOW)
    assert not render(version, customer=customer, agent=agent, introduction=own).parts[1].is_own
    operations.decide_introduction(own, approve=True, note="", by=supervisor, now=NOW)
    assert operations.introduction_of(script, agent) == own
    said = render(version, customer=customer, agent=agent, introduction=own)
    assert said.parts[1].text == "一次交¥30.00用12个月，省¥30.00，我们一起看看。"
    assert said.parts[1].is_own


def test_an_introduction_may_not_leave_the_selling_point_out(script, version, agent):
    with pytest.raises(BadInput) as refused:
        operations.propose_introduction(script, "您好呀", by=agent, now=NOW)
    assert [reason.code for reason in refused.value.problems["text"]] == [
        "introduction_without_usp"
    ]


def test_an_introduction_that_a_newer_version_outgrew_is_not_said(
    script, version, customer, agent, supervisor
):
    own = operations.propose_introduction(script, "{usp}。", by=agent, now=NOW)
    operations.decide_introduction(own, approve=True, note="", by=supervisor, now=NOW)
    own.text = "您好呀"
    said = render(version, customer=customer, agent=agent, introduction=own)
    assert said.parts[1].text.startswith("您现在每月")
    assert [problem.code for problem in said.problems] == ["introduction_without_usp"]


def test_nobody_decides_on_their_own_introduction(script, version, supervisor):
    own = operations.propose_introduction(script, "{usp}。", by=supervisor, now=NOW)
    with pytest.raises(NotAllowed):
        operations.decide_introduction(own, approve=True, note="", by=supervisor, now=NOW)


def test_an_introduction_is_refused_with_a_reason_and_decided_once(
    script, version, agent, supervisor
):
    own = operations.propose_introduction(script, "{usp}。", by=agent, now=NOW)
    with pytest.raises(BadInput):
        operations.decide_introduction(own, approve=False, note=" ", by=supervisor, now=NOW)
    seen_by_another = type(own).objects.get(pk=own.pk)
    operations.decide_introduction(own, approve=False, note="太短", by=supervisor, now=NOW)
    with pytest.raises(LostRace):
        operations.decide_introduction(
            seen_by_another, approve=True, note="", by=make_user(role="manager"), now=NOW
        )
    assert operations.introduction_of(script, agent) is None


def test_an_introduction_needs_a_published_script(script, agent):
    with pytest.raises(Conflict):
        operations.propose_introduction(script, "{usp}。", by=agent, now=NOW)


def test_a_draft_that_someone_else_saved_is_not_overwritten(script, supervisor):
    seen_at = script.draft_changed_at
    first = replace(CONTENT, usp_neutral="甲")
    operations.save_draft(script, first, seen_at=seen_at, by=supervisor, now=LATER)
    with pytest.raises(LostRace):
        operations.save_draft(script, CONTENT, seen_at=seen_at, by=supervisor, now=LATER)
    with pytest.raises(LostRace):
        operations.publish(script, note="", by=supervisor, now=LATER, seen_at=seen_at)
    script.refresh_from_db()
    assert Content.from_json(script.draft) == first


def test_a_version_keeps_its_words_when_the_draft_goes_on(script, version, supervisor):
    changed = replace(CONTENT, usp_neutral="另一句")
    operations.save_draft(
        script, changed, seen_at=script.draft_changed_at, by=supervisor, now=LATER
    )
    second = operations.publish(script, note="换一句", by=supervisor, now=LATER)
    version.refresh_from_db()
    assert (version.number, Content.from_json(version.content)) == (1, CONTENT)
    assert (second.number, second.note) == (2, "换一句")


def test_the_same_words_are_not_published_twice(script, version, supervisor):
    with pytest.raises(BadInput) as refused:
        operations.publish(script, note="", by=supervisor, now=LATER)
    assert [reason.code for reason in refused.value.problems[""]] == ["same_as_version"]


def test_a_script_with_a_problem_is_not_published_and_the_place_is_told(script, supervisor):
    unfit = replace(CONTENT, parts=(replace(CONTENT.parts[0], text="您好"), *CONTENT.parts[1:]))
    operations.save_draft(script, unfit, seen_at=NOW, by=supervisor, now=LATER)
    with pytest.raises(BadInput) as refused:
        operations.publish(script, note="", by=supervisor, now=LATER)
    assert list(refused.value.problems) == ["open"]
    assert not script.versions.exists()


def test_a_field_that_the_card_does_not_have_keeps_a_script_from_being_published(
    script, supervisor
):
    unfit = replace(CONTENT, usp_neutral="{customer.field.nowhere|好}")
    operations.save_draft(script, unfit, seen_at=NOW, by=supervisor, now=LATER)
    with pytest.raises(BadInput) as refused:
        operations.publish(script, note="", by=supervisor, now=LATER)
    assert list(refused.value.problems) == ["usp"]


def test_renaming_a_script_is_audited_and_a_taken_name_refused(script, supervisor, tones):
    operations.create_script("别的", by=supervisor, now=NOW)
    values = {"product": tones, "language": "zh-hans"}
    with pytest.raises(BadInput):
        operations.change_script(script, name="别的", **values, by=supervisor, now=NOW)
    operations.change_script(script, name="彩铃年付", **values, by=supervisor, now=NOW)
    entry = AuditEntry.objects.get(action="change", object_kind="script")
    assert entry.changes == {"name": ["彩铃按年付", "彩铃年付"]}


def test_an_agent_writes_no_script(agent, script):
    with pytest.raises(NotAllowed):
        operations.save_draft(script, CONTENT, seen_at=NOW, by=agent, now=NOW)
    with pytest.raises(NotAllowed):
        operations.publish(script, note="", by=agent, now=NOW)


def test_the_reading_speed_is_a_setting(version, customer, agent):
    slow = render(version, customer=customer, agent=agent).seconds
    policy.set_value("speech.chars_per_minute", 480, by=make_user(role="administrator"), now=NOW)
    assert render(version, customer=customer, agent=agent).seconds < slow

"""The pages of scripts: writing with everything beside its place, reading, versions, own words."""

import re

import pytest
from django.urls import reverse
from tests.factories import NOW, make_user

from genjin.calling.models import Introduction, Script
from genjin.calling.operations import scripts as operations
from genjin.calling.scripts import library
from genjin.calling.scripts.content import Content
from genjin.sales import operations as sales

pytestmark = pytest.mark.django_db


@pytest.fixture
def supervisor():
    return make_user(role="supervisor", language="en")


@pytest.fixture
def agent():
    return make_user(role="agent", language="en")


@pytest.fixture
def script(supervisor):
    product = sales.create_product(code="Y", name="年卡", by=supervisor, now=NOW)
    rows = [{"code": "month", "amount": "5"}, {"code": "now", "amount": "30", "months": "12"}]
    sales.set_prices(product, rows, by=supervisor, now=NOW)
    return operations.create_script(
        "年卡话术", product=product, content=library.starter("zh-hans"), by=supervisor, now=NOW
    )


@pytest.fixture
def writer(client, supervisor):
    client.force_login(supervisor)
    return client


def posted(script: Script, **changes) -> dict:
    """The editor's form as a browser posts it when nothing was typed."""
    content = Content.from_json(script.draft)
    data: dict = {
        "seen_at": script.draft_changed_at.isoformat(),
        "sample": "known",
        "part": [part.code for part in content.parts],
        "card": [card.code for card in content.cards],
        "usp": content.usp,
        "usp_neutral": content.usp_neutral,
    }
    for part in content.parts:
        prefix = f"part-{part.code}"
        for name in ("kind", "title", "text", "note"):
            data[f"{prefix}-{name}"] = getattr(part, name)
        data[f"{prefix}-label"] = [*(branch.label for branch in part.branches), ""]
        data[f"{prefix}-target"] = [*(branch.target for branch in part.branches), ""]
    for card in content.cards:
        data[f"card-{card.code}-label"] = card.label
        data[f"card-{card.code}-reply"] = [*card.replies, ""]
    return {**data, **changes}


def draft_of(script: Script) -> Content:
    script.refresh_from_db()
    return Content.from_json(script.draft)


def edit_url(script: Script) -> str:
    return reverse("script-edit", args=[script.pk])


def test_a_new_script_begins_with_a_whole_conversation(writer):
    data = {"name": "新话术", "language": "zh-hant", "begin": "starter"}
    answer = writer.post(reverse("script-new"), data)
    made = Script.objects.get(name="新话术")
    assert answer["Location"] == edit_url(made)
    assert draft_of(made) == library.starter("zh-hant")


def test_an_empty_script_has_the_two_fixed_parts_and_says_what_is_missing(writer):
    data = {"name": "空", "language": "en", "begin": "empty"}
    answer = writer.post(reverse("script-new"), data, follow=True)
    kinds = [part.kind for part in draft_of(Script.objects.get()).parts]
    assert kinds == ["opening", "closing"]
    assert "put {agent.staff_number} here" in answer.content.decode()


def test_a_taken_name_is_told_beside_the_field(writer, script):
    data = {"name": "年卡话术", "language": "en", "begin": "empty"}
    answer = writer.post(reverse("script-new"), data)
    assert answer.status_code == 422
    assert "name" in answer.context["form"].errors


def test_saving_what_was_not_changed_changes_nothing(writer, script):
    before = draft_of(script), script.draft_changed_at
    assert writer.post(edit_url(script), posted(script)).status_code == 302
    assert (draft_of(script), script.draft_changed_at) == before


def test_what_was_typed_is_saved_without_scripts(writer, script):
    data = posted(script, **{"part-opening-text": "您好!\r\n工号{agent.staff_number}。"})
    writer.post(edit_url(script), data)
    assert draft_of(script).parts[1].text == "您好!\n工号{agent.staff_number}。"


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("up:asking", ["gatekeeper", "opening", "asking", "introduction", "handling", "closing"]),
        ("down:asking", ["gatekeeper", "opening", "introduction", "handling", "asking", "closing"]),
        (
            "up:gatekeeper",
            ["gatekeeper", "opening", "introduction", "asking", "handling", "closing"],
        ),
        ("remove:asking", ["gatekeeper", "opening", "introduction", "handling", "closing"]),
        ("up:nothing", ["gatekeeper", "opening", "introduction", "asking", "handling", "closing"]),
    ],
)
def test_parts_are_moved_and_removed_by_buttons(writer, script, action, expected):
    writer.post(edit_url(script), posted(script, action=action))
    assert [part.code for part in draft_of(script).parts] == expected


def test_a_removed_part_leaves_no_answer_that_leads_nowhere(writer, script):
    writer.post(edit_url(script), posted(script, action="remove:handling"))
    targets = {branch.target for part in draft_of(script).parts for branch in part.branches}
    assert "handling" not in targets


def test_a_part_is_added_after_its_like_with_a_name_of_its_own(writer, script):
    answer = writer.post(edit_url(script), posted(script, action="add-part", new_kind="asking"))
    codes = [part.code for part in draft_of(script).parts]
    assert codes[3:5] == ["asking", "asking-2"]
    assert "focus=asking-2" in answer["Location"]


def test_shipped_cards_are_taken_over_and_own_ones_written(writer, script):
    writer.post(
        edit_url(script), posted(script, action="add-cards", shipped=["no_trust", "no_time"])
    )
    cards = draft_of(script).cards
    assert [card.code for card in cards].count("no_time") == 1
    assert cards[-1] == next(c for c in library.shipped_cards("zh-hans") if c.code == "no_trust")
    writer.post(edit_url(script), posted(script, action="add-own-card"))
    assert draft_of(script).cards[-1].code == "own"
    data = posted(script)
    data |= {"card-own-label": "太远", "card-own-reply": ["我们上门。", "", "可以寄。"]}
    writer.post(edit_url(script), data)
    assert draft_of(script).cards[-1].replies == ("我们上门。", "可以寄。")


def test_the_page_shows_problem_hint_time_and_words_beside_the_part(writer, script):
    text = "那个,我们保证{usp},为您节省110元,{customer.field.x}"
    writer.post(edit_url(script), posted(script, **{"part-introduction-text": text}))
    html = writer.get(edit_url(script)).content.decode()
    side = re.search(r'id="side-introduction".*?id="side-asking"', html, re.DOTALL)[0]
    assert "Nothing can fill customer.field.x" in side
    for word in ("那个", "保证", "110元"):
        assert f"<mark>{word}</mark>" in side
    assert "省¥30.00" in side or "少¥30.00" in side


def test_autosave_gives_back_only_what_stands_beside_the_texts(writer, script):
    data = posted(script, action="autosave", **{"part-opening-text": "您好。"})
    html = writer.post(edit_url(script), data).content.decode()
    assert "<textarea" not in html
    assert 'id="side-opening" hx-swap-oob="true"' in html
    assert draft_of(script).parts[1].text == "您好。"
    assert f'value="{script.draft_changed_at.isoformat()}"' in html


def test_what_somebody_else_saved_is_not_overwritten_unasked(writer, script, supervisor):
    data = posted(script, **{"part-opening-text": "我的字"})
    theirs = library.starter("zh-hant")
    operations.save_draft(
        script, theirs, seen_at=script.draft_changed_at, by=supervisor, now=NOW.replace(hour=11)
    )
    told = writer.post(edit_url(script), {**data, "action": "autosave"}).content.decode()
    assert "Somebody else saved" in told
    assert "seen-at" not in told
    answer = writer.post(edit_url(script), data)
    assert answer.status_code == 422
    assert "我的字" in answer.content.decode()
    assert draft_of(script) == theirs
    again = {**data, "seen_at": script.draft_changed_at.isoformat()}
    assert writer.post(edit_url(script), again).status_code == 302
    assert draft_of(script).parts[1].text == "我的字"


@pytest.mark.parametrize("seen_at", ["", "yesterday", "2026-13-01T00:00:00+00:00", "2026-11-23"])
def test_a_broken_time_of_the_draft_overwrites_nothing(writer, script, seen_at):
    data = posted(script, seen_at=seen_at, **{"part-opening-text": "我的字"})
    assert writer.post(edit_url(script), data).status_code == 422
    assert draft_of(script) == library.starter("zh-hans")


def test_publishing_makes_a_version_and_says_so(writer, script):
    answer = writer.post(edit_url(script), posted(script, action="publish", note="头一版"))
    assert answer["Location"] == reverse("script", args=[script.pk])
    assert [(v.number, v.note) for v in script.versions.all()] == [(1, "头一版")]
    script.refresh_from_db()
    again = writer.post(edit_url(script), posted(script, action="publish"))
    assert again.status_code == 422
    assert "Nothing differs from version 1." in again.content.decode()


def test_publishing_from_the_live_page_leads_on(writer, script):
    data = posted(script, action="publish")
    answer = writer.post(edit_url(script), data, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (204, reverse("script", args=[script.pk]))


def test_an_unfit_script_is_saved_but_not_published(writer, script):
    data = posted(script, action="publish", **{"part-closing-text": "再见"})
    answer = writer.post(edit_url(script), data)
    assert answer.status_code == 422
    assert "Not published yet: 1 place" in answer.content.decode()
    assert not script.versions.exists()
    assert draft_of(script).parts[-1].text == "再见"


def test_content_that_was_made_up_is_taken_as_text_only(writer, script):
    data = posted(script)
    data["part"] = ["opening", "opening", "../x", "A B", "new"]
    data["part-new-text"] = "<script>alert(1)</script>"
    writer.post(edit_url(script), data)
    assert [part.code for part in draft_of(script).parts] == ["opening", "new"]
    assert "<script>alert" not in writer.get(edit_url(script)).content.decode()


def published(script, supervisor):
    return operations.publish(script, note="", by=supervisor, now=NOW)


def test_an_agent_reads_the_published_words_and_cannot_write(client, agent, script, supervisor):
    client.force_login(agent)
    assert "年卡话术" not in client.get(reverse("scripts")).content.decode()
    published(script, supervisor)
    assert "年卡话术" in client.get(reverse("scripts")).content.decode()
    html = client.get(reverse("script", args=[script.pk])).content.decode()
    assert "少¥30.00" in html
    for name in ("script-edit", "script-settings", "script-compare"):
        assert client.get(reverse(name, args=[script.pk])).status_code == 403


def test_of_a_customer_who_is_not_known_the_gap_is_stated(client, agent, script, supervisor):
    published(script, supervisor)
    client.force_login(agent)
    url = reverse("script", args=[script.pk])
    html = client.get(url, {"sample": "unknown"}).content.decode()
    assert "欧阳晓晨,您好" in html.replace("，", ",")


def test_an_own_introduction_is_proposed_approved_and_read(client, agent, script, supervisor):
    published(script, supervisor)
    url = reverse("script", args=[script.pk])
    propose = reverse("introduction-propose", args=[script.pk])
    client.force_login(agent)
    refused = client.post(propose, {"text": "您好呀"})
    assert refused.status_code == 422
    assert "put {usp} into yours" in refused.content.decode()
    assert client.post(propose, {"text": "{usp}，我慢慢说。"}).status_code == 302
    assert "我慢慢说" not in str(client.get(url).context["rendered"])
    own = Introduction.objects.get()
    decide = reverse("introduction-decide", args=[own.pk])
    assert client.post(decide, {"answer": "approve"}).status_code == 403
    client.force_login(supervisor)
    assert "我慢慢说" in client.get(url).content.decode()
    client.post(decide, {"answer": "refuse", "note": ""})
    own.refresh_from_db()
    assert own.state == "proposed"
    client.post(decide, {"answer": "approve"})
    client.force_login(agent)
    assert "我慢慢说" in str(client.get(url).context["rendered"])


def test_two_versions_are_laid_side_by_side(writer, script, supervisor):
    published(script, supervisor)
    writer.post(edit_url(script), posted(script, **{"part-asking-text": "这个月就开始。"}))
    html = writer.get(reverse("script-compare", args=[script.pk])).content.decode()
    assert "<del>" in html
    assert "还是" in html
    version = reverse("script-version", args=[script.pk, 1])
    assert writer.get(version).status_code == 200
    writer.post(reverse("script-restore", args=[script.pk, 1]))
    assert draft_of(script) == library.starter("zh-hans")
    assert (
        "Nothing differs"
        in writer.get(reverse("script-compare", args=[script.pk])).content.decode()
    )


def test_comparing_with_a_version_that_is_not_there_is_not_found(writer, script):
    url = reverse("script-compare", args=[script.pk])
    assert writer.get(url, {"from": "7"}).status_code == 404
    assert writer.get(url, {"from": "x"}).status_code == 404
    assert writer.get(url).status_code == 200


def test_a_script_is_put_away_and_taken_out(writer, script):
    writer.post(reverse("script-archive", args=[script.pk]), {"archived": "1"})
    assert "年卡话术" not in writer.get(reverse("scripts")).content.decode()
    shelf = writer.get(reverse("scripts"), {"shelf": "archived"})
    assert "年卡话术" in shelf.content.decode()
    writer.post(reverse("script-archive", args=[script.pk]), {"archived": "0"})
    assert "年卡话术" in writer.get(reverse("scripts")).content.decode()


def test_settings_change_name_product_and_language(writer, script):
    url = reverse("script-settings", args=[script.pk])
    assert writer.get(url).status_code == 200
    writer.post(url, {"name": "改名", "language": "zh-hk", "product": ""})
    script.refresh_from_db()
    assert (script.name, script.language, script.product_id) == ("改名", "zh-hk", None)

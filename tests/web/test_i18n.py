"""Every sentence exists in every language, and every language is written as its readers write."""

from collections.abc import Iterator

import polib
import pytest
from tools import i18n, spoken_text


def test_nothing_is_untranslated_or_badly_translated() -> None:
    found = i18n.problems()
    assert not found, "\n".join(found[:200])


def entry(msgid: str, msgstr: str, comment: str = "") -> polib.POEntry:
    return polib.POEntry(msgid=msgid, msgstr=msgstr, tcomment=comment)


@pytest.mark.parametrize(
    ("msgid", "msgstr"),
    [
        ("%(n)s rows", "%(m)s 行"),
        ("Hello {name}", "您好"),
        ("Saved", " 已保存"),
        ("Saved, again", "已保存,再次"),
    ],
)
def test_a_translation_that_lost_something_is_found(msgid: str, msgstr: str) -> None:
    assert list(i18n.find_faults(entry(msgid, msgstr), "zh_Hans"))


def test_a_faithful_translation_passes() -> None:
    assert not list(i18n.find_faults(entry("%(n)s rows, {x}", "{x}，%(n)s 行"), "zh_Hans"))


def test_a_word_of_the_mainland_is_found_in_the_taiwanese_text() -> None:
    terms = {"保存": "儲存", "質量": "品質"}
    assert list(i18n.find_terms(entry("Save", "保存"), "zh_Hant", terms)) == [
        "zh_Hant: 'Save': 保存 → 儲存"
    ]
    excused = entry("Kept for 2 years", "保存 2 年", "allow: 保存")
    assert not list(i18n.find_terms(excused, "zh_Hant", terms))


@pytest.mark.parametrize(
    ("language", "charset", "text", "is_wrong"),
    [
        ("zh_Hant", "big5", "这张单", True),
        ("zh_Hant", "big5", "這張單", False),
        ("zh_Hans", "gb18030", "這張單", True),
        ("zh_Hans", "gb18030", "这张单", False),
    ],
)
def test_characters_of_the_other_script_are_found(
    language: str, charset: str, text: str, is_wrong: bool
) -> None:
    found = list(i18n.find_foreign_characters(entry("x", text), language, charset))
    assert bool(found) is is_wrong


@pytest.fixture
def written(tmp_path, monkeypatch) -> Iterator:
    """Give a place for a made-up source file that the finders take for ours."""
    monkeypatch.setattr(spoken_text, "ROOT", tmp_path)

    def write(name: str, text: str):
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return write


@pytest.mark.parametrize(
    "template",
    [
        "<p>Hello</p>",
        '<input placeholder="Your name">',
        '{% card title="Customers" %}{% endcard %}',
        "{% load i18n %}<b>{% trans 'x' %}</b> left over",
        "<p>客户</p>",
    ],
)
def test_unmarked_text_in_a_template_is_found(written, template: str) -> None:
    assert list(spoken_text.find_raw_template_text(written("a.html", template)))


def test_marked_text_in_a_template_passes(written) -> None:
    template = (
        '{% load i18n %}{# note #}<p title="{% trans "Hello" %}">{% blocktrans %}Good day'
        '{% endblocktrans %} {{ name }} · Genjin</p>{% card title=_("Customers") %}{% endcard %}'
        "{% block main_class %}page page-narrow{% endblock %}"
    )
    assert not list(spoken_text.find_raw_template_text(written("a.html", template)))


def test_messages_are_found_by_whatever_name_gettext_was_imported(written) -> None:
    source = written(
        "a.py",
        "from django.utils.translation import gettext as __\n"
        "from django.utils.translation import ngettext as many\n"
        '__("Me")\nmany("%(n)s day", "%(n)s days", 2)\nprint("Not this")\n',
    )
    found = set(i18n.messages_of(source))
    assert found == {("", "Me", ""), ("", "%(n)s day", "%(n)s days")}


def test_chinese_in_code_is_found_but_not_in_docstrings(written) -> None:
    good = written("a.py", '"""跟进"""\n# 跟进\nx = 1\n')
    bad = written("b.py", 'x = "跟进"\n')
    assert not list(spoken_text.find_chinese_literals(good))
    assert list(spoken_text.find_chinese_literals(bad))


def test_a_sentence_in_a_script_is_found(written) -> None:
    good = written("a.js", '// Not a sentence\nconsole.warn("Two keys");\nlet a = "data-key";\n')
    bad = written("b.js", 'alert("Please try again.");\n')
    assert not list(spoken_text.find_script_sentences(good))
    assert list(spoken_text.find_script_sentences(bad))


def test_extraction_keeps_translations_and_sets_aside_what_fell_out_of_use() -> None:
    old = i18n.new_catalogue("zh_Hans")
    old.append(entry("Save", "保存"))
    old.append(entry("Gone", "没了"))
    fresh = i18n.updated(old, {("", "Save", ""): ["a.py"], ("", "New", ""): ["b.py"]}, "x", False)
    assert [(e.msgid, e.msgstr, e.obsolete) for e in fresh] == [
        ("New", "", False),
        ("Save", "保存", False),
        ("Gone", "没了", True),
    ]
    again = i18n.updated(fresh, {("", "Gone", ""): ["a.py"]}, "x", True)
    assert [(e.msgid, e.msgstr, e.obsolete) for e in again] == [("Gone", "没了", False)]


def test_hong_kong_has_the_messages_of_django_too() -> None:
    messages = {e.msgid: e.msgstr for e in i18n.hong_kong()}
    assert messages["This field is required."]

"""The contact policy: each rule as its sentence, with a small form to change it (FU3)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from genjin.customers.models import Customer
from genjin.customers.queries import visible_to
from genjin.customers.search import find
from genjin.followups import gate, profiles
from genjin.followups.profiles import PROFILE_KEY, EditableRule
from genjin.followups.resettling_jobs import enqueue_redecide_all
from genjin.followups.rules import Allowed
from genjin.followups.sentences import policy_sentences, profile_name, sentences
from genjin.foundation import policy
from genjin.foundation.access import access
from genjin.foundation.models import PolicySetting, User
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason
from genjin.web.settings.forms import CheckForm, RuleForm
from genjin.web.settings.sentences import sentence
from genjin.web.settings.tabs import pages

RIGHT = "settings.manage"
GROUPS = {
    "outer": gettext_lazy("Hours of the law"),
    "meals": gettext_lazy("Meal times"),
    "hours": gettext_lazy("Hours by purpose"),
    "holidays": gettext_lazy("Public holidays"),
    "consent": gettext_lazy("Consent"),
    "double_opt_in": gettext_lazy("Confirmed by a link"),
    "caps": gettext_lazy("How often"),
    "cool_off": gettext_lazy("After a no"),
}


@dataclass
class Line:
    """One sentence of the policy with the values that make it."""

    rules: list[EditableRule]
    sentence: str
    shipped: str
    form: RuleForm
    settings: list[PolicySetting] = field(default_factory=list)
    is_open: bool = False

    @property
    def anchor(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.rules[0].key)

    @property
    def key(self) -> str:
        return self.rules[0].key

    @property
    def is_changed(self) -> bool:
        return any(rule.value != rule.shipped for rule in self.rules)


def lines(code: str, *, posted: Any = None, posted_key: str = "") -> list[Line]:
    """The sentences of a profile; the form of `posted_key` carries what was posted."""
    rules = profiles.editable_rules(code)
    shipped_values = {rule.key: rule.shipped for rule in rules}
    now = dict(policy_sentences(code))
    shipped = dict(policy_sentences(code, changed=shipped_values))
    keys = [rule.key for rule in rules]
    own = {
        row.key: row
        for row in PolicySetting.objects.filter(key__in=keys).select_related("changed_by")
    }
    found = []
    for words, together in groupby(rules, key=lambda rule: (rule.group, now[rule.key])):
        same = list(together)
        is_posted = posted is not None and same[0].key == posted_key
        form = RuleForm(
            posted if is_posted else None,
            rules=same,
            prefix=re.sub(r"[^a-z0-9]+", "-", same[0].key),
        )
        settings = [own[rule.key] for rule in same if rule.key in own]
        line = Line(same, words[1], shipped[same[0].key], form, settings, is_open=is_posted)
        found.append(line)
    return found


def grouped(found: list[Line]) -> Iterator[dict[str, Any]]:
    for group, members in groupby(found, key=lambda line: line.rules[0].group):
        yield {"code": group, "title": GROUPS.get(group, group), "lines": list(members)}


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@require_http_methods(["GET", "POST"])
@access(RIGHT)
def rules_page(request: HttpRequest) -> HttpResponse:
    """The profile in force, its rules, and the question "may we call this customer now?"."""
    code = profiles.current_code()
    if request.method == "GET":
        return _answer(request, code, lines(code))
    key = request.POST.get("key", "")
    if key == PROFILE_KEY:
        return _choose_profile(request)
    found = lines(code, posted=request.POST, posted_key=key)
    line = next((line for line in found if line.key == key), None)
    if line is None:
        messages.error(request, sentence(Reason("unknown_rule")))
        return redirect("settings-contact")
    if line.form.is_valid() and _stored(request, line):
        messages.success(request, _("In force from now on."))
        return redirect(f"{reverse('settings-contact')}#{line.anchor}")
    return _answer(request, code, found, status=422)


def _choose_profile(request: HttpRequest) -> HttpResponse:
    try:
        chosen = profiles.checked_value(PROFILE_KEY, request.POST.get("profile", ""))
    except BadInput:
        messages.error(request, sentence(Reason("not_a_choice")))
    else:
        now = timezone.now()
        with transaction.atomic():
            is_other = chosen != policy.value(PROFILE_KEY)
            policy.set_value(PROFILE_KEY, chosen, by=_me(request), now=now)
            if is_other:
                enqueue_redecide_all(by=_me(request), now=now)
        messages.success(request, _("In force from now on."))
    return redirect("settings-contact")


def _stored(request: HttpRequest, line: Line) -> bool:
    """Checks every value of a line, then stores all of them or none."""
    checked = {}
    for key, (name, raw) in line.form.values().items():
        try:
            checked[key] = profiles.checked_value(key, raw)
        except BadInput as error:
            for reasons in error.problems.values():
                for reason in reasons:
                    line.form.add_error(name, sentence(reason))
    if line.form.errors:
        return False
    shipped = {rule.key: rule.shipped for rule in line.rules}
    now = timezone.now()
    with transaction.atomic():
        if any(value != policy.value(key) for key, value in checked.items()):
            enqueue_redecide_all(by=_me(request), now=now)
        for key, value in checked.items():
            if value == shipped[key]:
                policy.reset_value(key, by=_me(request), now=now)
            else:
                policy.set_value(key, value, by=_me(request), now=now)
    return True


@require_POST
@access(RIGHT)
def reset_rules(request: HttpRequest) -> HttpResponse:
    """Takes one sentence back to what is shipped."""
    key, now = request.POST.get("key", ""), timezone.now()
    line = next((line for line in lines(profiles.current_code()) if line.key == key), None)
    if line is None:
        return redirect("settings-contact")
    with transaction.atomic():
        if line.is_changed:
            enqueue_redecide_all(by=_me(request), now=now)
        for rule in line.rules:
            policy.reset_value(rule.key, by=_me(request), now=now)
    messages.success(request, _("As shipped again."))
    return redirect(f"{reverse('settings-contact')}#{line.anchor}")


def _answer(
    request: HttpRequest, code: str, found: list[Line], *, status: int = 200
) -> HttpResponse:
    check = CheckForm(request.GET if "customer" in request.GET else None)
    context = {
        "pages": pages("settings-contact"),
        "profile": code,
        "profiles": [(one, profile_name(one)) for one in profiles.codes()],
        "profile_key": PROFILE_KEY,
        "chosen": PolicySetting.objects.select_related("changed_by")
        .filter(key=PROFILE_KEY)
        .first(),
        "groups": list(grouped(found)),
        "check": check,
        "verdict": _verdict(request, check) if check.is_bound and check.is_valid() else None,
    }
    return render(request, "settings/contact.html", context, status=status)


def _customer(request: HttpRequest, words: str) -> Customer | None:
    """The card that a number or a name means; the first hit where several fit."""
    if words.isascii() and words.isdecimal() and len(words) < 15:
        by_number = visible_to(_me(request)).filter(number=int(words)).first()
        if by_number:
            return by_number
    hits = find(words, user=_me(request), limit=1)
    return Customer.objects.get(pk=hits[0].id) if hits else None


def _verdict(request: HttpRequest, check: CheckForm) -> dict[str, Any]:
    """What the gate says about one customer now."""
    asked = check.cleaned_data
    customer = _customer(request, asked["customer"].strip())
    if customer is None:
        return {"customer": None}
    said = gate.ask(
        customer, purpose=asked["purpose"], channel=asked["channel"], now=timezone.now()
    )
    if isinstance(said, Allowed):
        return {"customer": customer, "is_allowed": True}
    return {
        "customer": customer,
        "is_allowed": False,
        "reasons": [{"text": text} for text in sentences(said.reasons)],
        "next_at": said.next_allowed_at,
    }

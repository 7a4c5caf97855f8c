"""Pages that customers open by a signed link, without a password (MA1).

Following a link changes nothing, since mail programs follow links by themselves; a button does.
The page tells nothing of the card but the customer's own numbers, masked, and what was agreed.
"""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from genjin.customers.models import ContactPoint, Customer
from genjin.customers.visibility import masked
from genjin.followups import gate
from genjin.followups.operations import consents
from genjin.followups.operations import wishes as operations
from genjin.followups.wishes import letters, links
from genjin.followups.wishes.links import LinkOver, NoSuchLink, Opened
from genjin.foundation import policy
from genjin.foundation.access import public
from genjin.kernel.errors import BadInput, Conflict, GenjinError
from genjin.web.problems import add_problems
from genjin.web.surveys.public import LANGUAGES
from genjin.web.throttle import may_pass
from genjin.web.wishes import words
from genjin.web.wishes.forms import PointForm, WishesForm


def _language(request: HttpRequest, customer: Customer | None) -> str:
    """The one chosen on the page, else the customer's, else the browser's."""
    chosen = request.GET.get("lang", "")
    if chosen in dict(LANGUAGES) or chosen == "zh-hk":
        return chosen
    if customer is not None:
        return letters.language_of(customer)
    return translation.get_language() or "zh-hans"


def _answer(request: HttpRequest, state: str, *, status: int = 200, **context: Any) -> HttpResponse:
    language = translation.get_language() or "zh-hans"
    context |= {
        "state": state,
        "house": policy.value("organisation.name"),
        "here": f"?lang={language}",
        "languages": [{"code": code, "name": name, "url": f"?lang={code}",
                       "active": code == language} for code, name in LANGUAGES],
    }  # fmt: skip
    answer = render(request, "wishes/page.html", context, status=status)
    answer["Referrer-Policy"] = "no-referrer"  # the address is the key
    answer["X-Robots-Tag"] = "noindex"
    return answer


def _may_pass(request: HttpRequest) -> bool:
    return may_pass(request, "wishes", per_minute=int(policy.value("mail.preferences.per_minute")))


def _with_link(
    request: HttpRequest, open_link: Callable[[], Any], show: Callable[[Any], HttpResponse]
) -> HttpResponse:
    """Opens the link and shows its page in the customer's language, or says why it does not."""
    try:
        found = open_link()
    except (NoSuchLink, ValueError):
        with translation.override(_language(request, None)):
            return _answer(request, "unknown", status=404)
    except LinkOver:
        with translation.override(_language(request, None)):
            return _answer(request, "over", status=410)
    customer = found.point.customer if isinstance(found, Opened) else found.customer
    with translation.override(_language(request, customer)):
        return show(found)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@public
def wishes(request: HttpRequest, token: str) -> HttpResponse:
    """What we may send, on which way, and when we may ring; numbers and addresses."""
    if not _may_pass(request):
        return _answer(request, "busy", status=429)
    open_link = partial(links.open_wishes, token)
    return _with_link(request, open_link, lambda opened: _wishes(request, opened))


def _wishes(request: HttpRequest, opened: Opened) -> HttpResponse:
    if request.method != "POST":
        operations.note_opened(opened, now=timezone.now())
        return _page(request, opened)
    action, _sep, key = request.POST.get("action", "save").partition(":")
    act = {"save": _save, "add": _add, "drop": _drop, "never": _never}.get(action)
    return act(request, opened, key) if act else _page(request, opened)


def _forms(opened: Opened, posted: Any = None, added: Any = None) -> tuple[WishesForm, PointForm]:
    customer = opened.point.customer
    channel = "call"
    form = WishesForm(
        posted, allowed=operations.allowed(customer, now=timezone.now()),
        hours=gate.stated_hours(customer, channel=channel),
    )  # fmt: skip
    return form, PointForm(added)


def _page(
    request: HttpRequest, opened: Opened, forms: tuple[WishesForm, PointForm] | None = None
) -> HttpResponse:
    form, adding = forms or _forms(opened)
    return _answer(
        request, "open", status=422 if form.errors or adding.errors else 200,
        form=form, adding=adding, said=_said(request), address=masked(opened.point),
        points=[{"row": one, "text": masked(one), "is_own": one.pk == opened.point.pk}
                for one in operations.points_of(opened)],
    )  # fmt: skip


def _said(request: HttpRequest) -> str:
    return {
        "saved": _("Saved. It counts from now on."),
        "confirm": _("Saved. For e-mail we have sent you a message: please confirm there."),
        "added": _("Added."),
        "dropped": _("Removed. We do not use it any more."),
        "never": _("We will not contact you any more."),
    }.get(request.GET.get("did", ""), "")


def _done(request: HttpRequest, code: str) -> HttpResponse:
    """Back to the page, so that loading it again sends nothing twice."""
    language = translation.get_language() or "zh-hans"
    return redirect(f"{request.path}?lang={language}&did={code}")


def _save(request: HttpRequest, opened: Opened, _key: str) -> HttpResponse:
    form, adding = _forms(opened, posted=request.POST)
    if form.is_valid():
        try:
            changed = operations.change_wishes(
                opened, wanted=form.wanted(), hours=form.cleaned_data["hours"], now=timezone.now()
            )
        except BadInput as error:
            add_problems(form, error, words.sentence)
        except GenjinError as error:
            form.add_error(None, words.sentence(error))
        else:
            return _done(request, "confirm" if changed.to_confirm else "saved")
    return _page(request, opened, (form, adding))


def _add(request: HttpRequest, opened: Opened, _key: str) -> HttpResponse:
    form, adding = _forms(opened, added=request.POST)
    if adding.is_valid():
        try:
            operations.add_own_point(opened, **adding.cleaned_data, now=timezone.now())
        except BadInput as error:
            add_problems(adding, error, words.sentence, field="value")
        else:
            return _done(request, "added")
    return _page(request, opened, (form, adding))


def _drop(request: HttpRequest, opened: Opened, key: str) -> HttpResponse:
    try:
        point = ContactPoint.objects.get(pk=UUID(key), customer=opened.point.customer_id)
        operations.drop_own_point(opened, point, now=timezone.now())
    except (ValueError, ContactPoint.DoesNotExist, Conflict):
        return _page(request, opened)
    return _done(request, "dropped")


def _never(request: HttpRequest, opened: Opened, _key: str) -> HttpResponse:
    if request.POST.get("sure") != "yes":
        return _page(request, opened)
    operations.refuse_everything(opened, now=timezone.now())
    return _done(request, "never")


# No session, no cookie, no CSRF token: the request comes from a mail service (RFC 8058, 3.2). What
# protects it is the signature of the link.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@public
def unsubscribe(request: HttpRequest, token: str, purpose: str) -> HttpResponse:
    """One click ends messages of a purpose; following the link asks first."""
    return _with_link(
        request,
        lambda: _signed(request, token),
        lambda opened: _unsubscribe(request, opened, token, purpose),
    )


def _signed(request: HttpRequest, token: str) -> Opened:
    """The link's address. Only links that are not ours are counted: a mail service sends many."""
    try:
        return links.open_wishes(token)
    except NoSuchLink:
        if not _may_pass(request):
            raise LinkOver from None
        raise


def _unsubscribe(request: HttpRequest, opened: Opened, token: str, purpose: str) -> HttpResponse:
    if purpose not in policy.value("mail.preferences.purposes"):
        return _answer(request, "unknown", status=404)
    context: dict[str, Any] = {"what": letters.purpose_for_customers(purpose), "token": token,
               "address": masked(opened.point)}  # fmt: skip
    if request.method != "POST":
        return _answer(request, "unsubscribe", **context)
    operations.unsubscribe(opened, purpose=purpose, now=timezone.now())
    if "List-Unsubscribe" in request.POST:  # a mail service, which reads nothing
        return HttpResponse("unsubscribed", content_type="text/plain")
    return _answer(request, "unsubscribed", **context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@public
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The customer confirms, or not, what they had agreed to."""
    if not _may_pass(request):
        return _answer(request, "busy", status=429)
    open_link = partial(links.open_request, token)
    return _with_link(request, open_link, lambda asked: _confirm(request, asked))


def _confirm(request: HttpRequest, asked: Any) -> HttpResponse:
    context = {
        "what": letters.purposes_for_customers(asked.purposes),
        "address": masked(asked.point) if asked.point else "",
        "asked": asked,
    }
    is_over = asked.expires_at <= timezone.now()
    if asked.state != "asked" or is_over:
        return _answer(request, f"confirm_{'over' if asked.state == 'asked' else asked.state}",
                       status=410 if asked.state == "asked" else 200, **context)  # fmt: skip
    if request.method != "POST":
        return _answer(request, "confirm", **context)
    try:
        row = consents.answer_request(
            asked, agreed=request.POST.get("answer") == "yes", now=timezone.now()
        )
    except Conflict:
        asked.refresh_from_db()
        return _answer(request, f"confirm_{asked.state}", **context)
    return _answer(request, f"confirm_{row.state}", **context)

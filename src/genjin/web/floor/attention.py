"""The supervisor's list: what nobody took, what has no outcome, who is away (FU10, CA9)."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from genjin.calling.models import Campaign
from genjin.calling.queries import people_of, rotations_due, visible_to
from genjin.flows import supervision
from genjin.flows.purposes import outcomes_for
from genjin.followups import promises, queries
from genjin.followups.models import Contact, FollowUp
from genjin.followups.operations import reassign
from genjin.followups.sentences import sentences
from genjin.followups.states import WAITING
from genjin.foundation.access import access, has_right
from genjin.foundation.models import User
from genjin.insight import logbook
from genjin.kernel.errors import BadInput, Conflict, GenjinError

SHOWN = 200
TO_QUEUE = "queue"


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def late_of(user: User) -> QuerySet[FollowUp]:
    """What is past its time and waits for somebody to act."""
    # mypy does not know the column that the query adds
    return queries.for_supervisor(user).filter(is_unknown=False)  # type: ignore[misc]


def waiting_by_person(user: User) -> list[dict[str, Any]]:
    """Who has callbacks and follow-ups waiting by name, and how many of them are late."""
    late = Q(escalated_at__isnull=False)
    rows = (
        FollowUp.objects.filter(assigned_to__in=people_of(user), state__in=WAITING)
        .values("assigned_to", "assigned_to__name", "assigned_to__staff_number")
        .annotate(count=Count("pk"), late=Count("pk", filter=late))
        .order_by("-late", "-count")
    )
    return [
        {
            "pk": row["assigned_to"],
            "name": row["assigned_to__name"],
            "number": row["assigned_to__staff_number"],
            "count": row["count"],
            "late": row["late"],
        }
        for row in rows
    ]


def _person(request: HttpRequest) -> User | None:
    """The person whose follow-ups are asked for, of those whom the supervisor directs."""
    text = request.GET.get("person", "") or request.POST.get("person", "")
    if not text.isdecimal() or len(text) > 18:
        return None
    return people_of(_user(request)).filter(pk=int(text)).first()


@require_GET
@access("floor.view")
def page(request: HttpRequest) -> HttpResponse:
    """Everything that needs a supervisor, the oldest first; with `?person=` one person's work."""
    user, person = _user(request), _person(request)
    waiting = queries.waiting_for(person) if person is not None else late_of(user)
    rows = list(waiting[:SHOWN])
    today = logbook.local_now(timezone.now()).date()
    context = {
        "unknown": queries.unknown_contacts(user)[:SHOWN],
        "rows": [(row, " ".join(sentences(row.withheld))) for row in rows],
        "limit": SHOWN,
        "person": person,
        "persons": waiting_by_person(user),
        "people": people_of(user),
        "promises": list(promises.escalated(user)[:SHOWN]),
        "rotations": rotations_due(visible_to(user), today)[:SHOWN],
        "today": today,
        "to_queue": TO_QUEUE,
        "may_reassign": has_right(user, "followups.reassign"),
        "may_open": has_right(user, "customers.view"),
        "may_manage": has_right(user, "campaigns.manage"),
    }
    return render(request, "floor/attention.html", context)


def _chosen(request: HttpRequest) -> QuerySet[FollowUp] | list[FollowUp]:
    """The ticked rows, or with `all` every row of the list that is shown; scope decides again."""
    user, person = _user(request), _person(request)
    listed = queries.waiting_for(person) if person is not None else late_of(user)
    if "all" in request.POST:
        return list(listed)
    wanted = []
    for text in request.POST.getlist("followup"):
        try:
            wanted.append(UUID(text))
        except ValueError:
            continue
    return list(listed.filter(pk__in=wanted))


@require_POST
@access("followups.reassign")
def reassign_chosen(request: HttpRequest) -> HttpResponse:
    """Gives chosen follow-ups to another person or back to the queue, with a reason, audited."""
    user, person = _user(request), _person(request)
    back = redirect(
        reverse("floor-attention") + (f"?person={person.pk}" if person is not None else "")
    )
    target = request.POST.get("to", "")
    is_number = target.isdecimal() and len(target) < 10
    to = people_of(user).filter(pk=int(target)).first() if is_number else None
    if to is None and target != TO_QUEUE:
        messages.error(request, _("Choose a person or the queue."))
        return back
    try:
        moved = reassign(
            _chosen(request),
            to=to,
            by=user,
            now=timezone.now(),
            reason=request.POST.get("reason", "").strip()[:300],
        )
    except BadInput:
        messages.error(request, _("State the reason; it is kept with each follow-up."))
    except Conflict:
        messages.error(request, _("This person has left."))
    else:
        text = ngettext("%(count)s follow-up moved.", "%(count)s follow-ups moved.", moved)
        level = messages.success if moved else messages.warning
        level(request, text % {"count": moved})
    return back


class SettleForm(forms.Form):
    """What really became of a call."""

    template_name = "partials/form.html"
    code = forms.ChoiceField(label=gettext_lazy("What happened"), widget=forms.RadioSelect)
    note = forms.CharField(
        label=gettext_lazy("How you know"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("For example: the agent remembers, the recording, the customer."),
    )

    def __init__(
        self, *arguments: Any, contact: Contact, campaign: Campaign | None, **named: Any
    ) -> None:
        super().__init__(*arguments, **named)
        rules = outcomes_for(contact.purpose, campaign.kind if campaign else "")
        code = self.fields["code"]
        assert isinstance(code, forms.ChoiceField)
        code.choices = [(rule.code, rule.label) for rule in rules]


@require_http_methods(["GET", "HEAD", "POST"])
@access("followups.reassign")
def settle(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Closes a call without an outcome with what really happened."""
    user = _user(request)
    contact = get_object_or_404(queries.unknown_contacts(user), pk=pk)
    campaign = supervision.campaign_of(contact.followup)
    form = SettleForm(request.POST or None, contact=contact, campaign=campaign)
    if request.method == "POST" and form.is_valid():
        try:
            supervision.settle_unknown(contact, by=user, now=timezone.now(), **form.cleaned_data)
        except BadInput:
            form.add_error(None, _("Choose what happened and say how you know."))
        except GenjinError:
            form.add_error(None, _("Somebody else settled this call meanwhile. Look again."))
        else:
            messages.success(request, _("The call is settled."))
            return redirect("floor-attention")
    context = {"form": form, "contact": contact, "campaign": campaign}
    return render(request, "floor/settle.html", context, status=422 if form.errors else 200)

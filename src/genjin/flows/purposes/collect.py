"""Collection: what the customer says about an amount that is due (RE5, RE6, RE7).

What each outcome does beside ending the follow-up stands in `flows.collecting`.
"""

from django.utils.translation import gettext_lazy as _

from genjin.flows.purposes.base import (
    CALLBACK,
    NOT_REACHED,
    Detail,
    checked,
    spoke,
    with_details,
)

_TALK = (Detail.EXCUSE, Detail.COMMITMENT)
PROMISED, PAYS_NOW, DEFERRED, REFUSED = "promised", "pays_now", "callback", "refuses_to_pay"
SAYS_PAID, DISPUTES, OUR_FAULT, ANGRY = "says_paid", "disputes", "our_fault", "angry"

# There is no "never again": a debt is not marketing; a dispute and anger have their own outcomes.
OUTCOMES = checked(
    (
        spoke(PROMISED, "1", _("Promised to pay"), Detail.PROMISE, *_TALK, tone="good",
              is_success=True, needs_next_step=False),
        spoke(PAYS_NOW, "2", _("Agreed to pay now"), Detail.PROMISE, Detail.PAY_NOW, *_TALK,
              tone="good", is_success=True, needs_next_step=False),
        with_details(CALLBACK, Detail.CALLBACK, *_TALK),
        spoke(REFUSED, "4", _("Refuses to pay"), *_TALK, tone="bad"),
        *NOT_REACHED,
        spoke(DISPUTES, "0", _("Disputes the amount"), Detail.GRIEVANCE, *_TALK, tone="warn",
              needs_next_step=False),
        spoke(SAYS_PAID, "s", _("Says it is paid"), Detail.PROMISE, *_TALK,
              needs_next_step=False),
        spoke(OUR_FAULT, "l", _("Our own fault"), Detail.GRIEVANCE, *_TALK, tone="warn",
              needs_next_step=False),
        spoke(ANGRY, "z", _("Angry, ended courteously"), Detail.GRIEVANCE, Detail.CALLBACK,
              *_TALK, tone="bad"),
    )
)  # fmt: skip

"""The writers of the queue, by subject. Screens and domains import them from here."""

from genjin.followups.claims import Taken
from genjin.followups.gate import WithheldError
from genjin.followups.operations.commitments import (
    break_commitment,
    keep_commitment,
    make_commitment,
    move_commitment,
    withdraw_commitment,
)
from genjin.followups.operations.contacts import (
    begin_contact,
    close_unknown,
    correct_interaction,
    record_interaction,
)
from genjin.followups.operations.delivering import (
    Cancelled,
    NoAddress,
    cancel_messages,
    confirm_sent,
    deliver,
    drop_message,
    send_again,
)
from genjin.followups.operations.hold_occasions import (
    hold_for_bereavement,
    hold_for_complaint,
    hold_receivables,
)
from genjin.followups.operations.permissions import (
    place_hold,
    record_agreement,
    record_refusal,
    release_hold,
    renew_hold,
)
from genjin.followups.operations.planning import PlanResult, plan_followup, plan_for_customers
from genjin.followups.operations.planning_listed import Listed, plan_listed
from genjin.followups.operations.queues import (
    cancel,
    cancel_waiting,
    close_queue,
    ensure_queue,
    open_queue,
    reassign,
)
from genjin.followups.operations.redeciding import redecide
from genjin.followups.operations.taking import (
    finish,
    open_called_back,
    put_back,
    release,
    renew_lease,
    take,
    take_next,
)

__all__ = [
    "Cancelled",
    "Listed",
    "NoAddress",
    "PlanResult",
    "Taken",
    "WithheldError",
    "begin_contact",
    "break_commitment",
    "cancel",
    "cancel_messages",
    "cancel_waiting",
    "close_queue",
    "close_unknown",
    "confirm_sent",
    "correct_interaction",
    "deliver",
    "drop_message",
    "ensure_queue",
    "finish",
    "hold_for_bereavement",
    "hold_for_complaint",
    "hold_receivables",
    "keep_commitment",
    "make_commitment",
    "move_commitment",
    "open_called_back",
    "open_queue",
    "place_hold",
    "plan_followup",
    "plan_for_customers",
    "plan_listed",
    "put_back",
    "reassign",
    "record_agreement",
    "record_interaction",
    "record_refusal",
    "redecide",
    "release",
    "release_hold",
    "renew_hold",
    "renew_lease",
    "send_again",
    "take",
    "take_next",
    "withdraw_commitment",
]

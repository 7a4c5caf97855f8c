"""Decides rows that look like a customer on record: the same, a new one, or news of the old."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from genjin.customers.importing import operations, preparing, updating
from genjin.customers.importing.lines import block_of_ids, lines
from genjin.customers.importing.pool import Lines
from genjin.customers.importing.rows import RowCleaner
from genjin.customers.importing.writing import copy_customers
from genjin.customers.models import CustomerImport, ImportRow
from genjin.foundation import audit
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, Conflict, LostRace

SAME, NEW, UPDATE = "same", "new", "update"
DECISIONS = (SAME, NEW, UPDATE)
_COUNTED = {SAME: "skipped_count", NEW: "created_count", UPDATE: "updated_count"}
_FATES = {
    SAME: ImportRow.Fate.SKIPPED,
    NEW: ImportRow.Fate.CREATED,
    UPDATE: ImportRow.Fate.UPDATED,
}


@transaction.atomic
def decide(row: ImportRow, decision: str, *, by: User, now: datetime) -> None:
    """Settles one row: `same` leaves it out, `new` makes a card, `update` adds to the old card.

    An update that says nothing new leaves the row out. Raises LostRace when somebody settled it
    first, Conflict `not_yours` for an update of a card out of the person's scope (the row goes on
    waiting), BadInput for an unknown decision.
    """
    if decision not in DECISIONS:
        raise BadInput("unknown_choice", value=decision)
    taken = ImportRow.objects.filter(pk=row.pk, fate=ImportRow.Fate.ASK)
    if taken.update(fate=_FATES[decision]) != 1:
        raise LostRace("state_changed")
    run = row.run
    if decision != SAME:
        draft = RowCleaner(preparing.spec_for(run)).clean(row.row_number, row.values)
        if decision == NEW:
            stamps = operations.stamps_of(run, by, now)
            copy_customers(Lines([lines(draft, stamps, block_of_ids())]), [0])
        else:
            known: UUID | None = row.duplicate_of_id
            if known is None:
                raise LostRace("state_changed")
            outcome = updating.update_customers([(draft, known)], run=run, by=by, now=now)[0]
            if outcome == "not_yours":
                raise Conflict("not_yours", row=row.row_number)
            if outcome == "nothing_new":
                decision = SAME
                ImportRow.objects.filter(pk=row.pk).update(fate=_FATES[SAME])
    name = _COUNTED[decision]
    CustomerImport.objects.filter(pk=run.pk).update(
        asked_count=F("asked_count") - 1, **{name: F(name) + 1}
    )
    changes = {"row": [None, row.row_number], "decision": [None, decision]}
    audit.record("import_decided", run, by=by, now=now, changes=changes, label=run.file_name)

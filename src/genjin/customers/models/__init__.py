"""Tables of the card, by subject."""

from genjin.customers.models.card import (
    Address,
    ContactHours,
    ContactPerson,
    ContactPoint,
    Customer,
    FieldDefinition,
)
from genjin.customers.models.history import NewsClip, TimelineEntry, WantedItem
from genjin.customers.models.imports import CustomerImport, ImportMapping, ImportRow
from genjin.customers.models.permission import Consent, Hold
from genjin.customers.models.segment import Segment, SegmentMember

__all__ = [
    "Address",
    "Consent",
    "ContactHours",
    "ContactPerson",
    "ContactPoint",
    "Customer",
    "CustomerImport",
    "FieldDefinition",
    "Hold",
    "ImportMapping",
    "ImportRow",
    "NewsClip",
    "Segment",
    "SegmentMember",
    "TimelineEntry",
    "WantedItem",
]

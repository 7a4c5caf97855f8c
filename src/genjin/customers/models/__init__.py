"""Tables of the card, by subject."""

from genjin.customers.models.card import (
    Address,
    ContactHours,
    ContactPerson,
    ContactPoint,
    Customer,
    ExternalKey,
    FieldDefinition,
)
from genjin.customers.models.custody import (
    CardAccess,
    CardLoan,
    CustodyChange,
    CustomerExport,
    PoolWarning,
)
from genjin.customers.models.duplicates import DuplicatePair, Merge
from genjin.customers.models.events import Event
from genjin.customers.models.facets import FacetBits, FacetChange, SegmentDay
from genjin.customers.models.history import NewsClip, TimelineEntry, WantedItem
from genjin.customers.models.imports import CustomerImport, ImportMapping, ImportRow
from genjin.customers.models.permission import Consent, Hold
from genjin.customers.models.quality import CardCount
from genjin.customers.models.segment import Segment, SegmentMember
from genjin.customers.models.standing import OwnedProduct, ProductCategory, Standing

__all__ = [
    "Address",
    "CardAccess",
    "CardCount",
    "CardLoan",
    "Consent",
    "ContactHours",
    "ContactPerson",
    "ContactPoint",
    "CustodyChange",
    "Customer",
    "CustomerExport",
    "CustomerImport",
    "DuplicatePair",
    "Event",
    "ExternalKey",
    "FacetBits",
    "FacetChange",
    "FieldDefinition",
    "Hold",
    "ImportMapping",
    "ImportRow",
    "Merge",
    "NewsClip",
    "OwnedProduct",
    "PoolWarning",
    "ProductCategory",
    "Segment",
    "SegmentDay",
    "SegmentMember",
    "Standing",
    "TimelineEntry",
    "WantedItem",
]

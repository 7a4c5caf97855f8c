"""The holes along the card's edge, as bitmaps (CU2), and yesterday's picture of a segment."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from genjin.customers.models.segment import Segment

CHUNK_BITS = 13
"""A chunk holds the cards whose number has the same value above the lowest 13 bits."""
CHUNK = 1 << CHUNK_BITS


class ChunkBits(models.Field):
    """A bit for each card of a chunk, as text of 0 and 1; the lowest number stands first."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return f"bit({CHUNK})"


class FacetBits(models.Model):
    """Which cards of a chunk have a value of a facet: one bit for each number in the chunk.

    An empty `value`: the cards of which anything is known for the facet. An empty `facet`: the
    cards that count at all, those that were not merged into another. A row without a bit set may
    be missing. Only `customers.facets.building` writes here.
    """

    chunk = models.IntegerField()
    facet = models.CharField(max_length=60)
    value = models.CharField(max_length=80)
    bits = ChunkBits()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["facet", "value", "chunk"], name="facet_bits_once")
        ]
        indexes = [models.Index(fields=["chunk"], name="facet_bits_chunk")]


class FacetChange(models.Model):
    """Cards of a chunk that changed since its bitmaps were made, by their place in the chunk.

    Triggers append rows in the transaction of the change; the worker works them in. Until then
    these cards are counted from their own rows, so that no figure is ever behind.
    """

    chunk = models.IntegerField()
    places = ArrayField(models.SmallIntegerField())


class SegmentDay(models.Model):
    """How many customers a segment had at a day's end, and which: a bitmap over card numbers.

    `members` is zlib-compressed little-endian bits; bit n is the card with number n. It is
    emptied after some days; the count stays. `day` is the day that ended before `made_at`.
    """

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="days")
    day = models.DateField()
    count = models.IntegerField()
    members = models.BinaryField()
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["segment", "day"], name="segment_day_once")]

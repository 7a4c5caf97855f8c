"""The holes along the card's edge, as bitmaps (CU2), and yesterday's picture of a segment."""

from django.db import models
from django.utils import timezone

from genjin.customers.models.segment import Segment

CHUNK_BITS = 13
"""A chunk holds the cards whose number has the same value above the lowest 13 bits."""


class FacetBits(models.Model):
    """Which cards of a chunk have a value of a facet: one bit for each number in the chunk.

    `value` empty: nothing is known. `bits` is a `bit(8192)` column; `count` how many are set.
    """

    chunk = models.IntegerField()
    facet = models.CharField(max_length=60)
    value = models.CharField(max_length=80)
    count = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["facet", "value", "chunk"], name="facet_bits_once")
        ]
        indexes = [models.Index(fields=["chunk"], name="facet_bits_chunk")]


class FacetChange(models.Model):
    """A chunk in which a card changed: its bitmaps are made again. Written by triggers."""

    chunk = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["chunk"], name="facet_change_chunk")]


class SegmentDay(models.Model):
    """How many customers a segment had at a day's end, and which: a bitmap over card numbers.

    `members` is zlib-compressed little-endian bits; bit n is the card with number n.
    """

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="days")
    day = models.DateField()
    count = models.IntegerField()
    members = models.BinaryField()
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["segment", "day"], name="segment_day_once")]

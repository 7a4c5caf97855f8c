"""Scripts and their versions (CA2)."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from genjin.calling import states
from genjin.foundation.fields import IdField, json_object
from genjin.foundation.insert_only import InsertOnly
from genjin.foundation.models import User
from genjin.sales.models import Product


class Script(models.Model):
    """A piece of wording under one name; what is said stands in its versions."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("product")
    )
    language = models.CharField(_("language"), max_length=12, default="zh-hans")
    draft = json_object()
    draft_changed_at = models.DateTimeField(default=timezone.now)
    is_archived = models.BooleanField(default=False)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class ScriptVersion(InsertOnly):
    """A published, unchangeable version (a trigger refuses changes).

    `content` has the shape that `calling.scripts.content` documents: parts in order (gatekeeper,
    opening, introduction, asking, handling, closing), branches by answer, objection cards, the
    selling point.
    """

    script = models.ForeignKey(Script, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    content = json_object()
    note = models.CharField(_("what changed"), max_length=300, blank=True)
    published_at = models.DateTimeField(default=timezone.now)
    published_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["script", "number"], name="script_version_number")
        ]

    def __str__(self) -> str:
        return f"{self.script} · {self.number}"


class Introduction(models.Model):
    """An agent's own introduction for a script; a new wording is a new row (CA2)."""

    id = IdField()
    script = models.ForeignKey(Script, models.CASCADE, related_name="introductions")
    agent = models.ForeignKey(User, models.PROTECT, related_name="+")
    text = models.TextField(_("introduction"))
    state = models.CharField(
        max_length=10, choices=states.IntroductionState.choices, default="proposed"
    )
    proposed_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_note = models.CharField(max_length=300, blank=True)

"""The card itself, its people, numbers, addresses and the definition of its fields."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Collate, Left
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from genjin.customers import states
from genjin.foundation.fields import IdField, json_list, json_object
from genjin.foundation.models import Team, User


class ContactHours(models.Model):
    """Hours in which someone asked to be reached, shared by all who asked for the same.

    `weekly` is the canonical text of `kernel.worktime.WeeklyHours`; times are local to the
    customer. Rows are found by their text and never change.
    """

    weekly = models.CharField(max_length=400, unique=True)

    def __str__(self) -> str:
        return self.weekly


class FieldDefinition(models.Model):
    """One field of the card that is kept in `Customer.fields[code]` (CU1).

    Shipped fields come from policy/card_fields.toml; an administrator adds others without code.
    Stored values by type: text and choice a string, number a number, date an ISO date string,
    choices a list of strings, boolean true or false. `choices` is a list of
    {"code", "labels": {language: text}}; `labels` the field's own name by language.
    """

    code = models.SlugField(max_length=40, unique=True)
    block = models.CharField(max_length=10, choices=states.Block.choices)
    type = models.CharField(max_length=10, choices=states.FieldType.choices)
    labels = json_object()
    choices = json_list()
    unit = models.CharField(max_length=20, blank=True)
    kinds = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    is_facet = models.BooleanField(default=False)
    is_shipped = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    position = models.PositiveIntegerField(default=1000)

    def __str__(self) -> str:
        return self.code


class Customer(models.Model):
    """The data card of one person or one organisation (CU1). Changes through operations only.

    `number` is what people say to each other; it means nothing. `name` is kept as written and
    never converted. `name_key` is the pinyin sort key, `search_tokens` and `search_text` are what
    `kernel.searchtokens` made of names and numbers (CU9); operations keep them up to date.
    `fields` holds the values of `FieldDefinition`. `region` is an administrative division code.
    `time_zone` empty means the organisation's own. `merged_into` is set on a card that was merged.
    `confirmed_at` is when the card as a whole was last confirmed (null: when it was opened);
    `confirmed` is {field: [day, source]} for fields proved apart from it, source as in
    `customers.freshness` (CU6). `custodian_since` and `protected_until` count for the pool (CU17).
    """

    id = IdField()
    number = models.BigIntegerField(
        unique=True,
        db_default=models.Func(
            models.Value("customer_number"),
            function="nextval",
            output_field=models.BigIntegerField(),
        ),
        editable=False,
    )
    kind = models.CharField(_("kind"), max_length=12, choices=states.Kind.choices)
    name = models.CharField(_("name"), max_length=200)
    other_names = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    name_key = models.CharField(max_length=400, blank=True, editable=False)
    search_text = models.TextField(blank=True, editable=False)
    search_tokens = ArrayField(models.IntegerField(), default=list, editable=False)
    sex = models.CharField(_("sex"), max_length=1, choices=states.Sex.choices, blank=True)
    form_of_address = models.CharField(_("form of address"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=12, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=60, blank=True)
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)
    region = models.CharField(_("region"), max_length=12, blank=True)
    stated_hours = models.ForeignKey(
        ContactHours, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    custodian = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="customers",
        verbose_name=_("custodian"), db_index=False,
    )  # fmt: skip
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team"),
        db_index=False,
    )  # fmt: skip
    grade = models.CharField(_("grade"), max_length=1, choices=states.Grade.choices, blank=True)
    grade_set_at = models.DateTimeField(null=True, editable=False)
    expected_close_date = models.DateField(_("expected close"), null=True, blank=True)
    expected_amount = models.DecimalField(
        _("expected amount"), max_digits=18, decimal_places=2, null=True, blank=True
    )
    is_key = models.BooleanField(_("key customer"), default=False)
    prospect_state = models.CharField(
        _("prospect"), max_length=8, choices=states.ProspectState.choices, blank=True,
        db_default="",
    )  # fmt: skip
    paused_until = models.DateField(_("paused until"), null=True, blank=True)
    visiting_grade = models.CharField(
        _("visiting grade"), max_length=1, choices=states.VisitingGrade.choices, blank=True,
        db_default="",
    )  # fmt: skip
    source = models.CharField(_("source"), max_length=60, blank=True)
    note = models.TextField(_("note"), blank=True)
    fields = json_object()
    confirmed_at = models.DateTimeField(null=True, editable=False)
    confirmed = json_object(db_default=models.Value({}, models.JSONField()))
    custodian_since = models.DateTimeField(null=True, editable=False)
    protected_until = models.DateField(_("protected until"), null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    last_contact_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        indexes = [
            GinIndex(fields=["search_tokens"], name="customer_search"),
            GinIndex(
                OpClass("fields", name="jsonb_path_ops"), name="customer_fields"
            ),
            models.Index(
                OpClass(Left("search_text", 30), name="text_pattern_ops"),
                name="customer_folded_prefix",
            ),
            models.Index(Collate("name_key", "C"), "id", name="customer_by_pinyin"),
            models.Index(fields=["tax_number"], name="customer_tax_number",
                         condition=~models.Q(tax_number="")),
            models.Index(fields=["custodian", "-changed_at"], name="customer_by_custodian"),
            models.Index(fields=["team", "-changed_at"], name="customer_by_team"),
            models.Index(fields=["-changed_at", "-id"], name="customer_newest"),
            models.Index(fields=["region"], name="customer_by_region"),
            # Few rows have these; an index of all would cost every new card an entry.
            models.Index(fields=["stated_hours"], name="customer_stated_hours",
                         condition=models.Q(stated_hours__isnull=False)),
            models.Index(fields=["grade", "grade_set_at"], name="customer_graded",
                         condition=~models.Q(grade="")),
            models.Index(fields=["merged_into"], name="customer_merged_into",
                         condition=models.Q(merged_into__isnull=False)),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class ExternalKey(models.Model):
    """The name under which another system knows a card, unique among all of them (PL6).

    A card may have several, one for each system. They go with the card when it is merged.
    """

    key = models.CharField(max_length=80, primary_key=True)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="external_keys")
    set_at = models.DateTimeField(default=timezone.now)
    set_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return self.key


class ContactPerson(models.Model):
    """A person at a customer with their roles (CU7); `is_self` is the customer as a person.

    A birthday is stored as month and day (and year where known) in its own calendar; `events` is
    a list of {"kind", "date", "who", "note"} (school examinations, weddings, a parent's 60th).
    The role `informant` is seen by the custodian and managers only, never printed or exported.
    Children's data is kept only when `guardian_consent_at` is set.
    """

    id = IdField()
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="people")
    is_self = models.BooleanField(default=False)
    name = models.CharField(_("name"), max_length=200)
    form_of_address = models.CharField(_("form of address"), max_length=40, blank=True)
    sex = models.CharField(_("sex"), max_length=1, choices=states.Sex.choices, blank=True)
    job_title = models.CharField(_("position"), max_length=80, blank=True)
    roles = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    language = models.CharField(_("language"), max_length=12, blank=True)
    preferred_channel = models.CharField(_("preferred channel"), max_length=12, blank=True)
    stated_hours = models.ForeignKey(
        ContactHours, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    is_birthday_lunar = models.BooleanField(_("lunar birthday"), default=False)
    birth_year = models.PositiveSmallIntegerField(_("year of birth"), null=True, blank=True)
    birth_month = models.PositiveSmallIntegerField(_("month of birth"), null=True, blank=True)
    birth_day = models.PositiveSmallIntegerField(_("day of birth"), null=True, blank=True)
    is_child = models.BooleanField(_("child"), default=False)
    guardian_consent_at = models.DateTimeField(null=True, blank=True)
    guardian_consent_by = models.CharField(_("guardian"), max_length=80, blank=True)
    events = json_list()
    traits = json_object()
    note = models.TextField(_("note"), blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [
            models.Index(
                fields=["stated_hours"],
                name="person_stated_hours",
                condition=models.Q(stated_hours__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="child_only_with_guardian_consent",
                condition=models.Q(is_child=False) | models.Q(guardian_consent_at__isnull=False),
            ),
            models.CheckConstraint(
                name="birthday_is_a_day",
                condition=models.Q(birth_month__isnull=True, birth_day__isnull=True)
                | models.Q(birth_month__range=(1, 12), birth_day__range=(1, 31)),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ContactPoint(models.Model):
    """A number or account by which a customer or a person there is reached.

    `value` is the normal form (E.164 for phones; the digits as written where none exists),
    `raw` what was entered. `stated_hours` are the hours of this number (home, work: CU7).
    """

    id = IdField()
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="points")
    person = models.ForeignKey(
        ContactPerson, models.CASCADE, null=True, blank=True, related_name="points",
        db_index=False,
    )  # fmt: skip
    kind = models.CharField(max_length=8, choices=states.PointKind.choices)
    label = models.CharField(max_length=8, choices=states.PointLabel.choices, default="other")
    value = models.CharField(max_length=254)
    extension = models.CharField(max_length=10, blank=True)
    raw = models.CharField(max_length=300, blank=True)
    status = models.CharField(max_length=12, choices=states.PointStatus.choices, default="ok")
    stated_hours = models.ForeignKey(
        ContactHours, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        indexes = [
            models.Index(fields=["value", "kind"], name="point_by_value"),
            models.Index(fields=["person"], name="point_by_person",
                         condition=models.Q(person__isnull=False)),
            models.Index(fields=["stated_hours"], name="point_stated_hours",
                         condition=models.Q(stated_hours__isnull=False)),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.value


class Address(models.Model):
    """Where a customer is. `division` is the code of the finest administrative division found.

    Coordinates carry how they were found (`import`, `map`, `district`) and their system.
    """

    class Precision(models.TextChoices):
        NONE = "", _("No coordinates")
        EXACT = "exact", _("Exact")
        MAP = "map", _("Set on the map")
        DISTRICT = "district", _("Centre of the district")

    class System(models.TextChoices):
        WGS84 = "wgs84", "WGS-84"
        GCJ02 = "gcj02", "GCJ-02"

    id = IdField()
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="addresses")
    label = models.CharField(_("kind"), max_length=20, default="main")
    text = models.CharField(_("address"), max_length=300)
    postcode = models.CharField(_("postcode"), max_length=12, blank=True)
    division = models.CharField(max_length=12, blank=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    precision = models.CharField(max_length=8, choices=Precision.choices, blank=True)
    system = models.CharField(max_length=5, choices=System.choices, default="wgs84")
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.text

"""One row of each kind for the permission table: the agent's own, in the team of all roles.

`url_of(route)` fills a route of the product with them. A route with a new kind of row gets its
line in `SAMPLES`: the longest beginning that fits counts.
"""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils import timezone

from genjin.calling.models import Campaign, CampaignAgent, Introduction
from genjin.customers.fields import sync_shipped_fields
from genjin.customers.models import (
    Address,
    ContactPerson,
    Customer,
    CustomerExport,
    CustomerImport,
    DuplicatePair,
    ExternalKey,
    FieldDefinition,
    Hold,
    OwnedProduct,
    ProductCategory,
    Segment,
    WantedItem,
)
from genjin.followups.models import (
    Commitment,
    Contact,
    FollowUpRule,
    Interaction,
    OutgoingMessage,
)
from genjin.followups.rulebook.shipped import sync_shipped_rules
from genjin.foundation import access
from genjin.foundation.models import Approval, Heartbeat, LongTask, Team, User
from genjin.foundation.tokens import make_token
from genjin.kernel.ids import uuid7
from genjin.receivables.models import StatementFile, WaitingPayment
from genjin.receivables.operations.instruments import receive_instrument
from genjin.receivables.operations.ledger import bill, receive_payment
from genjin.sales.invoices.operations import request_invoice, save_details
from genjin.sales.models import (
    CreditAccount,
    CreditMember,
    Delivery,
    KnowledgeCard,
    Order,
    OrderLine,
    Product,
    Security,
)
from genjin.service.models import WarrantyStub
from tests.factories import (
    make_campaign,
    make_category,
    make_customer,
    make_followup,
    make_opportunity,
    make_order,
    make_paper,
    make_point,
    make_script_version,
    make_team,
    make_user,
)
from tests.scores import give

VISITOR = "visitor"
FILE = Path(__file__).with_name("a.csv")


@dataclass
class World:
    """Everything that the table's urls point at."""

    team: Team
    users: dict[str, User]
    values: dict[str, dict[str, Any]] = field(default_factory=dict)

    def url_of(self, route: str) -> str:
        """The address of `route` with the keys of this world's rows."""
        known = max(
            (start for start in self.values if route.startswith(start)), key=len, default=None
        )

        def value(found: re.Match[str]) -> str:
            name = found.group(1).rpartition(":")[2]
            if known is None or name not in self.values[known]:
                raise KeyError(f"tests/permissions/samples.py has no {name!r} for {route!r}")
            return str(self.values[known][name])

        return "/" + re.sub(r"<([^>]+)>", value, route)


def _stub(customer: Customer) -> WarrantyStub:
    category = ProductCategory.objects.create(code="stub")
    owned = OwnedProduct.objects.create(customer=customer, category=category, source_kind="stub")
    product = Product.objects.create(name="空调", code="W1", kind=category)
    return WarrantyStub.objects.create(serial="S1", product=product, customer=customer,
                                       owned=owned, language="en")  # fmt: skip


def make_world() -> World:
    """The rows; the agent is the custodian, all people are in one team."""
    now = timezone.now()
    sync_shipped_fields()
    sync_shipped_rules()
    Heartbeat.objects.create(name="worker", at=now)
    team = make_team()
    users = {role: make_user(role=role, team=team) for role in access.roles()}
    agent = users["agent"]
    world = World(team, users)
    customer = make_customer(phone="+8613800138000", custodian=agent, team=team)
    category = make_category()
    version = make_script_version()
    campaign: Campaign = make_campaign(agents=(agent,), team=team, script=version.script)
    followup = make_followup(
        customer=customer, queue=campaign.queue, state="taken", taken_by=agent, taken_at=now,
        lease_until=now + timedelta(minutes=15),
    )  # fmt: skip
    interaction = Interaction.objects.create(
        customer=customer, at=now, by=agent, channel="call", purpose="sell", outcome="refused",
        queue=campaign.queue, local_hour=10,
        local_day=timezone.localdate(now, timezone.get_default_timezone()),
    )  # fmt: skip
    contact = Contact.objects.create(
        customer=customer, followup=followup, by=agent, channel="call", purpose="sell",
        address="+8613800138000", started_at=now, state="unknown",
    )  # fmt: skip
    place = CampaignAgent.objects.get(campaign=campaign)
    ExternalKey.objects.create(key="K1", customer=customer)
    token = make_token(agent, name="ERP", scope="read", now=now).token
    deal = Order.objects.create(
        customer=customer, number="SO-1", state="concluded", total=1, seller=agent
    )
    OrderLine.objects.create(
        customer=customer, order=deal, category=category, amount=1, home_amount=1,
        ordered_on=timezone.localdate(now),
    )  # fmt: skip
    account = CreditAccount.objects.create(name="?")
    CreditMember.objects.create(customer=customer, account=account, is_head=True)
    statement = StatementFile.objects.create(kind="payments", name="a.csv", digest="0")
    security = Security.objects.create(
        account=account, kind="deposit", amount=1, given_on=timezone.localdate(now)
    )
    today = timezone.localdate(now, timezone.get_default_timezone())
    debt = bill(customer, amount=Decimal(2), currency="CNY", issued_on=today, due_on=today,
                by=agent, now=now)  # fmt: skip
    paid = receive_payment(customer, amount=Decimal(1), currency="CNY", means="cash",
                           received_on=today, allocate=[], by=agent, now=now)  # fmt: skip
    cheque = receive_instrument(
        customer, kind="cheque", number="1", amount=Decimal(1), currency="CNY",
        received_on=today, matures_on=today, by=agent, now=now,
    )  # fmt: skip
    details = save_details(customer, {"title": "?"}, by=agent, now=now)
    invoice = request_invoice(
        customer, details=details, kind="normal", amount=Decimal(1), currency="CNY", content="?",
        by=agent, now=now,
    )  # fmt: skip
    world.values |= {
        "customers/<uuid:pk>/account": {
            "pk": customer.pk,
            "entry_pk": paid.entry.pk,
            "debt_pk": debt.pk,
            "cheque_pk": cheque.pk,
            "step": "clear",
        },
        "api/v1/customers/": {"pk": customer.pk, "key": "K1"},
        "api/v1/orders/": {"pk": make_order(customer=customer, category=category).pk},
        "api/v1/followups/": {"pk": followup.pk},
        "api/v1/interactions/": {"pk": interaction.pk},
        "api/v1/scores/": {"sequence": give(3, scored=agent, customer=customer).pk},
        "me/tokens/": {"pk": token.pk},
        "users/": {"pk": agent.pk, "token_pk": token.pk},
        "users/teams/": {"pk": team.pk},
        "desk/": {"pk": followup.pk},
        "desk/briefing/": {"pk": campaign.pk},
        "customers/": {
            "pk": customer.pk,
            "person_pk": ContactPerson.objects.create(customer=customer, name="王芳").pk,
            "point_pk": make_point(customer=customer, value="+8613800138001").pk,
            "address_pk": Address.objects.create(customer=customer).pk,
            "item_pk": WantedItem.objects.create(customer=customer, text="?", by=agent).pk,
            "hold_pk": Hold.objects.create(
                customer=customer,
                purposes=["sell"],
                reason="other",
                starts_at=now,
                ends_at=now + timedelta(days=3),
                source_kind="hand",
                placed_by=agent,
            ).pk,
            "commitment_pk": Commitment.objects.create(
                customer=customer, text="?", owner=agent, due_at=now, made_by=agent
            ).pk,
            "security_pk": security.pk,
            "order_pk": make_order(customer=customer, category=category).pk,
            "owned_pk": OwnedProduct.objects.create(
                customer=customer, category=category, brand="?", source_kind="person"
            ).pk,
            "details_pk": details.pk,
            "block": "basic",
            "action": "wrong",
        },
        "deals/": {"pk": deal.pk},
        "payments/files/": {"pk": statement.pk},
        "payments/waiting/": {
            "pk": WaitingPayment.objects.create(
                file=statement,
                key="?",
                row=2,
                amount=1,
                currency="CNY",
                means="transfer",
                received_on=timezone.localdate(now),
                reason={"code": "payer_unknown"},
            ).pk
        },
        "deliveries/": {
            "pk": Delivery.objects.create(
                order=deal,
                customer=customer,
                planned_on=timezone.localdate(now),
                amount=1,
                currency="CNY",
            ).pk
        },
        "orders/import/": {"pk": LongTask.objects.create(kind="orders", title="t", by=agent).pk},
        "settings/categories/": {"pk": category.pk},
        "settings/numbering/": {"code": "order"},
        "papers/": {"pk": make_paper(customer=customer, shows_contact=False).pk},
        "invoices/": {"pk": invoice.pk},
        "settings/papers/": {"language": "en"},
        "rulebook/": {"pk": FollowUpRule.objects.order_by("pk")[0].pk},
        "duplicates/": {
            "pk": DuplicatePair.objects.create(
                first=customer, second=make_customer(name="张三", team=team), score=85
            ).pk
        },
        "duplicates/pick/": {"pk": customer.pk},
        "duplicates/merges/": {"pk": customer.pk},
        "pool/": {"pk": customer.pk},
        "settings/card-fields/": {"pk": FieldDefinition.objects.order_by("pk")[0].pk},
        "warranty/": {"seal": "broken"},
        "warranties/": {"pk": _stub(customer).pk},
        "warranties/qr/": {"pk": Product.objects.get(code="W1").pk},
        "exports/": {
            "pk": CustomerExport.objects.create(
                mark="GJ-2345678922",
                by=users["manager"],
                reason="?",
                state="asked",
            ).pk
        },
        "custody/loans/": {"pk": uuid7()},
        "imports/": {
            "pk": CustomerImport.objects.create(
                by=users["supervisor"],
                file_name="a.csv",
                stored_path=str(FILE),
                file_size=FILE.stat().st_size,
                file_digest="0",
                format="csv",
                encoding="utf-8",
                delimiter=",",
                state="done",
            ).pk,
            "kind": "csv",
        },
        "forecast/": {"month": "2999-01"},
        "opportunities/": {
            "pk": make_opportunity(
                customer=make_customer(custodian=agent, team=team), owner=agent
            ).pk
        },
        "segments/": {
            "pk": Segment.objects.create(
                name="全部", criteria={}, created_by=users["supervisor"]
            ).pk
        },
        "campaigns/": {"pk": campaign.pk, "user_pk": place.user_id, "code": "agents"},
        "scripts/": {"pk": version.script.pk, "number": 1},
        "introductions/": {
            "pk": Introduction.objects.create(script=version.script, agent=agent, text="?").pk
        },
        "floor/attention/contacts/": {"pk": contact.pk},
        "scores/": {"pk": give(4, scored=agent, customer=customer).pk},
        "s/": {"token": "no-such-link"},
        "promises/": {
            "pk": Commitment.objects.create(
                customer=customer, text="?", owner=agent, due_at=now, made_by=agent
            ).pk
        },
        "logbook/records/": {"pk": interaction.pk},
        "products/": {"pk": Product.objects.create(name="保险", code="P1").pk},
        "knowledge/": {"pk": KnowledgeCard.objects.create(title="?").pk},
        "w/": {"token": "bent"},
        "u/": {"token": "bent", "purpose": "sell"},
        "c/": {"token": "bent"},
        "mail/": {
            "pk": OutgoingMessage.objects.create(
                customer=customer,
                channel="email",
                purpose="service",
                address="a@example.com",
                cause_key="sample",
                subject="?",
                text="?",
                wanted_at=now,
                not_before=now,
            ).pk
        },
        "approvals/": {
            "pk": Approval.objects.create(
                kind="merge_owned_cards",
                subject_kind="pair",
                subject_id="1",
                reason="?",
                team=team,
                role="supervisor",
                asked_by=agent,
                asked_at=now,
                due_at=now,
            ).pk
        },
        "approvals/away/": {"pk": 1},
        "tasks/": {"pk": LongTask.objects.create(kind="t", title="t", by=agent).pk},
        "tasks/jobs/": {"pk": 1},
    }
    return world

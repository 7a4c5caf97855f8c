"""Tables of selling. Rows change through the operations of `sales` alone."""

from genjin.sales.models.catalogue import Comparison, KnowledgeCard, Price, Product
from genjin.sales.models.credit import (
    CreditAccount,
    CreditDecision,
    CreditInquiry,
    CreditMember,
    Security,
)
from genjin.sales.models.deliveries import Delivery, DeliveryLine
from genjin.sales.models.invoices import InvoiceRequest, InvoicingDetails
from genjin.sales.models.opportunities import Opportunity, OpportunityFact, OpportunityMove
from genjin.sales.models.orders import ExchangeRate, Order, OrderLine, TermsAgreement
from genjin.sales.models.papers import IssuedPaper, PaperFile
from genjin.sales.models.standing import ClassRun, KeyDecision

__all__ = [
    "ClassRun",
    "Comparison",
    "CreditAccount",
    "CreditDecision",
    "CreditInquiry",
    "CreditMember",
    "Delivery",
    "DeliveryLine",
    "ExchangeRate",
    "InvoiceRequest",
    "InvoicingDetails",
    "IssuedPaper",
    "KeyDecision",
    "KnowledgeCard",
    "Opportunity",
    "OpportunityFact",
    "OpportunityMove",
    "Order",
    "OrderLine",
    "PaperFile",
    "Price",
    "Product",
    "Security",
    "TermsAgreement",
]

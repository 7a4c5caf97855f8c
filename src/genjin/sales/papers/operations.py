"""Issues a paper: draws its number, sets it as PDF, keeps it. One transaction."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from genjin.customers import timeline
from genjin.customers.models import Customer
from genjin.foundation import audit, pdf
from genjin.foundation.models import User
from genjin.foundation.numbering import draw
from genjin.foundation.papers import Letter, Paper, render_letter, render_paper
from genjin.kernel.errors import BadInput, Conflict
from genjin.sales.models import IssuedPaper, PaperFile
from genjin.sales.papers.queries import current_paper
from genjin.sales.states import PaperKind

Build = Callable[[str], Paper | Letter]
_LONGEST_REASON = 300


@dataclass(frozen=True)
class Source:
    """What a paper is about: "order" and its id. There is one paper of a kind for a source."""

    kind: str
    id: str


def issue_paper(
    customer: Customer,
    *,
    kind: str,
    build: Build,
    day: date,
    language: str,
    by: User | None,
    now: datetime,
    source: Source | None = None,
    number: str = "",
    amount: Decimal | None = None,
    currency: str = "",
    shows_contact: bool = True,
    replaces: IssuedPaper | None = None,
    reason: str = "",
) -> IssuedPaper:
    """Makes a paper of `kind` for a customer, or gives the one that its source has already.

    `build` gets the number and says what the paper reads; it must be quick and write nothing. The
    number comes from the series of the kind, unless the thing itself has one (`number`). Asking
    again for the same source gives the first paper with the same bytes, whatever `build` would say
    now; a correction names the paper it `replaces` and its `reason`.

    The series stays locked until the caller's transaction ends (`numbering.drawing`): issue last.
    Writes the paper, its file, a line of the timeline and one of the audit trail. Raises BadInput:
    `required` on reason, `not_a_choice` on kind and language; Conflict `paper_is_replaced` when
    the old one was replaced before, `another_paper` when it is of another customer or kind,
    `number_is_taken` when a given number is another paper's already.
    """
    _check(customer, kind, language, replaces, reason)
    if source and replaces is None and (found := current_paper(kind, source.kind, source.id)):
        return found
    if replaces is not None and source is None and replaces.source_id:
        source = Source(replaces.source_kind, replaces.source_id)
    try:
        # A savepoint: what loses a race gives its number back and leaves the caller's work alone.
        with transaction.atomic():
            return _made(
                customer,
                kind=kind,
                build=build,
                language=language,
                number=number,
                replaces=replaces,
                values={
                    "day": day,
                    "amount": amount,
                    "currency": currency,
                    "source_kind": source.kind if source else "",
                    "source_id": source.id if source else "",
                    "shows_contact": shows_contact,
                    "reason": reason.strip(),
                    "made_by": by,
                    "made_at": now,
                },
            )
    except IntegrityError:
        if replaces is not None and IssuedPaper.objects.filter(replaces=replaces).exists():
            raise Conflict("paper_is_replaced", number=replaces.number) from None
        if source and (found := current_paper(kind, source.kind, source.id)):
            return found
        if IssuedPaper.objects.filter(kind=kind, number=number).exists():
            raise Conflict("number_is_taken", number=number) from None
        raise


def _check(
    customer: Customer, kind: str, language: str, replaces: IssuedPaper | None, reason: str
) -> None:
    problems: dict[str | int, str] = {}
    if kind not in PaperKind.values:
        problems["kind"] = "not_a_choice"
    if language not in pdf.LANGUAGES:
        problems["language"] = "not_a_choice"
    if replaces is not None and not reason.strip():
        problems["reason"] = "required"
    if len(reason.strip()) > _LONGEST_REASON:
        problems["reason"] = "too_long"
    if problems:
        raise BadInput(problems)
    if replaces is not None:
        if replaces.kind != kind or replaces.customer_id != customer.pk:
            raise Conflict("another_paper", number=replaces.number)
        if IssuedPaper.objects.filter(replaces=replaces).exists():
            raise Conflict("paper_is_replaced", number=replaces.number)


def _made(
    customer: Customer,
    *,
    kind: str,
    build: Build,
    language: str,
    number: str,
    replaces: IssuedPaper | None,
    values: dict[str, object],
) -> IssuedPaper:
    now, by, day = values["made_at"], values["made_by"], values["day"]
    assert isinstance(now, datetime)
    assert isinstance(day, date)
    assert by is None or isinstance(by, User)
    number = number or draw(kind, on=day)
    content, title = _set(build(number), language, now)
    paper = IssuedPaper.objects.create(
        kind=kind,
        number=number,
        edition=_edition(kind, number, replaces),
        customer=customer,
        title=title[:120],
        language=language,
        replaces=replaces,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        **values,
    )
    PaperFile.objects.create(paper=paper, content=content)
    told = {"kind": kind, "number": number, "replaces": replaces.number if replaces else ""}
    audit.record("issue", paper, by=by, now=now, changes=told, reason=str(values["reason"]))
    timeline.append(
        customer.pk,
        kind="paper",
        code="paper_replaced" if replaces else "paper_issued",
        data=told,
        source=("paper", str(paper.pk)),
        by=by,
        at=now,
    )
    return paper


def _set(said: Paper | Letter, language: str, now: datetime) -> tuple[bytes, str]:
    """The file and what the lists call it."""
    if isinstance(said, Letter):
        return render_letter(said, language=language, at=now), str(said.subject or said.salutation)
    return render_paper(said, language=language, at=now), str(said.title)


def _edition(kind: str, number: str, replaces: IssuedPaper | None) -> int:
    if replaces is not None and replaces.kind == kind and replaces.number == number:
        return replaces.edition + 1
    return 1

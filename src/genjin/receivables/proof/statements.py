# ruff: noqa: S608 - the statements are put together of constants alone
"""The statements of the proof: each finds the first row that is not as the ledger says.

`EFFECTS` gives every entry with the kind that it acts as and its sign: a reversal acts as what it
reverses, with the opposite sign. From it, for each customer and currency (RE1):

    open    = bills + charges − allocations − (write-offs − recoveries)
    advance = payments + credit notes − allocations − refunds
    balance = open − advance

each less its reversals.
"""

EFFECTS = """
SELECT id, account_id, receivable_id, credit_id, currency, seq, booked_on,
  CASE kind WHEN 'reversal' THEN reversed_kind ELSE kind END AS acts,
  CASE kind WHEN 'reversal' THEN -amount ELSE amount END AS signed
FROM receivables_ledgerentry
"""
OPEN = """(COALESCE(sum(signed) FILTER (WHERE acts IN ('bill', 'charge')), 0)
  - COALESCE(sum(signed) FILTER (WHERE acts = 'allocation'), 0)
  - (COALESCE(sum(signed) FILTER (WHERE acts = 'write_off'), 0)
    - COALESCE(sum(signed) FILTER (WHERE acts = 'recovery'), 0)))"""
ADVANCE = """(COALESCE(sum(signed) FILTER (WHERE acts IN ('payment', 'credit_note')), 0)
  - COALESCE(sum(signed) FILTER (WHERE acts = 'allocation'), 0)
  - COALESCE(sum(signed) FILTER (WHERE acts = 'refund'), 0))"""
WRITTEN_OFF = """(COALESCE(sum(signed) FILTER (WHERE acts = 'write_off'), 0)
  - COALESCE(sum(signed) FILTER (WHERE acts = 'recovery'), 0))"""

# Each account with what its entries come to: read once, compared three times.
ACCOUNTS = f"""
CREATE TEMPORARY TABLE genjin_proof ON COMMIT DROP AS
SELECT a.id, a.customer_id, a.currency, a.entries, a.open, a.advance,
  COALESCE(l.rows, 0) AS rows, l.first, l.last, COALESCE(l.open, 0) AS open_proved,
  COALESCE(l.advance, 0) AS advance_proved
FROM receivables_account a LEFT JOIN (
  SELECT account_id, count(*) AS rows, min(seq) AS first, max(seq) AS last,
    {OPEN} AS open, {ADVANCE} AS advance
  FROM ({EFFECTS}) e GROUP BY account_id
) l ON l.account_id = a.id
"""

_NUMBER = "(SELECT number FROM customers_customer card WHERE card.id = {0}.customer_id) AS customer"

# (code, statement): the first wrong row as named columns, none when all is in order.
CHECKS: tuple[tuple[str, str], ...] = (
    (
        "rows_lost",
        f"""SELECT {_NUMBER.format("p")}, currency, entries AS expected, rows AS found
        FROM genjin_proof p WHERE rows <> entries
          OR rows > 0 AND (first <> 1 OR last <> entries) ORDER BY customer, currency LIMIT 1""",
    ),
    (
        "account_open",
        f"""SELECT {_NUMBER.format("p")}, currency, open_proved AS expected, open AS found
        FROM genjin_proof p WHERE open <> open_proved ORDER BY customer, currency LIMIT 1""",
    ),
    (
        "account_advance",
        f"""SELECT {_NUMBER.format("p")}, currency, advance_proved AS expected, advance AS found
        FROM genjin_proof p WHERE advance <> advance_proved ORDER BY customer, currency LIMIT 1""",
    ),
    (
        "receivable_open",
        f"""SELECT {_NUMBER.format("r")}, r.currency, r.id::text AS row, r.number,
          COALESCE(l.open, 0) AS expected, r.open_amount AS found
        FROM receivables_receivable r LEFT JOIN (
          SELECT receivable_id, {OPEN} AS open, {WRITTEN_OFF} AS off,
            min(signed) FILTER (WHERE acts IN ('bill', 'charge') AND signed > 0) AS billed,
            count(*) FILTER (WHERE acts IN ('bill', 'charge') AND signed > 0) AS bills
          FROM ({EFFECTS}) e WHERE receivable_id IS NOT NULL GROUP BY receivable_id
        ) l ON l.receivable_id = r.id
        WHERE r.open_amount <> COALESCE(l.open, 0) OR r.written_off_amount <> COALESCE(l.off, 0)
          OR l.billed IS DISTINCT FROM r.amount OR l.bills IS DISTINCT FROM 1
        ORDER BY r.id LIMIT 1""",
    ),
    (
        "receivable_state",
        f"""SELECT {_NUMBER.format("r")}, r.currency, r.id::text AS row, r.number,
          CASE WHEN r.open_amount > 0 THEN 'open' WHEN c.id IS NOT NULL THEN 'cancelled'
            WHEN r.written_off_amount > 0 THEN 'written_off' ELSE 'settled' END AS expected,
          r.state AS found
        FROM receivables_receivable r LEFT JOIN receivables_ledgerentry c
          ON c.receivable_id = r.id AND c.kind = 'reversal'
          AND c.reversed_kind IN ('bill', 'charge')
        WHERE r.state <> CASE WHEN r.open_amount > 0 THEN 'open'
          WHEN c.id IS NOT NULL THEN 'cancelled'
          WHEN r.written_off_amount > 0 THEN 'written_off' ELSE 'settled' END
        ORDER BY r.id LIMIT 1""",
    ),
    (
        "account_of_receivables",
        f"""SELECT {_NUMBER.format("p")}, currency, COALESCE(r.open, 0) AS expected, p.open AS found
        FROM genjin_proof p LEFT JOIN (
          SELECT account_id, sum(open_amount) AS open FROM receivables_receivable
          WHERE state = 'open' GROUP BY account_id) r ON r.account_id = p.id
        WHERE p.open <> COALESCE(r.open, 0) ORDER BY customer, currency LIMIT 1""",
    ),
    (
        "credit_overused",
        f"""SELECT {_NUMBER.format("c")}, c.currency, c.id::text AS row, c.amount AS expected,
          u.used AS found
        FROM (SELECT credit_id, sum(signed) AS used FROM ({EFFECTS}) e
          WHERE credit_id IS NOT NULL GROUP BY credit_id) u
        JOIN receivables_ledgerentry c ON c.id = u.credit_id
        LEFT JOIN receivables_ledgerentry v ON v.reverses_id = c.id
        WHERE u.used < 0 OR u.used > CASE WHEN v.id IS NULL THEN c.amount ELSE 0 END
        ORDER BY c.id LIMIT 1""",
    ),
    (
        "receivable_overpaid",
        f"""SELECT {_NUMBER.format("r")}, r.currency, r.id::text AS row, r.number,
          r.amount AS expected, u.paid AS found
        FROM (SELECT receivable_id, sum(signed) AS paid FROM ({EFFECTS}) e
          WHERE acts = 'allocation' GROUP BY receivable_id) u
        JOIN receivables_receivable r ON r.id = u.receivable_id
        WHERE u.paid < 0 OR u.paid > r.amount ORDER BY r.id LIMIT 1""",
    ),
    (
        "reversal_unlike",
        f"""SELECT {_NUMBER.format("v")}, v.currency, v.id::text AS row, e.amount AS expected,
          v.amount AS found
        FROM receivables_ledgerentry v JOIN receivables_ledgerentry e ON e.id = v.reverses_id
        WHERE v.kind <> 'reversal' OR e.kind = 'reversal' OR v.reversed_kind <> e.kind
          OR v.amount <> e.amount OR v.account_id <> e.account_id
          OR v.receivable_id IS DISTINCT FROM e.receivable_id
          OR v.credit_id IS DISTINCT FROM e.credit_id OR v.seq <= e.seq
        ORDER BY v.id LIMIT 1""",
    ),
    (
        "astray",
        f"""SELECT {_NUMBER.format("e")}, e.currency, e.id::text AS row, e.seq AS expected,
          e.kind AS found
        FROM receivables_ledgerentry e JOIN receivables_account a ON a.id = e.account_id
        LEFT JOIN receivables_receivable r ON r.id = e.receivable_id
        LEFT JOIN receivables_ledgerentry c ON c.id = e.credit_id
        WHERE a.customer_id <> e.customer_id OR a.currency <> e.currency
          OR r.id IS NOT NULL AND (r.account_id, r.customer_id, r.currency)
            IS DISTINCT FROM (e.account_id, e.customer_id, e.currency)
          OR c.id IS NOT NULL AND (c.account_id <> e.account_id
            OR c.kind NOT IN ('payment', 'credit_note') OR c.seq >= e.seq)
        ORDER BY e.id LIMIT 1""",
    ),
    (
        "move_one_sided",
        f"""SELECT {_NUMBER.format("e")}, e.currency, e.id::text AS row, e.amount AS expected,
          m.amount AS found
        FROM receivables_ledgerentry e LEFT JOIN receivables_ledgerentry m
          ON m.id = COALESCE(e.detail->>'moved_to', e.detail->>'moved_from')::uuid
        WHERE e.means = 'moved' AND (m.id IS NULL OR m.means <> 'moved' OR m.kind = e.kind
          OR m.amount <> e.amount OR m.currency <> e.currency
          OR COALESCE(m.detail->>'moved_to', m.detail->>'moved_from') <> e.id::text)
        ORDER BY e.id LIMIT 1""",
    ),
    (
        "instrument_unpaid",
        f"""SELECT {_NUMBER.format("i")}, a.currency, i.id::text AS row, i.amount AS expected,
          CASE WHEN v.id IS NULL THEN e.amount ELSE 0 END AS found
        FROM receivables_instrument i JOIN receivables_account a ON a.id = i.account_id
        LEFT JOIN receivables_ledgerentry e ON e.id = i.payment_id
        LEFT JOIN receivables_ledgerentry v ON v.reverses_id = e.id
        WHERE i.state = 'cleared' AND (e.amount IS DISTINCT FROM i.amount OR v.id IS NOT NULL)
          OR i.state <> 'cleared' AND e.id IS NOT NULL AND v.id IS NULL
        ORDER BY i.id LIMIT 1""",
    ),
)  # fmt: skip

# What everything comes to by currency: once as it stands in the accounts, once by the entries.
TOTALS = """
SELECT currency, count(*), sum(rows), sum(open), sum(advance),
  sum(open_proved)::numeric(24, 2), sum(advance_proved)::numeric(24, 2)
FROM genjin_proof GROUP BY currency ORDER BY currency
"""
KINDS = f"""
SELECT currency, acts, sum(signed) FROM ({EFFECTS}) e GROUP BY currency, acts
"""

# One day's entries by currency and kind, and a sum over keyed digests of the rows: it does not
# depend on their order, and every column goes into it.
DAY = """
SELECT currency, CASE kind WHEN 'reversal' THEN 'reversal:' || reversed_kind ELSE kind END AS what,
  count(*), sum(amount), sum(('x' || left(encode(sha256(convert_to(jsonb_build_array(%(key)s::text,
    id, account_id, customer_id, currency, seq, kind, reversed_kind, amount, receivable_id,
    credit_id, reverses_id, booked_on, extract(epoch FROM at), by_id, means, reference, note,
    external_key, detail)::text, 'UTF8')), 'hex'), 16))::bit(64)::bigint::numeric)
FROM receivables_ledgerentry WHERE at >= %(from)s AND at < %(until)s
GROUP BY currency, what ORDER BY currency, what
"""

"""Takes the next follow-up, and gathers the gate's facts, inside the database.

Many small plans instead of a large one: starting the plan of one statement for all of it cost more
than running it did, since most of what it looks for is not there.
"""

from django.db import migrations

# What the gate weighs for one card, as `gate.facts_from` reads it; what is not there is left out.
# Consents, holds and contacts are the card's own; a refusal counts for the whole family, the card
# and those merged into it (CU10), since insert-only facts stay where they were written. Stated
# hours: of the first number in use, else of the person, else of the card. NULL: no such card.
FACTS = """
CREATE FUNCTION genjin_gate_facts(
  card uuid, person uuid, why text, point_kind text, moment timestamptz,
  contacts_since timestamptz, refusals_since timestamptz, refusals text[]
) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
  zone text;
  card_hours bigint;
  point_hours bigint;
  merged_cards uuid[];
  consents json;
  merged json;
  holds json;
  contacts json;
  refused_at timestamptz;
  stated text;
BEGIN
  SELECT c.time_zone, c.stated_hours_id,
    (SELECT p.stated_hours_id FROM customers_contactpoint p
      WHERE p.customer_id = c.id AND p.kind = point_kind AND p.is_active
      ORDER BY p.position, p.id LIMIT 1),
    ARRAY(SELECT m.id FROM customers_customer m WHERE m.merged_into_id = c.id),
    (SELECT json_agg(json_build_array(s.channel, s.purpose, s.answer, s.at)
        ORDER BY s.at DESC, s.id DESC) FROM customers_consent s WHERE s.customer_id = c.id),
    (SELECT json_agg(json_build_array(o.purposes, o.reason, o.starts_at, o.ends_at,
        o.collect_until)) FROM customers_hold o
      WHERE o.customer_id = c.id AND o.ends_at > moment AND o.released_at IS NULL),
    (SELECT json_agg(json_build_array(k.started_at, k.purpose, k.channel, k.is_conversation))
      FROM followups_contact k WHERE k.customer_id = c.id AND k.started_at > contacts_since)
  INTO zone, card_hours, point_hours, merged_cards, consents, holds, contacts
  FROM customers_customer c WHERE c.id = card;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  IF merged_cards <> '{}' THEN
    SELECT json_agg(json_build_array(g.at, (
        SELECT json_agg(json_build_array(s.channel, s.purpose, s.answer, s.at))
        FROM customers_consent s WHERE s.customer_id = g.merged_id)))
    INTO merged
    FROM customers_merge g WHERE g.merged_id = ANY(merged_cards) AND g.undone_at IS NULL;
  END IF;
  SELECT max(i.at) INTO refused_at FROM followups_interaction i
  WHERE i.customer_id = ANY(merged_cards || card) AND i.at > refusals_since
    AND i.purpose = why AND i.outcome = ANY(refusals)
    AND NOT EXISTS (SELECT FROM followups_interaction j WHERE j.corrects_id = i.id);
  IF point_hours IS NOT NULL OR person IS NOT NULL OR card_hours IS NOT NULL THEN
    stated := COALESCE(
      (SELECT h.weekly FROM customers_contacthours h WHERE h.id = point_hours),
      (SELECT h.weekly FROM customers_contactperson n
        JOIN customers_contacthours h ON h.id = n.stated_hours_id WHERE n.id = person),
      (SELECT h.weekly FROM customers_contacthours h WHERE h.id = card_hours));
  END IF;
  IF COALESCE(consents, merged, holds, contacts) IS NULL AND refused_at IS NULL
      AND stated IS NULL THEN
    RETURN json_build_object('time_zone', zone);
  END IF;
  RETURN json_build_object('time_zone', zone, 'consents', consents, 'merged', merged,
    'holds', holds, 'contacts', contacts, 'refused_at', refused_at, 'stated', stated);
END $$;
"""

# A person's own due rows first (callbacks, commitments, then what was assigned), else the first by
# rank of the first queue that has one in an open lane. Queues behind that one are never looked at.
#
# The lanes of a queue come in the order of where they are known to begin (`in_ranks`, `in_ids`: no
# row before that one is ready), so many as `in_firsts` says before the others, so that a lane is looked at only while it may still hold the first row. What is known
# counts only while `known_front` is the count of rows that became ready. A row is locked when its
# lane was chosen, never before; what somebody else holds is passed over.
#
# The gate's facts are read for the row that was taken, after it was taken. `lanes`, `ranks` and
# `ids` say where the lanes that were looked at begin now.
#
# Sorting is off so that a lane is read in the order of its index, also where the statistics of a
# young queue would have all its rows fetched and sorted.
TAKE = """
CREATE FUNCTION genjin_take_followup(
  me bigint, moment timestamptz, until timestamptz, on_channels text[], known_front bigint,
  in_queues bigint[], in_lanes text[], in_firsts int[], in_ranks text[], in_ids text[],
  point_kind text, contacts_since timestamptz, refusals_since timestamptz, refusals text[],
  OUT taken followups_followup, OUT facts json, OUT front bigint,
  OUT lanes bigint[], OUT ranks bigint[], OUT ids uuid[]
) LANGUAGE plpgsql SET enable_sort = off AS $$
DECLARE
  lowest_rank CONSTANT bigint := -9223372036854775808;
  lowest_id CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
  nothing CONSTANT bigint := 9223372036854775807;
  in_queue bigint;
  firsts int;
  spent boolean[];
  looked_at int;
  best int;
  found_rank bigint;
  found_id uuid;
BEGIN
  front := COALESCE(pg_sequence_last_value('followup_front'), 0);
  IF EXISTS (SELECT FROM followups_followup f
      WHERE f.assigned_to_id = me AND f.assigned_to_id IS NOT NULL
        AND f.state IN ('planned', 'ready') AND f.not_before <= moment) THEN
    UPDATE followups_followup f
    SET state = 'taken', taken_by_id = me, taken_at = moment, lease_until = until
    WHERE f.id = (
      SELECT o.id FROM followups_followup o JOIN followups_queue q ON q.id = o.queue_id
      WHERE o.assigned_to_id = me AND o.assigned_to_id IS NOT NULL
        AND o.state IN ('planned', 'ready') AND o.not_before <= moment
        AND q.is_open AND o.channel = ANY(on_channels)
      ORDER BY o.asked_at IS NULL, o.asked_at, o.source_kind <> 'commitment', q.band, o.rank, o.id
      LIMIT 1 FOR UPDATE OF o SKIP LOCKED)
    RETURNING f.* INTO taken;
    IF FOUND THEN
      facts := genjin_gate_facts(taken.customer_id, taken.person_id, taken.purpose, point_kind,
        moment, contacts_since, refusals_since, refusals);
      RETURN;
    END IF;
  END IF;
  FOR slot IN 1..cardinality(in_queues) LOOP
    in_queue := in_queues[slot];
    lanes := in_lanes[slot];
    firsts := in_firsts[slot];
    spent := NULL;
    looked_at := 0;
    IF front = known_front THEN
      ranks := in_ranks[slot];
      ids := in_ids[slot];
    ELSE
      SELECT array_agg(head.rank ORDER BY lane.position), array_agg(head.id ORDER BY lane.position)
      INTO ranks, ids
      FROM unnest(lanes) WITH ORDINALITY AS lane(id, position)
      LEFT JOIN LATERAL (
        SELECT h.rank, h.id FROM followups_followup h
        WHERE h.queue_id = in_queue AND h.lane_id = lane.id
          AND h.state = 'ready' AND h.assigned_to_id IS NULL
          AND (h.rank, h.id) >= (lowest_rank, lowest_id)
        ORDER BY h.rank, h.id LIMIT 1) head ON true;
      looked_at := cardinality(lanes);
    END IF;
    LOOP
      best := NULL;
      FOR lane IN 1..cardinality(lanes) LOOP
        IF lane > looked_at THEN
          EXIT WHEN best IS NOT NULL
            AND (lane > firsts, ranks[lane], ids[lane]) > (best > firsts, ranks[best], ids[best]);
          looked_at := lane;
          IF ranks[lane] = nothing THEN
            ranks[lane] := NULL;
          ELSE
            SELECT h.rank, h.id INTO found_rank, found_id FROM followups_followup h
            WHERE h.queue_id = in_queue AND h.lane_id = lanes[lane]
              AND h.state = 'ready' AND h.assigned_to_id IS NULL
              AND (h.rank, h.id) >= (ranks[lane], ids[lane])
            ORDER BY h.rank, h.id LIMIT 1;
            ranks[lane] := found_rank;
            ids[lane] := found_id;
          END IF;
        END IF;
        IF ranks[lane] IS NOT NULL AND spent[lane] IS NULL AND (best IS NULL
            OR (lane > firsts, ranks[lane], ids[lane]) < (best > firsts, ranks[best], ids[best])) THEN
          best := lane;
        END IF;
      END LOOP;
      EXIT WHEN best IS NULL;
      UPDATE followups_followup f
      SET state = 'taken', taken_by_id = me, taken_at = moment, lease_until = until
      WHERE f.id = (
        SELECT r.id FROM followups_followup r
        WHERE r.queue_id = in_queue AND r.lane_id = lanes[best]
          AND r.state = 'ready' AND r.assigned_to_id IS NULL
          AND (r.rank, r.id) >= (ranks[best], ids[best])
          AND (SELECT q.is_open FROM followups_queue q WHERE q.id = in_queue)
        ORDER BY r.rank, r.id LIMIT 1 FOR UPDATE OF r SKIP LOCKED)
      RETURNING f.* INTO taken;
      IF FOUND THEN
        lanes := lanes[1:looked_at];
        ranks := ranks[1:looked_at];
        ids := ids[1:looked_at];
        facts := genjin_gate_facts(taken.customer_id, taken.person_id, taken.purpose, point_kind,
          moment, contacts_since, refusals_since, refusals);
        RETURN;
      END IF;
      -- All of the lane is in other hands, or the queue was closed.
      EXIT WHEN NOT EXISTS (SELECT FROM followups_queue q WHERE q.id = in_queue AND q.is_open);
      spent[best] := true;
    END LOOP;
  END LOOP;
END $$;
"""
BACKWARDS = """
DROP FUNCTION genjin_take_followup(bigint, timestamptz, timestamptz, text[], bigint, bigint[],
  text[], int[], text[], text[], text, timestamptz, timestamptz, text[]);
DROP FUNCTION genjin_gate_facts(uuid, uuid, text, text, timestamptz, timestamptz, timestamptz,
  text[]);
"""


class Migration(migrations.Migration):
    dependencies = [("followups", "0008_consents"), ("customers", "0010_hold_named_debts")]
    operations = [migrations.RunSQL(FACTS + TAKE, BACKWARDS)]

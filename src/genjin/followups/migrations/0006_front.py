"""Counts whenever a follow-up became ready, or came to stand elsewhere among those that are."""

from django.db import migrations

FORWARDS = """
CREATE SEQUENCE followup_front;
CREATE FUNCTION genjin_count_front() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM nextval('followup_front');
  RETURN NULL;
END $$;
CREATE TRIGGER front_of_new AFTER INSERT ON followups_followup
  FOR EACH STATEMENT EXECUTE FUNCTION genjin_count_front();
CREATE TRIGGER front_of_ready AFTER UPDATE ON followups_followup
  FOR EACH ROW WHEN (NEW.state = 'ready' AND (
    OLD.state <> 'ready' OR NEW.rank <> OLD.rank OR NEW.lane_id <> OLD.lane_id
    OR NEW.queue_id <> OLD.queue_id OR NEW.assigned_to_id IS DISTINCT FROM OLD.assigned_to_id))
  EXECUTE FUNCTION genjin_count_front();
"""
BACKWARDS = """
DROP TRIGGER front_of_ready ON followups_followup;
DROP TRIGGER front_of_new ON followups_followup;
DROP FUNCTION genjin_count_front();
DROP SEQUENCE followup_front;
"""


class Migration(migrations.Migration):
    dependencies = [("followups", "0005_rulebook_and_scores")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]

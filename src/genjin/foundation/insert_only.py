"""Facts that are never overwritten: the database itself refuses UPDATE, DELETE and TRUNCATE.

A correction is a new row that points at the one it corrects. Migrations call `guard()`; the
start-up check `checks.insert_only_tables_are_guarded` refuses to run without the triggers.
Test suites that must empty tables set `genjin.allow_truncate` on their own connection.
"""

from django.db import migrations, models

REFUSE = """
CREATE OR REPLACE FUNCTION genjin_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' AND current_setting('genjin.allow_truncate', true) = 'on' THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION '% is insert-only', TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""


class InsertOnly(models.Model):
    """Base of a table whose rows are appended and never changed."""

    class Meta:
        abstract = True


def guard(table: str) -> migrations.RunSQL:
    """The migration step that makes `table` insert-only."""
    return migrations.RunSQL(
        f"{REFUSE}"
        f"CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION genjin_refuse_change();"
        f"CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION genjin_refuse_change();",
        f"DROP TRIGGER refuse_change ON {table}; DROP TRIGGER refuse_truncate ON {table};",
    )

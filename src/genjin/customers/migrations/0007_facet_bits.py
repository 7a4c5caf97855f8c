"""Bitmaps of facets, and triggers that note which cards changed (CU2)."""

import django.contrib.postgres.fields
from django.db import migrations, models

import genjin.customers.models.facets

# What a facet is made of. A change of anything else is not noted.
CARD = (
    "number, kind, grade, is_key, region, custodian_id, team_id, source, prospect_state, "
    "visiting_grade, fields, merged_into_id"
)
STANDING = "customer_id, value_class, customer_list, sets"
NOTE = (
    "INSERT INTO customers_facetchange (chunk, places) "
    "SELECT (number >> 13)::integer, array_agg((number & 8191)::smallint) FROM ({cards}) cards "
    "GROUP BY 1;"
)
OF_STANDING = "SELECT number FROM customers_customer WHERE id IN (SELECT customer_id FROM {rows})"
# EXCEPT and not a join: a plan made for one row is kept and must serve for a million.
CHANGED = "(SELECT {columns} FROM new_rows EXCEPT SELECT {columns} FROM old_rows) changed"


def function(name: str, cards: str) -> str:
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"{NOTE.format(cards=cards)} RETURN NULL; END $$;"
    )


def trigger(name: str, table: str, event: str, tables: str) -> str:
    return (
        f"CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {tables} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}();"
    )


def watch(table: str, prefix: str, added: str, gone: str, changed: str) -> migrations.RunSQL:
    names = {event: f"facets_{prefix}_{event.lower()}" for event in ("INSERT", "DELETE", "UPDATE")}
    return migrations.RunSQL(
        function(names["INSERT"], added)
        + function(names["DELETE"], gone)
        + function(names["UPDATE"], changed)
        + trigger(names["INSERT"], table, "INSERT", "NEW TABLE AS new_rows")
        + trigger(names["DELETE"], table, "DELETE", "OLD TABLE AS old_rows")
        + trigger(names["UPDATE"], table, "UPDATE", "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
        "".join(
            f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();" for name in names.values()
        ),
    )


class Migration(migrations.Migration):
    dependencies = [("customers", "0006_fewer_indexes")]
    operations = [
        migrations.RemoveIndex(model_name="facetchange", name="facet_change_chunk"),
        migrations.RunSQL(
            "DELETE FROM customers_facetbits; DELETE FROM customers_facetchange;",
            migrations.RunSQL.noop,
        ),
        migrations.RemoveField(model_name="facetbits", name="count"),
        migrations.AddField(
            model_name="facetbits",
            name="bits",
            field=genjin.customers.models.facets.ChunkBits(default="0" * 8192),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="facetchange",
            name="places",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.SmallIntegerField(), default=list, size=None
            ),
            preserve_default=False,
        ),
        migrations.RunSQL(
            NOTE.format(cards="SELECT number FROM customers_customer"), migrations.RunSQL.noop
        ),
        watch(
            "customers_customer",
            "card",
            "SELECT number FROM new_rows",
            "SELECT number FROM old_rows",
            f"SELECT number FROM {CHANGED.format(columns=CARD)}",  # noqa: S608 - constants
        ),
        watch(
            "customers_standing",
            "standing",
            OF_STANDING.format(rows="new_rows"),
            OF_STANDING.format(rows="old_rows"),
            OF_STANDING.format(rows=CHANGED.format(columns=STANDING)),
        ),
    ]

"""What was drawn up and not announced moves out of the rows that a provider reads into a table of the NZa alone."""

import django.db.models.deletion
from django.db import migrations, models

from providers.database_rules import at_the_end, row_security

ANNOUNCED = "('sent', 'replaced')"
DECIDED = "('decided', 'appealed')"
#: On what was withdrawn nothing is decided any more: it stays as it is.
OVER = "('decided', 'appealed', 'withdrawn')"
OF_OBJECTION = ("advice", "deviation", "outcome", "reasons", "consequence")
DRAWN_UP = " OR ".join([*(f"{{row}}.{name} <> ''" for name in OF_OBJECTION), "{row}.new_decision_id IS NOT NULL"])
CONTENTS = ", ".join(f"'{name}', o.{name}" for name in (*OF_OBJECTION, "new_decision_id"))
TREATED_IN_GROUP = f"""EXISTS (
    SELECT 1 FROM tariffs_objection o WHERE o.group_id = g.group_id AND o.status IN {DECIDED} AND o.outcome <> 'inadmissible')"""
NOT_JUDGED_YET = f"""g.verdict <> '' AND CASE WHEN g.group_id IS NOT NULL THEN NOT {TREATED_IN_GROUP} ELSE EXISTS (
    SELECT 1 FROM tariffs_objection o WHERE o.id = g.objection_id AND o.status NOT IN {OVER}) END"""

APART = f"""
    SELECT set_config('ivportal.scope', 'all', true);
    INSERT INTO tariffs_concept (decision_id, contents)
        SELECT d.id, jsonb_build_object('reasons', d.reasons) FROM tariffs_decision d
        WHERE d.reasons <> '' AND d.status NOT IN {ANNOUNCED};
    INSERT INTO tariffs_concept (views_id, contents)
        SELECT v.id, jsonb_build_object('reaction', v.reaction) FROM tariffs_statementofviews v
        JOIN tariffs_decision d ON d.id = v.decision_id WHERE v.reaction <> '' AND d.status NOT IN {ANNOUNCED};
    INSERT INTO tariffs_concept (objection_id, contents)
        SELECT o.id, (SELECT jsonb_object_agg(x.key, x.value) FROM jsonb_each(jsonb_build_object({CONTENTS})) x
            WHERE x.value NOT IN ('""', 'null'))
        FROM tariffs_objection o WHERE o.status NOT IN {OVER} AND ({DRAWN_UP.format(row="o")});
    INSERT INTO tariffs_concept (ground_id, contents)
        SELECT g.id, jsonb_build_object('verdict', g.verdict, 'reasons', g.reasons) FROM tariffs_ground g
        WHERE {NOT_JUDGED_YET};
    UPDATE tariffs_decision d SET reasons = '' FROM tariffs_concept c WHERE c.decision_id = d.id;
    UPDATE tariffs_statementofviews v SET reaction = '' FROM tariffs_concept c WHERE c.views_id = v.id;
    UPDATE tariffs_objection o SET {", ".join(f"{name} = ''" for name in OF_OBJECTION)}, new_decision_id = NULL
        FROM tariffs_concept c WHERE c.objection_id = o.id;
    UPDATE tariffs_ground g SET verdict = '', reasons = '' FROM tariffs_concept c WHERE c.ground_id = g.id;
    SET CONSTRAINTS ALL IMMEDIATE;
    SET CONSTRAINTS ALL DEFERRED;
"""
#: What was drawn up about what was withdrawn since then is of no use any more.
BACK = f"""
    SELECT set_config('ivportal.scope', 'all', true);
    UPDATE tariffs_decision d SET reasons = c.contents ->> 'reasons' FROM tariffs_concept c WHERE c.decision_id = d.id;
    UPDATE tariffs_statementofviews v SET reaction = c.contents ->> 'reaction' FROM tariffs_concept c WHERE c.views_id = v.id;
    UPDATE tariffs_objection o SET {", ".join(f"{name} = coalesce(c.contents ->> '{name}', '')" for name in OF_OBJECTION)},
        new_decision_id = (c.contents ->> 'new_decision_id')::bigint
        FROM tariffs_concept c WHERE c.objection_id = o.id AND o.status NOT IN {OVER};
    UPDATE tariffs_ground g SET verdict = c.contents ->> 'verdict', reasons = c.contents ->> 'reasons'
        FROM tariffs_concept c WHERE c.ground_id = g.id AND coalesce((
            SELECT o.status NOT IN {OVER} FROM tariffs_objection o WHERE o.id = g.objection_id), true);
    DELETE FROM tariffs_concept;
    SET CONSTRAINTS ALL IMMEDIATE;
    SET CONSTRAINTS ALL DEFERRED;
"""


def about(name: str, model: str, text: str) -> tuple[str, models.Field]:  # type: ignore[type-arg]
    """Return the column of one kind of row."""
    return name, models.OneToOneField(
        blank=True, help_text=text, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=model
    )


def only(one: str) -> models.Q:
    """Return the condition that a concept is about this kind of row alone."""
    return models.Q(**{f"{name}__isnull": name != one for name in ("decision", "views", "objection", "ground")})


class Migration(migrations.Migration):
    """The table, its rules, and what goes into it."""

    dependencies = [("tariffs", "0007_rules_of_the_post")]

    operations = [
        migrations.CreateModel(
            name="Concept",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                about("decision", "tariffs.decision", "Which decision."),
                about("views", "tariffs.statementofviews", "Which views."),
                about("objection", "tariffs.objection", "Which objection."),
                about("ground", "tariffs.ground", "Which ground."),
                ("contents", models.JSONField(help_text="Column → what will stand in it.")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=only("decision") | only("views") | only("objection") | only("ground"),
                        name="a_concept_is_about_one_row",
                    )
                ]
            },
        ),
        migrations.RunSQL(APART, BACK),
        row_security("tariffs_concept"),
        at_the_end(
            "tariffs_decision",
            name="reasons_wait_for_the_decision",
            acts="INSERT OR UPDATE",
            when="NEW.reasons <> ''",
            condition="EXISTS (SELECT 1 FROM tariffs_decision d WHERE d.id = NEW.id"
            f" AND (d.reasons = '' OR d.status IN {ANNOUNCED}))",
        ),
        at_the_end(
            "tariffs_statementofviews",
            name="a_reaction_waits_for_the_decision",
            acts="INSERT OR UPDATE",
            when="NEW.reaction <> ''",
            condition="EXISTS (SELECT 1 FROM tariffs_statementofviews v JOIN tariffs_decision d ON d.id = v.decision_id"
            f" WHERE v.id = NEW.id AND (v.reaction = '' OR d.status IN {ANNOUNCED}))",
        ),
        at_the_end(
            "tariffs_objection",
            name="an_outcome_waits_for_the_decision",
            acts="INSERT OR UPDATE",
            when=DRAWN_UP.format(row="NEW"),
            condition="EXISTS (SELECT 1 FROM tariffs_objection o WHERE o.id = NEW.id"
            f" AND (o.status IN {OVER} OR NOT ({DRAWN_UP.format(row='o')})))",
        ),
        at_the_end(
            "tariffs_ground",
            name="a_verdict_waits_for_the_decision",
            acts="INSERT OR UPDATE",
            when="NEW.verdict <> '' OR NEW.reasons <> ''",
            condition="EXISTS (SELECT 1 FROM tariffs_ground g WHERE g.id = NEW.id AND ((g.verdict = '' AND g.reasons = '')"
            f" OR EXISTS (SELECT 1 FROM tariffs_objection o WHERE o.status IN {OVER}"
            " AND (o.id = g.objection_id OR o.group_id = g.group_id))))",
        ),
    ]

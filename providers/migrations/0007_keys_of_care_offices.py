"""Whoever works for a care office makes and ends keys under her own mandate, as the people of a provider do."""

from django.db import migrations

from providers.database_rules import undone, writes

ME, NOBODY = "ivportal_actor()", "ivportal_scope() = ''"
BEFORE = f"""EXISTS (
    SELECT 1 FROM providers_mandate m WHERE m.id = NEW.mandate_id AND m.user_id = {ME} AND m.provider_id = ivportal_scope_id('provider'))
    AND ivportal_is_of_own_provider({ME})"""
OF_OFFICE = f"""EXISTS (
    SELECT 1 FROM providers_mandate m
    WHERE m.id = NEW.mandate_id AND m.user_id = {ME} AND m.role = 'care_office'
      AND m.care_office_id = ivportal_scope_id('care_office')
      AND m.valid_from <= clock_timestamp() + interval '1 minute'
      AND (m.valid_until IS NULL OR m.valid_until > clock_timestamp() - interval '1 minute'))"""


def keys(own: str) -> migrations.RunSQL:
    """Return the rule of who writes keys, ``own`` being the condition that it is one's own."""
    return writes(
        "providers_apikey",
        insert=own,
        columns=["valid_until", "last_used_at"],
        update=f"({NOBODY} AND NEW.valid_until = OLD.valid_until) OR (({own}) AND NEW.valid_until <= OLD.valid_until)",
    )


class Migration(migrations.Migration):
    """Keys of care offices."""

    dependencies = [("providers", "0006_acts_of_the_procedure")]

    operations = [undone(keys(BEFORE)), keys(f"({BEFORE}) OR {OF_OFFICE}")]

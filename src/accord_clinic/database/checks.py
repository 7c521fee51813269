"""Operations for migrations that add checks to tables in use: PostgreSQL reads no table while pages wait."""

from django.db import migrations
from django.db.models import BaseConstraint


class AddCheck(migrations.AddConstraint):
    """A check that holds for new rows at once. What is there already is read by `ValidateCheck`, one step later."""

    model_name: str
    constraint: BaseConstraint

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            statement = self.constraint.create_sql(model, schema_editor)
            schema_editor.execute(f"{statement} NOT VALID", params=None)


class ValidateCheck(migrations.RunSQL):
    """Read the table once, beside everybody else, and trust the check from then on."""

    def __init__(self, table: str, name: str) -> None:
        self.args = (table, name)
        super().__init__(f'ALTER TABLE "{table}" VALIDATE CONSTRAINT "{name}"', migrations.RunSQL.noop)

    def deconstruct(self):
        return self.__class__.__qualname__, self.args, {}

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)

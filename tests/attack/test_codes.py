"""Somebody sends words where a code belongs, so that a name leaves in a study file: every column that a form writes."""

from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from tests.clinic.test_attacks import FITTING, every_field, posts
from tests.clinic.test_every_url import ROWS, address, world  # noqa: F401

from accord.errors import BadInput
from accord_clinic.actions import agreements, care, corrections, strains
from accord_clinic.exports.study import TABLES
from accord_clinic.models import Agreement, Strain

NAME = "Ana Kolibri"
WORDS = {
    "agreement": set(), "wording": {"words"}, "pick": {"words"}, "strainmove": {"step"}, "suggestion": {"why"},
    "session": {"waived_why"}, "dyad": {"ending_reason", "note"}, "breakglass": {"why"},
    "correction": {"words", "answer"},
    "client": {"name", "address_as"}, "member": {"name"}, "comment": {"words"}, "privateline": {"words"},
    "reaction": {"words"}, "followup": {"words"}, "expectation": {"words"}, "stepin": {"address"},
    "practice": {
        "name", "crisis_text", "outside_reader_role", "outside_reader_reply", "outside_reader_duty", "elsewhere_text",
        "retention_law", "duty_texts", "country",
    },
    "safetylook": {"to"}, "ratingdraft": {"values"},
}  # fmt: skip
"""Columns that hold what people write. Words in any other are a fault."""


def ours() -> list[type[models.Model]]:
    return list(apps.get_app_config("accord_clinic").get_models())


def columns_with(word: str) -> set[str]:
    """Every column of ours, but those for words, that holds this."""
    found = set()
    with connection.cursor() as cursor:
        for model in ours():
            fields = [
                field
                for field in model._meta.local_fields
                if isinstance(field, models.CharField | models.TextField | models.JSONField)
                and field.name not in WORDS.get(model._meta.model_name, ())
            ]
            if not fields:
                continue
            name = connection.ops.quote_name
            holds = ", ".join(f"MAX(CASE WHEN CAST({name(f.column)} AS TEXT) LIKE %s THEN 1 END)" for f in fields)
            cursor.execute(f"SELECT {holds} FROM {name(model._meta.db_table)}", [f"%{word}%"] * len(fields))
            found |= {f"{model.__name__}.{f.name}" for f, held in zip(fields, cursor.fetchone(), strict=True) if held}
    return found


@pytest.mark.same_on_postgresql(
    reason="forms refuse before a row is written; what the database refuses is asked on both"
)
def test_no_form_leaves_words_in_a_column_that_is_not_for_words(world):  # noqa: F811
    names, wrong = every_field(world), set()
    fits = [{}, *({name: value} for name, value in FITTING.items()), FITTING, {"what": "facts"}, {"move": "talk"}]
    forms = [urlencode(dict.fromkeys(names, NAME) | fitting) for fitting in fits]
    for route, who in posts():
        for posted in forms:
            browser = world.asking
            browser.cookies = world.browsers[who].cookies.copy()
            undo = transaction.savepoint()
            where = address(route, world.things.get(ROWS[route].at, ""))
            answer = browser.post(where, posted, "application/x-www-form-urlencoded")
            if answer.status_code >= 500:
                wrong.add(f"/{route} as {who}: {answer.status_code}")
            else:
                wrong |= {f"/{route} as {who}: {column}" for column in columns_with(NAME)}
            transaction.savepoint_rollback(undo)
    assert not wrong, "\n".join(sorted(wrong))


def coded() -> list[tuple[type[models.Model], models.Field]]:
    return [(model, field) for model in ours() for field in model._meta.local_fields if field.choices]


@pytest.mark.parametrize(("model", "field"), coded(), ids=lambda value: getattr(value, "__name__", None) or value.name)
def test_the_database_refuses_words_in_every_coded_column(db, model, field):
    name = f"{model._meta.model_name}_{field.name}_is_a_code"
    with connection.cursor() as cursor:
        held = connection.introspection.get_constraints(cursor, model._meta.db_table)
    assert held[name]["check"]


def test_it_refuses_them_when_they_are_written(world):  # noqa: F811
    for model in (Strain, Agreement):
        for row in (model.objects.first() or model(dyad=world.people.dyad),):
            if row.pk is None:
                continue
            with pytest.raises(DatabaseError), transaction.atomic():
                model.objects.filter(pk=row.pk).update(kind=NAME[:9])


def test_it_refuses_what_is_longer_than_a_column_says(ana):
    for column, most in (("name", 120), ("phone", 40), ("language", 10)):
        with pytest.raises(DatabaseError), transaction.atomic():
            type(ana).objects.filter(pk=ana.pk).update(**{column: "ä" * (most + 1)})
        type(ana).objects.filter(pk=ana.pk).update(**{column: "ä" * most})


@pytest.mark.skipif("connection.vendor == 'postgresql'", reason="PostgreSQL checks lengths itself")
def test_every_text_column_of_the_embedded_database_has_its_length(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        made = dict(cursor.fetchall())
    lacking = [
        f"{model.__name__}.{field.name}"
        for model in ours()
        for field in model._meta.local_fields
        if isinstance(field, models.CharField)
        and f'length("{field.column}") <= {field.max_length}' not in made[model._meta.db_table]
    ]
    assert lacking == []


def test_the_actions_say_so_before_the_database_has_to(people, dyad, ana, ben):
    session = care.plan_session(dyad, dyad.client.made_at, by=ben)
    refused = [
        lambda: strains.open_strain(session, NAME, "therapist", by=ben),
        lambda: agreements.propose(dyad, NAME, "Sleep", "therapist", by=ben),
        lambda: care.plan_session(dyad, ana.made_at.replace(year=2099), by=ben, modality=NAME),
        lambda: care.mark_session(session, "held", by=ben, modality=NAME),
        lambda: care.set_up(dyad, {}, by=ben, approach=NAME),
        lambda: care.start_course(ana, ben, dyad.started, by=ben, form=NAME),
        lambda: care.register_client("Kim", by=ben, phone=NAME),
        lambda: care.register_client("Kim", by=ben, language=NAME),
        lambda: corrections.change_own_contact(ana, by=ana, channel=NAME),
        lambda: corrections.put_right(ana, by=ben, language=NAME),
    ]
    for act in refused:
        with pytest.raises(BadInput):
            act()


def test_a_study_file_lets_out_no_code_that_it_does_not_know():
    for table in TABLES:
        for column in table.columns:
            if column.type == "string" and column.codes:
                assert column.cell(NAME) == ""
                assert all(column.cell(code) == code for code in column.codes)
    coded = {f"{table.name}.{c.name}" for table in TABLES for c in table.columns if c.codes}
    assert {"strains.kind", "agreements.kind", "agreements.end", "sessions.state", "dyads.modality"} <= coded

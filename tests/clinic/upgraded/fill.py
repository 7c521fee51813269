"""Fill a practice with the program of 0.1, and keep its rows and what it shows: `practice-0.1.json.gz` is made so.

Run it where the program is of the commit below, with this folder beside its tests:

    git archive fc9e12e | tar x -C OLD && cp -r tests/clinic/upgraded OLD/tests/clinic/
    cd OLD && PYTHONPATH=src:. python -m tests.clinic.upgraded.fill
"""

import gzip
import json
import os
import random
from datetime import UTC, datetime
from pathlib import Path

COMMIT = "fc9e12e"
"""The last one before the number of a session was computed and before the check-in 0.2."""
NOW = datetime(2026, 9, 15, 12, tzinfo=UTC)
KEPT = Path(__file__).with_name("practice-0.1.json.gz")
COURSES, SESSIONS = 12, 8
"""Of the file of the IMPLEMENT trial; some of its sessions are left out, as in a file with gaps."""
GAPS = {("1", "3"), ("1", "4"), ("3", "6")}
LEFT_OUT = {"sessions", "contenttypes", "auth"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.test.utils import setup_test_environment

    from accord_clinic.demo import courses, load
    from accord_clinic.demo.clock import story_time

    setup_test_environment()
    random.seed(1)
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    load.CASELOAD, load.ENDED, load.KEPT, load.SAFETY = 5, {1: "planned"}, {2: "raise"}, {(1, 2): 5}
    courses.AGREE_TO_RESEARCH = 1
    with story_time(NOW):
        load.load()
        _import(call_command)
        _live_on()
        rows = _rows()
        from tests.clinic.upgraded.show import shown

        kept = {"commit": COMMIT, "now": NOW.isoformat(), "rows": rows, "shown": shown()}
    with gzip.GzipFile(KEPT, "wb", mtime=0) as file:
        file.write(json.dumps(kept, sort_keys=True, ensure_ascii=False).encode())
    print(f"{KEPT.stat().st_size // 1000} kB, {sum(map(len, rows.values()))} rows, {len(kept['shown']['pages'])} pages")


def _import(call_command) -> None:
    import accord_clinic

    data = Path(accord_clinic.__file__).parent / "data"
    lines = (data / "implement_wai_bai_57x15.csv").read_text().splitlines()
    cells = [line.split(",") for line in lines[1:]]
    fits = [int(c[0]) <= COURSES and int(c[2]) <= SESSIONS and (c[0], c[2]) not in GAPS for c in cells]
    few = Path(os.environ["ACCORD_DATA"]) / "few.csv"
    few.write_text("\n".join([lines[0], *(line for line, fit in zip(lines[1:], fits, strict=True) if fit)]))
    call_command("import_ratings", few, mapping=data / "implement_wai_bai_57x15.toml", verbosity=0)


def _live_on() -> None:
    """What the demo does not do: a session with answers is cancelled, which 0.1 allowed; sheets are read and ticked."""
    from accord_clinic.actions import care, read_log, talk_sheet
    from accord_clinic.models import Dyad, Session

    for dyad in Dyad.objects.filter(ended=None).exclude(client__email=""):
        answered = dyad.sessions.exclude(revealed_at=None).filter(responses__side="client")
        answered = answered.distinct().order_by("number")
        numbers = list(answered.values_list("number", flat=True))
        if len(numbers) > 5:
            care.mark_session(answered[3], "cancelled", by=dyad.therapist)
            read_log.log_read(dyad.therapist, dyad, "talk_sheet", numbers[2:5])
    for row in Session.objects.exclude(revealed_at=None).exclude(dyad__client__email="").order_by("pk")[:40]:
        talk_sheet.tick(row, f"felt:{row.number}", by=row.dyad.therapist)


def _rows() -> dict:
    """Every row of every table, by its model."""
    from django.apps import apps
    from django.core.serializers.json import DjangoJSONEncoder

    rows = {}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label in LEFT_OUT or not model._meta.managed or not model.objects.exists():
            continue
        columns = [field.attname for field in model._meta.concrete_fields]
        rows[model._meta.label_lower] = [list(columns), *map(list, model.objects.order_by("pk").values_list(*columns))]
    return json.loads(json.dumps(rows, cls=DjangoJSONEncoder))


if __name__ == "__main__":
    main()

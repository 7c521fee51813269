"""A real practice has no door of the demo, and the demo is not loaded into one."""

import pytest
from django.core.management import call_command
from django.test import Client as Browser

from accord.errors import BadInput
from accord_clinic.models import Practice


def test_there_is_no_door(people, settings):
    settings.DEMO = False
    ben = people.ben
    assert Browser().get("/demo/").status_code == 404
    assert Browser().post("/demo/marks/").status_code == 404
    assert Browser().post(f"/demo/be/{ben.uid}/").status_code == 404
    assert Browser().post("/demo/phone/anything/").status_code == 404


def test_the_demo_refuses_a_real_practice(people, tmp_path, settings):
    settings.DEMO = True
    settings.STATIC_ROOT = tmp_path
    with pytest.raises(BadInput, match="holds a real practice"):
        call_command("demo", "--only-load")
    with pytest.raises(BadInput, match="holds a real practice"):
        call_command("demo", "--only-load", "--fresh")
    assert Practice.objects.get().name == "Practice by the Park"

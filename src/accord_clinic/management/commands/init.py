"""`accord_clinic init`: make the database, its key, the practice, and the first person who works there."""

import getpass
import os
import sys
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand
from django.core.validators import validate_email

from accord.errors import BadInput
from accord_clinic.actions import calibration, practice
from accord_clinic.models import Member, Practice
from accord_clinic.upkeep import serving


class Command(BaseCommand):
    help = "Start a practice. What is not given is asked for; the password may come from ACCORD_PASSWORD."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--practice", help="the name of the practice")
        parser.add_argument("--country", help="two letters, for example DE: whose law and crisis numbers hold")
        parser.add_argument("--time-zone", help="for example Europe/Berlin")
        parser.add_argument("--crisis-text", help="what clients read if they need help now, in each language they read")
        parser.add_argument("--name", help="your name, as clients and colleagues see it")
        parser.add_argument("--email", help="your e-mail address; you sign in with it")

    def handle(self, **options):
        self.stdout.write("Making the key and the database; this takes some seconds ...")
        self.stdout.flush()
        serving.prepare()
        if Practice.objects.exists():
            raise BadInput("There is a practice in this database already. ACCORD_DATA names another folder.")
        facts = {
            "name": options["practice"] or _ask("Name of the practice: ", practice.check_name),
            "country": (options["country"] or _ask("Country, two letters (for example DE): ", _check_country)).upper(),
            "time_zone": options["time_zone"]
            or _ask("Time zone (for example Europe/Berlin): ", practice.check_time_zone),
            "crisis_text": options["crisis_text"]
            or _ask(
                "What clients read if they need help now (for example: If you need help now, call 116 123): ",
                practice.check_crisis_text,
            ),
        }
        name = options["name"] or _ask("Your name, as clients and colleagues see it: ", practice.check_name)
        email = options["email"] or _ask("Your e-mail address; you sign in with it: ", validate_email)
        member = Member(email=email, name=name)
        try:
            validate_email(member.email)
            password = os.environ.get("ACCORD_PASSWORD") or _ask_password(member)
            validate_password(password, member)
        except ValidationError as error:
            raise BadInput(" ".join(error.messages)) from None
        self.stdout.write("Setting up the practice ...")
        self.stdout.flush()
        practice.set_up_practice(facts, member.email, member.name, password)
        calibration.calibrate(calibration.followed(), by=None)
        self.stdout.write(
            f"{facts['name']} is ready. You are its first therapist and its admin.\n"
            f"Print {settings.KEYS / 'recovery-sheet.txt'}, lock it away, then delete the file: "
            "without the key nobody can open the data.\n"
            f"Next: {sys.argv[0]} serve, with the same settings. Where systemd runs it: systemctl start accord."
        )


def _ask(question: str, check: Callable[[str], None]) -> str:
    """What somebody types, asked again until it passes: else all that was typed before would be lost."""
    if not sys.stdin.isatty():
        raise BadInput(f"{question.rstrip(': ')}: give it as an option; nobody is here to be asked.")
    while True:
        typed = input(question).strip()
        try:
            check(typed)
        except (BadInput, ValidationError) as error:
            print(_sentence(error))
        else:
            return typed


def _check_country(typed: str) -> None:
    practice.check_country(typed.upper())


def _ask_password(member: Member) -> str:
    if not sys.stdin.isatty():
        raise BadInput("Give the password as ACCORD_PASSWORD; nobody is here to be asked.")
    while True:
        first = getpass.getpass("A password of at least 12 characters: ")
        try:
            validate_password(first, member)
        except ValidationError as error:
            print(_sentence(error))
            continue
        if first == getpass.getpass("Once more: "):
            return first
        print("The two passwords differ.")


def _sentence(error: BadInput | ValidationError) -> str:
    return " ".join(error.messages) if isinstance(error, ValidationError) else str(error)

"""The one app of the clinic."""

from django.apps import AppConfig


class ClinicConfig(AppConfig):
    name = "accord_clinic"
    verbose_name = "Accord"
    default_auto_field = "django.db.models.BigAutoField"

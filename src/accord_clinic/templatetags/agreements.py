"""What templates ask about goals and tasks."""

from django import template

from accord_clinic.words import phrases

register = template.Library()
register.filter("level_fields", phrases.level_fields)

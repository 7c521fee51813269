"""The WSGI door of the clinic, for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "accord_clinic.settings")
application = get_wsgi_application()

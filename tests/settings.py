"""Settings of the tests: the clinic's own, with a data folder, a key and a SQLCipher file that vanish afterwards."""

import os
import tempfile
from pathlib import Path

_folder = Path(tempfile.mkdtemp(prefix="accord-test-"))
os.environ.setdefault("ACCORD_DATA", str(_folder / "data"))
os.environ.setdefault("ACCORD_TEST_DATABASE", str(_folder / "test.db"))
os.environ.setdefault("ACCORD_EMAIL_BACKEND", "django.core.mail.backends.locmem.EmailBackend")
os.environ.setdefault("ACCORD_TLS_ELSEWHERE", "1")

from accord_clinic.settings import *  # noqa: E402, F403
from accord_clinic.settings import MIDDLEWARE, STORAGES  # noqa: E402

# No collected files with hashed names: tests read the folder as it is.
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
MIDDLEWARE = ["tests.clinic.judged.JudgedAnswers", *MIDDLEWARE]
# Seven people a test would hash for a second; how strong the real hash is has a test of its own.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", "django.contrib.auth.hashers.Argon2PasswordHasher"]

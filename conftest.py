"""Tests of the clinic run on SQLCipher with a key and a data folder of their own."""

import os
import tempfile
from pathlib import Path

_folder = Path(tempfile.mkdtemp(prefix="accord-test-"))
os.environ.setdefault("ACCORD_DATA", str(_folder / "data"))
os.environ.setdefault("ACCORD_TEST_DATABASE", str(_folder / "test.db"))
os.environ.setdefault("ACCORD_EMAIL_BACKEND", "django.core.mail.backends.locmem.EmailBackend")
os.environ.setdefault("ACCORD_TLS_ELSEWHERE", "1")

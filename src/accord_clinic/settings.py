"""Settings of the clinic, read from the environment: where the data and the keys lie, who may reach it, demo or not."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from accord_clinic import addresses
from accord_clinic.accounts import sso_settings
from accord_clinic.database import engine, keys

PACKAGE = Path(__file__).parent
DATA = Path(os.environ.get("ACCORD_DATA", "accord-data")).resolve()
KEYS = Path(os.environ.get("ACCORD_KEYS", f"{DATA}-keys")).resolve()
INSTRUMENT_TEXTS = DATA / "instrument-texts"
BACKUPS = Path(os.environ["ACCORD_BACKUPS"]).resolve() if os.environ.get("ACCORD_BACKUPS") else None
METRICS_TOKEN = os.environ.get("ACCORD_METRICS_TOKEN", "")
DEMO = os.environ.get("ACCORD_DEMO") == "1"
HOSTS = os.environ.get("ACCORD_HOSTS", "localhost,127.0.0.1").split(",")
# Where clients reach this practice: the sweep, which no request brings, makes links with it.
PUBLIC_URL = os.environ.get("ACCORD_URL", "http://127.0.0.1:8000" if DEMO else f"https://{HOSTS[0]}").rstrip("/")
# Spoken to over TLS only, but in the demo and where the address names this machine alone: http://localhost:8000, for
# somebody who tries a practice before there is a domain.
BEHIND_PROXY = os.environ.get("ACCORD_BEHIND_PROXY") == "1"
HERE_ALONE = not (DEMO or BEHIND_PROXY) and addresses.safe(PUBLIC_URL) and urlsplit(PUBLIC_URL).scheme == "http"
TLS = not (DEMO or HERE_ALONE)
DEBUG = False

if KEYS == DATA or DATA in KEYS.parents:
    raise RuntimeError(
        f"{KEYS}: the keys must not lie in the data folder, or a stolen copy opens itself. Set ACCORD_KEYS."
    )
DATA.mkdir(mode=0o700, parents=True, exist_ok=True)
keys.ensure(KEYS, DATA / "accord.db")
SECRET_KEY = (KEYS / keys.SIGNING).read_text().strip()

# Without TLS no other name is answered to, whatever leads here.
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"] if HERE_ALONE else HOSTS
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "oauth2_provider",
    "accord_clinic",
]
MIDDLEWARE = [
    "accord_clinic.middleware.QuietMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "accord_clinic.middleware.BoundedBody",
    "accord_clinic.middleware.PlainText",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "accord_clinic.middleware.ChosenLanguage",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accord_clinic.accounts.staff.StaffPages",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accord_clinic.accounts.staff.StaffSession",
]
ROOT_URLCONF = "accord_clinic.urls"
WSGI_APPLICATION = "accord_clinic.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accord_clinic.context_processors.shell",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
        },
    }
]

DATABASES = engine.chosen(os.environ, DATA, KEYS)

AUTH_USER_MODEL = "accord_clinic.Member"
AUTHENTICATION_BACKENDS = ["accord_clinic.accounts.signed_in.Backend"]
SESSION_ENGINE = "accord_clinic.accounts.signed_in"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_ADAPTER = "accord_clinic.accounts.staff.AccountAdapter"
ACCOUNT_FORMS = {
    "reset_password": "accord_clinic.accounts.staff.ForgottenPassword",  # nosec B105: a form
    "change_password": "accord_clinic.accounts.passwords.NewPassword",  # nosec B105: a form
    "reset_password_from_key": "accord_clinic.accounts.passwords.NewPasswordByLink",  # nosec B105: a form
}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_USER_DISPLAY = str
MFA_ADAPTER = "accord_clinic.accounts.staff.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# A passkey has to ask for a finger, a face or a PIN each time: so it is two factors in one.
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_FORMS = {
    "add_webauthn": "accord_clinic.accounts.passkeys.Add",
    "edit_webauthn": "accord_clinic.accounts.passkeys.Rename",
    "login_webauthn": "accord_clinic.accounts.passkeys.SignIn",
    "authenticate_webauthn": "accord_clinic.accounts.passkeys.SecondFactorForm",
    "reauthenticate_webauthn": "accord_clinic.accounts.passkeys.Again",
}
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Accord"
# Signing in elsewhere: one provider, or none. docs/how-to/single-sign-on.md
SSO = sso_settings.chosen(os.environ, KEYS)
SOCIALACCOUNT_ADAPTER = "accord_clinic.accounts.sso.SsoAdapter"
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"provider_class": "accord_clinic.accounts.sso.Provider"}}
ACCOUNT_RATE_LIMITS = {"sso": "30/m/ip"}
# Tokens for programs of others that read by FHIR: docs/how-to/connect-a-care-record.md
OAUTH2_PROVIDER = {
    "OAUTH2_VALIDATOR_CLASS": "accord_clinic.accounts.fhir_tokens.Validator",
    "OAUTH2_SERVER_CLASS": "accord_clinic.accounts.fhir_tokens.TokenServer",
    "PKCE_REQUIRED": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https", "http"],  # http leads to this machine alone: forms/programs.py
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,  # nosec B105
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,  # nosec B105
    "REFRESH_TOKEN_REUSE_PROTECTION": True,  # nosec B105
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,  # nosec B105
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,  # nosec B105
}
OAUTH2_PROVIDER_APPLICATION_MODEL = "oauth2_provider.Application"
OAUTH2_PROVIDER_GRANT_MODEL = "oauth2_provider.Grant"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "oauth2_provider.AccessToken"  # noqa: S105  # nosec B105
LOGIN_URL = "/demo/" if DEMO else "/account/login/"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if BEHIND_PROXY else 0

# One cache for all workers, or each would count failed sign-ins for itself.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "accord_cache",
        # Failed sign-ins and codes that were used lie there: none of them is to be dropped to make room.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

SESSION_COOKIE_NAME = "__Host-accord" if TLS else "accord"
CSRF_COOKIE_NAME = "__Host-accord-csrf" if TLS else "accord-csrf"
CLIENT_COOKIE_PREFIX = "__Host-c-" if TLS else "accord-c-"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 8 * 3600
# Longer than a session of 50 minutes, in which the talk sheet lies open between two people.
SESSION_IDLE_AGE = 3600
SECURE_HSTS_SECONDS = 63_072_000 if TLS else 0
# HSTS for every name below this one, and in browsers' own lists: other names are not this program's to decide about.
# Plain http in an address to return to: only programs on the user's own machine may have one (forms/programs.py).
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021", "oauth2_provider.W008"]
SECURE_SSL_REDIRECT = TLS and os.environ.get("ACCORD_TLS_ELSEWHERE") != "1"
# Asked from this machine, past the proxy, and with nothing personal in the answer.
SECURE_REDIRECT_EXEMPT = [r"^health/$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
# Not "no-referrer": browsers then post forms with "Origin: null", which the CSRF check must refuse.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
CSRF_FAILURE_VIEW = "accord_clinic.views.errors.forged"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 400

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [PACKAGE / "locale"]
FORMAT_MODULE_PATH = ["accord_clinic.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
STATICFILES_DIRS = [PACKAGE / "static"]
WHITENOISE_MAX_AGE = 31_536_000
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

EMAIL_BACKEND = os.environ.get("ACCORD_EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
EMAIL_HOST = os.environ.get("ACCORD_SMTP_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("ACCORD_SMTP_PORT", "25"))
EMAIL_USE_TLS = os.environ.get("ACCORD_SMTP_SECURITY") == "starttls"
EMAIL_USE_SSL = os.environ.get("ACCORD_SMTP_SECURITY") == "tls"
EMAIL_HOST_USER = os.environ.get("ACCORD_SMTP_USER", "")
_smtp_password = KEYS / "smtp.password"
EMAIL_HOST_PASSWORD = _smtp_password.read_text().strip() if _smtp_password.exists() else ""
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = os.environ.get("ACCORD_FROM", "accord@localhost")
# Hosts that a calendar may be read from though they are inside this network, or without TLS: a Radicale of your own.
CALENDAR_HOSTS = [host for host in os.environ.get("ACCORD_CALENDAR_HOSTS", "").split(",") if host]
if DEMO:
    CALENDAR_HOSTS.append("127.0.0.1")  # the demo serves a calendar itself
    EMAIL_BACKEND = "accord_clinic.demo.mail.Printed"
# A function (number, text); accord_clinic.messages.sms_gateway.send posts to ACCORD_SMS_URL.
SMS = os.environ.get("ACCORD_SMS", "accord_clinic.messages.sms.console")
SMS_URL = os.environ.get("ACCORD_SMS_URL", "")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"quiet": {"()": "accord_clinic.middleware.NoPersonalData"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["quiet"]}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    # The web server's own handler has no filter, so its lines go through ours.
    "loggers": {"gunicorn.error": {"propagate": True}},
}
TEST_RUNNER = "django.test.runner.DiscoverRunner"

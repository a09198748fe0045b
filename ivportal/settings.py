"""Settings, all driven by the environment. Loading them starts nothing.

=========================  ===========================================================================================
``DATABASE_URL``           PostgreSQL for the role that serves (``ivportal_app``); without it an embedded server starts
                           at the first connection (not in production)
``DATABASE_OWNER_URL``     PostgreSQL for the role that owns and migrates (``ivportal_owner``); default ``DATABASE_URL``
``REDIS_URL``              broker; without it messages travel over files in ``IVPORTAL_DATA``
``IVPORTAL_DATA``          folder of the embedded database, messages and generated files; default ``.data``
``IVPORTAL_PRODUCTION``    1 in production: no embedded servers, secure cookies, secret key required
``IVPORTAL_SECRET_KEY``    secret key, or ``IVPORTAL_SECRET_KEY_FILE`` with a file that holds it
``IVPORTAL_HOSTS``         comma-separated host names
``IVPORTAL_BEHIND_TLS``    1 when a proxy terminates TLS and sets ``X-Forwarded-Proto``; default 1 in production
``EMAIL_URL``              outgoing mail (smtp://, smtp+tls://, smtp+ssl://, filemail:////folder, consolemail://); required in
                           production, default the console
``IVPORTAL_MAIL_FROM``     sender of mail; required in production
``IVPORTAL_ADDRESS``       address of the portal as people type it, for links in mail; required in production, default
                           ``http://127.0.0.1:8000``
``IVPORTAL_LOG_LEVEL``     how much is logged; default ``WARNING``
``IVPORTAL_RUN_…``         ``LEASE_SECONDS`` (30) and ``HEARTBEAT_SECONDS`` (5): how long a run is claimed for, and how often
                           its worker gives a sign of life; ``SHARDS`` (16): in how many parts a step is divided over workers
``IVPORTAL_SWEEP_SECONDS`` how often is looked for runs that a dead worker left; default 15
=========================  ===========================================================================================
"""

from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
import environ
from django.core.exceptions import ImproperlyConfigured

from ivportal.front_end import front_end_packages
from ivportal.security import content_security_policy, local_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()

# --- Where we run -----------------------------------------------------------------------------------------------------
PRODUCTION = env.bool("IVPORTAL_PRODUCTION", default=False)
DATA_DIR = Path(env.str("IVPORTAL_DATA", default=str(BASE_DIR / ".data"))).resolve()
DEBUG = False
ALLOWED_HOSTS = env.list("IVPORTAL_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
SECRET_KEY = env.str("IVPORTAL_SECRET_KEY", default="")
if not SECRET_KEY:
    if PRODUCTION:
        raise ImproperlyConfigured("Set IVPORTAL_SECRET_KEY or IVPORTAL_SECRET_KEY_FILE.")
    SECRET_KEY = local_secret_key(DATA_DIR)

# --- What it is made of -----------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "ivportal.apps.PortalConfig",
    "tariffs",
    "benchmarking",
    "providers",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
]
MIDDLEWARE = [
    "ivportal.middleware.HeadMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "ivportal.api.authentication.WithoutCookies",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "ivportal.middleware.LoginRequiredMiddleware",
    "providers.middleware.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "ivportal.urls"
WSGI_APPLICATION = "ivportal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ivportal.navigation.navigation",
            ],
            "builtins": ["ivportal.templatetags.dutch"],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
        },
    }
]

# --- Database ---------------------------------------------------------------------------------------------------------
# The engine is PostgreSQL with two roles; see ivportal/database/base.py.
DATABASE_URL = env.str("DATABASE_URL", default="")
DATABASE_OWNER_URL = env.str("DATABASE_OWNER_URL", default=DATABASE_URL)
DATABASES = {
    "default": {
        **(dj_database_url.parse(DATABASE_URL) if DATABASE_URL else {"NAME": "ivportal"}),
        "ENGINE": "ivportal.database",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
    }
}
DATABASE_APP_ROLE = DATABASES["default"].get("USER") or "ivportal_app"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Run: the steps in order. Composition happens here: benchmarking knows nothing of tariffs. ------------------------
RUN_STEPS = [
    "benchmarking.steps.participation.participation",
    "benchmarking.steps.cost_base.cost_base",
    "benchmarking.steps.quality_gate.quality_gate",
    "benchmarking.steps.outliers.outliers",
    "benchmarking.steps.frontier.frontier",
    "benchmarking.steps.uncertainty.uncertainty",
    "benchmarking.steps.circumstances.circumstances",
    "benchmarking.steps.influence.influence",
    "benchmarking.steps.minimum_cost.minimum_cost",
    "tariffs.steps.bandwidths",
    "benchmarking.steps.national_picture.national_picture",
]
RUN_FREEZERS = ["tariffs.steps.freeze"]
RUN_LEASE_SECONDS = env.int("IVPORTAL_RUN_LEASE_SECONDS", default=30)
RUN_HEARTBEAT_SECONDS = env.int("IVPORTAL_RUN_HEARTBEAT_SECONDS", default=5)
RUN_SHARDS = max(env.int("IVPORTAL_RUN_SHARDS", default=16), 1)

# --- Celery -----------------------------------------------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", default="")
if PRODUCTION and not REDIS_URL:
    raise ImproperlyConfigured("Set REDIS_URL: the transport over files is not for production.")
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object]
if REDIS_URL:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 3600,
        "socket_timeout": 5,
        "socket_connect_timeout": 3,
        "max_retries": 1,
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(DATA_DIR / "messages"),
        "data_folder_out": str(DATA_DIR / "messages"),
        "control_folder": str(DATA_DIR / "message-control"),
        "polling_interval": 0.05,
    }
CELERY_WORKER_ENABLE_REMOTE_CONTROL = bool(REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
# Not late: a worker with an unacknowledged message does not survive the loss of Redis, and lease and sweeper already see to it
# that a lost message loses no work.
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Somebody waits for her file to be read: that never stands behind a computation or a thousand mails. A worker takes from both
# queues, and where there are several one of them can keep to reading (see docker-compose.yml).
CELERY_TASK_ROUTES = {"providers.tasks.read_upload": {"queue": "reading"}}
CELERY_TIMEZONE = "Europe/Amsterdam"
SWEEP_SECONDS = env.float("IVPORTAL_SWEEP_SECONDS", default=15.0)
CELERY_BEAT_SCHEDULE = {
    name: {"task": task, "schedule": SWEEP_SECONDS, "options": {"expires": SWEEP_SECONDS}}
    for name, task in (
        ("sweep-runs", "benchmarking.tasks.sweep"),
        ("sweep-delivering", "providers.tasks.sweep"),
        ("sweep-procedure", "tariffs.tasks.sweep"),
    )
}

# --- People -----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "providers.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "providers.passwords.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_NAME = "ivportal_sessie"
PASSWORD_RESET_TIMEOUT = 24 * 3600
for _name in ("EMAIL_URL", "IVPORTAL_MAIL_FROM", "IVPORTAL_ADDRESS"):
    if PRODUCTION and not env.str(_name, default="").strip():
        # Otherwise the portal runs as if all were well, and nobody gets its mails, or a link that leads anywhere.
        raise ImproperlyConfigured(f"Set {_name}.")
_mail = env.email_url("EMAIL_URL", default="consolemail://")
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST = _mail.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = _mail.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _mail.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = _mail.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _mail.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = _mail.get("EMAIL_FILE_PATH") or None
EMAIL_TIMEOUT = 10

PORTAL_ADDRESS = env.str("IVPORTAL_ADDRESS", default="http://127.0.0.1:8000")
if urlsplit(PORTAL_ADDRESS).scheme not in ("http", "https") or not urlsplit(PORTAL_ADDRESS).hostname:
    raise ImproperlyConfigured("Write IVPORTAL_ADDRESS in full, such as https://portal.example.org.")
DEFAULT_FROM_EMAIL = env.str("IVPORTAL_MAIL_FROM", default="IV-portaal <iv-portaal@example.org>")

# --- Security ---------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = content_security_policy()
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
if PRODUCTION and env.bool("IVPORTAL_BEHIND_TLS", default=True):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# --- API --------------------------------------------------------------------------------------------------------------
# Neither rest_framework nor drf_spectacular is an installed app: no pages, no tables, nothing but JSON.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["ivportal.api.authentication.KeyAuthentication"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "ivportal.api.problems.answer",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "IV-portaal: aanleveren",
    "VERSION": "1.0.0",
    "DESCRIPTION": "Aanleveren voor de Integrale Vergelijking met een ander systeem dan een browser. Fouten komen als"
    " application/problem+json (RFC 9457). Cijfers gaan heen als tekst met een decimale punt, zodat geen cijfer verloren gaat.",
    "CONTACT": {"name": "Nederlandse Zorgautoriteit", "url": "https://www.nza.nl/contact"},
    "LICENSE": {"name": "EUPL-1.2"},
    "SERVERS": [{"url": "/", "description": "Dit portaal"}],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "SubmissionStatus": "providers.models.SubmissionStatus",
        "RoundStatus": "providers.models.RoundStatus",
        "Severity": "providers.models.Severity",
        "FileStatus": "ivportal.api.shapes.FILE_STATUSES",
        "ChangedBy": "ivportal.api.shapes.CHANGED_BY",
    },
}

# A file that is too large is not kept anywhere; a form may have many locations, each with six fields.
FILE_UPLOAD_HANDLERS = [
    "ivportal.receiving.LimitedUploads",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 7000

# --- Language and time ------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "nl"
TIME_ZONE = "Europe/Amsterdam"
USE_I18N = True
USE_TZ = True

# --- Static files -----------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
STATICFILES_DIRS = [BASE_DIR / "static", *front_end_packages(BASE_DIR / "node_modules")]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if PRODUCTION
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        )
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_MAX_AGE = 3600

# --- Log --------------------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.str("IVPORTAL_LOG_LEVEL", default="WARNING")},
}

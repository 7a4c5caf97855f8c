"""Django settings. Whatever differs between installations comes from the environment.

DATABASE_URL, GENJIN_HOME, GENJIN_HOST, GENJIN_SECRET_KEY, GENJIN_ALLOWED_HOSTS,
GENJIN_TRUSTED_ORIGINS, GENJIN_TLS, GENJIN_TIME_ZONE, GENJIN_POLICY_DIR, GENJIN_DEBUG,
GENJIN_SMTP, GENJIN_MAIL_FROM, GENJIN_MAIL_ALLOW, GENJIN_PRODUCTION, GENJIN_PUBLIC_URL,
GENJIN_SCORE_KEY,
GENJIN_POOL (connections a process keeps; 0 for none).
"""

import os
from pathlib import Path

from genjin.conf import environment

BASE_DIR = Path(__file__).resolve().parents[3]
GENJIN_HOME = environment.home()
POLICY_DIR = Path(os.environ.get("GENJIN_POLICY_DIR", BASE_DIR / "policy"))

DEBUG = environment.flag("GENJIN_DEBUG")
SECRET_KEY = environment.secret_key()
ALLOWED_HOSTS = environment.listed("GENJIN_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
if environment.host() not in ("0.0.0.0", "::", *ALLOWED_HOSTS):  # noqa: S104 - compared, not bound
    ALLOWED_HOSTS.append(environment.host())
CSRF_TRUSTED_ORIGINS = environment.listed("GENJIN_TRUSTED_ORIGINS", "")

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "django_htmx",
    "procrastinate.contrib.django",
    "genjin.foundation",
    "genjin.customers",
    "genjin.followups",
    "genjin.sales",
    "genjin.calling",
    "genjin.service",
    "genjin.complaints",
    "genjin.receivables",
    "genjin.flows",
    "genjin.insight",
    "genjin.web",
    "genjin.api",
]

MIDDLEWARE = [
    "genjin.foundation.middleware.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "genjin.api.middleware.WithoutCookies",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "genjin.foundation.middleware.PersonalSettings",
    "genjin.foundation.middleware.Presence",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "genjin.foundation.middleware.DefaultDeny",
]

ROOT_URLCONF = "genjin.conf.urls"
WSGI_APPLICATION = "genjin.conf.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "genjin.web.context.shell",
            ],
        },
    },
]
FORM_RENDERER = "genjin.web.design.GenjinRenderer"

DATABASES = {"default": environment.database()}
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "foundation.User"
AUTHENTICATION_BACKENDS = ["genjin.foundation.sessions.Backend"]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name", "staff_number")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

SESSION_ENGINE = "genjin.foundation.sessions"
SESSION_COOKIE_NAME = "genjin_session"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "genjin_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "genjin.web.errors.csrf_failure"
TLS = environment.flag("GENJIN_TLS")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS
SECURE_HSTS_SECONDS = 31536000 if TLS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TLS else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [
    ("zh-hans", "简体中文"),
    ("zh-hant", "繁體中文（台灣）"),
    ("zh-hk", "繁體中文（香港）"),
    ("en", "English"),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "genjin.web.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = os.environ.get("GENJIN_TIME_ZONE", "Asia/Shanghai")

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "build" / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if not (DEBUG or environment.flag("GENJIN_PLAIN_STATIC"))
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG or environment.flag("GENJIN_PLAIN_STATIC")
globals().update(environment.mail())
# The address under which customers reach us, for links in messages.
PUBLIC_URL = environment.public_url()
# Unless this is the real installation only these addresses and domains are written to.
PRODUCTION = environment.flag("GENJIN_PRODUCTION")
MAIL_ALLOW = environment.listed("GENJIN_MAIL_ALLOW", "")
MEDIA_ROOT = GENJIN_HOME / "files"
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600
UPLOAD_MAX_BYTES = 1024 * 1024 * 1024

SILENCED_SYSTEM_CHECKS: list[str] = []

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "genjin.foundation.logs.JsonFormatter"}},
    "filters": {"no_probes": {"()": "genjin.foundation.logs.WithoutHealthProbes"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json",
            "filters": ["no_probes"],
        }
    },
    "root": {"handlers": ["stderr"], "level": os.environ.get("GENJIN_LOG_LEVEL", "WARNING")},
    "loggers": {"genjin": {"level": os.environ.get("GENJIN_LOG_LEVEL", "INFO")}},
}

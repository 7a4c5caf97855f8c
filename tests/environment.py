"""Loaded before Django's settings: a home and a real PostgreSQL of its own for the test run.

DATABASE_URL's server is used when it is set, else an embedded one that is removed afterwards.
Every worker of a parallel run shares it, each with its own database.
"""

import atexit
import os
import shutil
import tempfile

if "GENJIN_TEST_HOME" not in os.environ:
    os.environ["GENJIN_TEST_HOME"] = tempfile.mkdtemp(prefix="genjin-tests-")
    atexit.register(shutil.rmtree, os.environ["GENJIN_TEST_HOME"], ignore_errors=True)

os.environ["GENJIN_HOME"] = os.environ["GENJIN_TEST_HOME"]
os.environ["GENJIN_PLAIN_STATIC"] = "1"  # a live server finds the files itself
os.environ["GENJIN_TESTING"] = "1"
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # playwright keeps a loop in the main thread
os.environ.setdefault("GENJIN_SECRET_KEY", "only-for-tests")
os.environ.setdefault("GENJIN_LOG_LEVEL", "ERROR")

from genjin.conf import embedded

if not os.environ.get("DATABASE_URL"):
    embedded.acquire()

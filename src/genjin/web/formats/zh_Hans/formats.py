"""The house formats; see genjin.web.formats.common."""

from genjin.web.formats.common import *  # noqa: F403 - Django reads the names from here

"""Everything of `genjin.web.ui` under one name, so that a template loads it once.

Each tag or filter is shown once on /design/. Numbers, money and times follow the active
language; what decides something (may we call, who is next) never lives here.
"""

from django import template

from genjin.web.ui import controls, figures, frames, marks, pictures

register = template.Library()
for part in (controls, figures, frames, marks, pictures):
    register.tags |= part.register.tags
    register.filters |= part.register.filters

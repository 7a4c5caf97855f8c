from django.urls import path

from genjin.web.settings import calendar, contact, numbering, papers, views

urlpatterns = [
    path("settings", views.index, name="settings"),
    path("settings/organisation", views.organisation, name="settings-organisation"),
    path("settings/work", views.work, name="settings-work"),
    path("settings/contact", contact.rules_page, name="settings-contact"),
    path("settings/contact/reset", contact.reset_rules, name="settings-contact-reset"),
    path("settings/calendar", calendar.calendar_page, name="settings-calendar"),
    path("settings/calendar/remove", calendar.remove_year, name="settings-calendar-remove"),
    path("settings/papers", papers.papers, name="settings-papers"),
    path("settings/papers/<slug:language>.pdf", papers.sample, name="settings-papers-sample"),
    path("settings/numbering", numbering.numbering, name="settings-numbering"),
    path("settings/numbering/<slug:code>", numbering.go_on, name="settings-numbering-go-on"),
]

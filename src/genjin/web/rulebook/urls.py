from django.urls import path

from genjin.web.rulebook import views

urlpatterns = [
    path("rulebook", views.rules, name="rulebook"),
    path("rulebook/new", views.new, name="rule-new"),
    path("rulebook/<int:pk>", views.rule, name="rule"),
    path("rulebook/<int:pk>/glance", views.glance, name="rule-glance"),
    path("rulebook/<int:pk>/forecast", views.forecast, name="rule-forecast"),
    path("rulebook/<int:pk>/edit", views.edit, name="rule-edit"),
    path("rulebook/<int:pk>/switch", views.switch, name="rule-switch"),
    path("rulebook/<int:pk>/restore", views.restore, name="rule-restore"),
]

from django.urls import path

from genjin.web.campaigns import builder, views

urlpatterns = [
    path("campaigns", views.index, name="campaigns"),
    path("campaigns/new", builder.new, name="campaign-new"),
    path("campaigns/<int:pk>", views.page, name="campaign"),
    path("campaigns/<int:pk>/step", views.step, name="campaign-step"),
    path("campaigns/<int:pk>/forecast", views.forecast, name="campaign-forecast"),
    path("campaigns/<int:pk>/follow-ups", views.waiting, name="campaign-waiting"),
    path("campaigns/<int:pk>/edit/<slug:code>", builder.edit, name="campaign-edit"),
    path(
        "campaigns/<int:pk>/agents/<int:user_pk>/rotation",
        builder.rotation,
        name="campaign-rotation",
    ),
]

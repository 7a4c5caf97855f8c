from django.urls import path

from genjin.web.pool import views

urlpatterns = [
    path("pool", views.pool, name="pool"),
    path("pool/mine", views.mine, name="pool-mine"),
    path("pool/take", views.take, name="pool-take"),
    path("pool/<uuid:pk>/give-back", views.give_back, name="pool-give-back"),
    path("pool/<uuid:pk>/protection", views.protection, name="pool-protection"),
    path("settings/pool", views.pool_settings, name="settings-pool"),
]

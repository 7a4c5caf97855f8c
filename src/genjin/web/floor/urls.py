from django.urls import path

from genjin.web.floor import attention, views

urlpatterns = [
    path("floor", views.page, name="floor"),
    path("floor/stream", views.stream, name="floor-stream"),
    path("floor/attention", attention.page, name="floor-attention"),
    path("floor/attention/reassign", attention.reassign_chosen, name="floor-reassign"),
    path("floor/attention/contacts/<uuid:pk>", attention.settle, name="floor-settle"),
]

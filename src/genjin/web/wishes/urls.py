from django.urls import path

from genjin.web.wishes import public, staff

urlpatterns = [
    path("w/<str:token>", public.wishes, name="wishes"),
    path("u/<str:token>/<slug:purpose>", public.unsubscribe, name="unsubscribe"),
    path("c/<str:token>", public.confirm, name="consent-confirm"),
    path("customers/<uuid:pk>/wishes", staff.links_page, name="customer-wishes"),
]

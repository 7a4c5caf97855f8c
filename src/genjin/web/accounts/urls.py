from django.urls import path

from genjin.web.accounts import views

urlpatterns = [
    path("sign-in", views.sign_in_page, name="sign-in"),
    path("sign-out", views.sign_out_now, name="sign-out"),
    path("language", views.set_language, name="set_language"),
]

from django.urls import path

from genjin.web.mail import views

urlpatterns = [
    path("mail", views.index, name="mail"),
    path("mail/<uuid:pk>", views.message_page, name="mail-message"),
    path("mail/<uuid:pk>/settle", views.settle, name="mail-settle"),
]

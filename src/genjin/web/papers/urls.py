from django.urls import path

from genjin.web.papers import views

urlpatterns = [
    path("customers/<uuid:pk>/papers", views.papers, name="customer-papers"),
    path("papers/<uuid:pk>", views.download, name="paper"),
]

from django.urls import path

from genjin.web.audit import views

urlpatterns = [path("audit", views.audit_page, name="audit")]

from django.urls import path

from genjin.web.bankfiles import views

urlpatterns = [
    path("payments/files", views.files, name="bank-files"),
    path("payments/files/<uuid:pk>/faults", views.faults, name="bank-file-faults"),
    path("payments/waiting", views.waiting, name="payments-waiting"),
    path("payments/waiting/<uuid:pk>", views.decide, name="payment-decide"),
    path("payments/waiting/<uuid:pk>/dismiss", views.dismiss, name="payment-dismiss"),
]

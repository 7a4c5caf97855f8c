from django.urls import path

from genjin.web.custody import views

urlpatterns = [
    path("custody/log", views.log, name="custody-log"),
    path("custody/loans", views.loans, name="custody-loans"),
    path("custody/loans/<uuid:pk>/end", views.loan_end, name="loan-end"),
    path("customers/review", views.review, name="customers-review"),
    path("customers/<uuid:pk>/confirm", views.confirm, name="customer-confirm"),
    path("customers/<uuid:pk>/occasion", views.occasion, name="customer-occasion"),
    path("customers/<uuid:pk>/lend", views.lend_card, name="customer-lend"),
    path("customers/<uuid:pk>/looks", views.looks, name="customer-looks"),
]

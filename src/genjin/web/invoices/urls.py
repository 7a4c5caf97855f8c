from django.urls import path

from genjin.web.invoices import views_card, views_list

CARD = "customers/<uuid:pk>"

urlpatterns = [
    path("invoices", views_list.invoices, name="invoices"),
    path("invoices/sheet", views_list.sheet, name="invoices-sheet"),
    path("invoices/<uuid:pk>", views_list.invoice, name="invoice"),
    path("invoices/<uuid:pk>/reject", views_list.reject_page, name="invoice-reject"),
    path("invoices/<uuid:pk>/red", views_list.red, name="invoice-red"),
    path(f"{CARD}/invoices", views_card.of_customer, name="customer-invoices"),
    path(f"{CARD}/invoices/new", views_card.request_new, name="invoice-new"),
    path(f"{CARD}/invoicing/new", views_card.details_new, name="invoicing-new"),
    path(f"{CARD}/invoicing/<int:details_pk>", views_card.details_change, name="invoicing"),
    path(
        f"{CARD}/invoicing/<int:details_pk>/retire",
        views_card.details_retire,
        name="invoicing-retire",
    ),
]

from django.urls import path

from genjin.web.receivables import views, views_cheques, views_debts

ACCOUNT = "customers/<uuid:pk>/account"
ENTRY = f"{ACCOUNT}/entries/<uuid:entry_pk>"
DEBT = f"{ACCOUNT}/debts/<uuid:debt_pk>"

urlpatterns = [
    path(ACCOUNT, views.account, name="customer-account"),
    path(f"{ACCOUNT}/entries", views.entries, name="account-entries"),
    path(f"{ACCOUNT}/payment", views.payment, name="account-payment"),
    path(f"{ACCOUNT}/credit-note", views.credit_note, name="account-credit-note"),
    path(f"{ACCOUNT}/bill", views.bill, name="account-bill"),
    path(f"{ACCOUNT}/charge", views.charge, name="account-charge"),
    path(f"{ACCOUNT}/cheque", views_cheques.cheque, name="account-cheque"),
    path(f"{ACCOUNT}/cheques/<uuid:cheque_pk>/<slug:step>", views_cheques.cheque_step,
         name="cheque-step"),
    path(f"{ENTRY}/allocate", views.allocate, name="entry-allocate"),
    path(f"{ENTRY}/reverse", views.reverse_entry, name="entry-reverse"),
    path(f"{ENTRY}/refund", views.refund, name="entry-refund"),
    path(DEBT, views_debts.debt, name="debt"),
    path(f"{DEBT}/due", views_debts.due, name="debt-due"),
    path(f"{DEBT}/write-off", views_debts.write_off, name="debt-write-off"),
    path(f"{DEBT}/recover", views_debts.recover, name="debt-recover"),
    path("ledger/check", views.check, name="ledger-check"),
]  # fmt: skip

from django.urls import path

from genjin.web.uncollected import views

urlpatterns = [
    path("receivables/statement", views.statement, name="uncollected"),
    path("receivables/statement.xlsx", views.as_xlsx, name="uncollected-xlsx"),
    path("receivables/statement.pdf", views.as_pdf, name="uncollected-pdf"),
]

from django.urls import path

from genjin.web.approvals import views

urlpatterns = [
    path("approvals", views.inbox, name="approvals"),
    path("approvals/asked", views.asked, name="approvals-asked"),
    path("approvals/decided", views.decided, name="approvals-decided"),
    path("approvals/away", views.away, name="approvals-away"),
    path("approvals/away/<int:pk>/end", views.end_away, name="approvals-away-end"),
    path("approvals/<uuid:pk>", views.approval_page, name="approval"),
    path("approvals/<uuid:pk>/decide", views.decide, name="approval-decide"),
    path("approvals/<uuid:pk>/withdraw", views.withdraw, name="approval-withdraw"),
]

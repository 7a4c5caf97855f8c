from django.urls import path

from genjin.web.duplicates import actions, views

urlpatterns = [
    path("duplicates", views.pairs, name="duplicates"),
    path("duplicates/scan", actions.scan, name="duplicates-scan"),
    path("duplicates/pick/<uuid:pk>", actions.pick, name="duplicates-pick"),
    path("duplicates/<uuid:pk>", views.compare, name="duplicate"),
    path("duplicates/<uuid:pk>/merge", actions.merge, name="duplicate-merge"),
    path("duplicates/<uuid:pk>/distinct", actions.distinct, name="duplicate-distinct"),
    path("duplicates/<uuid:pk>/reopen", actions.reopen, name="duplicate-reopen"),
    path("duplicates/<uuid:pk>/claim", actions.claim, name="duplicate-claim"),
    path("duplicates/<uuid:pk>/award", actions.award, name="duplicate-award"),
    path("duplicates/merges/<uuid:pk>/split", actions.split, name="merge-split"),
]

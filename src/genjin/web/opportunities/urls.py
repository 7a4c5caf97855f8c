from django.urls import path

from genjin.web.opportunities import views_list, views_page

ONE = "opportunities/<uuid:pk>"

urlpatterns = [
    path("opportunities", views_list.index, name="opportunities"),
    path("opportunities/new", views_list.choose, name="opportunity-choose"),
    path("customers/<uuid:pk>/opportunities/new", views_page.new, name="opportunity-new"),
    path(ONE, views_page.opportunity, name="opportunity"),
    path(f"{ONE}/facts", views_page.facts, name="opportunity-facts"),
    path(f"{ONE}/stage", views_page.stage, name="opportunity-stage"),
    path(f"{ONE}/grade", views_page.grade, name="opportunity-grade"),
    path(f"{ONE}/change", views_page.change, name="opportunity-change"),
    path(f"{ONE}/order", views_page.order, name="opportunity-order"),
    path(f"{ONE}/win", views_page.win, name="opportunity-win"),
    path(f"{ONE}/lose", views_page.lose, name="opportunity-lose"),
    path(f"{ONE}/drop", views_page.drop, name="opportunity-drop"),
    path(f"{ONE}/reopen", views_page.reopen, name="opportunity-reopen"),
]

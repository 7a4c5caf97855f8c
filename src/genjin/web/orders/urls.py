from django.urls import path

from genjin.web.orders import views_card, views_lists, views_settings

CARD = "customers/<uuid:pk>"

urlpatterns = [
    path("orders", views_lists.order_list, name="orders"),
    path("orders/import", views_lists.orders_import, name="orders-import"),
    path("orders/import/<uuid:pk>/faults", views_lists.orders_faults, name="orders-faults"),
    path("classes", views_lists.classes, name="classes"),
    path("classes/refresh", views_lists.refresh, name="classes-refresh"),
    path("grades", views_lists.grade_reviews, name="grade-reviews"),
    path(f"{CARD}/orders", views_card.orders, name="customer-orders"),
    path(f"{CARD}/orders/new", views_card.order_new, name="order-new"),
    path(f"{CARD}/orders/<uuid:order_pk>/cancel", views_card.order_cancel, name="order-cancel"),
    path(f"{CARD}/owned/new", views_card.owned_new, name="owned-new"),
    path(f"{CARD}/owned/ask", views_card.owned_ask, name="owned-ask"),
    path(f"{CARD}/owned/none", views_card.owned_none, name="owned-none"),
    path(f"{CARD}/owned/<uuid:owned_pk>/gone", views_card.owned_gone, name="owned-gone"),
    path(f"{CARD}/prospect", views_card.prospect, name="customer-prospect"),
    path(f"{CARD}/grade/confirm", views_card.grade_confirm, name="grade-confirm"),
    path(f"{CARD}/key", views_card.key, name="customer-key"),
    path("brands", views_card.brands, name="brands"),
    path("settings/classes", views_settings.classes_page, name="settings-classes"),
    path("settings/rates", views_settings.rates, name="settings-rates"),
    path("settings/categories", views_settings.category_list, name="settings-categories"),
    path("settings/categories/new", views_settings.category, name="category-new"),
    path("settings/categories/<int:pk>", views_settings.category, name="category"),
]

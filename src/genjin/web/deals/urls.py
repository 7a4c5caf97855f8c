from django.urls import path

from genjin.web.deals import views_credit, views_deals, views_deliveries

CARD = "customers/<uuid:pk>"

urlpatterns = [
    path("deals", views_deals.deals, name="deals"),
    path(f"{CARD}/deals/new", views_deals.deal_new, name="deal-new"),
    path("deals/<uuid:pk>", views_deals.deal, name="deal"),
    path("deals/<uuid:pk>/edit", views_deals.deal_edit, name="deal-edit"),
    path("deals/<uuid:pk>/terms", views_deals.deal_terms, name="deal-terms"),
    path("deals/<uuid:pk>/conclude", views_deals.deal_conclude, name="deal-conclude"),
    path("deals/<uuid:pk>/exception", views_deals.deal_exception, name="deal-exception"),
    path("deals/<uuid:pk>/cancel", views_deals.deal_end, {"how": "cancel"}, name="deal-cancel"),
    path("deals/<uuid:pk>/close", views_deals.deal_end, {"how": "close"}, name="deal-close"),
    path("deals/<uuid:pk>/reopen", views_deals.deal_end, {"how": "reopen"}, name="deal-reopen"),
    path("deals/<uuid:pk>/delivery", views_deliveries.delivery_new, name="delivery-new"),
    path("deliveries", views_deliveries.deliveries, name="deliveries"),
    path("deliveries/<uuid:pk>", views_deliveries.delivery, name="delivery"),
    path("deliveries/<uuid:pk>/release", views_deliveries.delivery_release,
         name="delivery-release"),
    path("deliveries/<uuid:pk>/ship", views_deliveries.delivery_ship, name="delivery-ship"),
    path("deliveries/<uuid:pk>/arrive", views_deliveries.delivery_arrive, name="delivery-arrive"),
    path("deliveries/<uuid:pk>/refuse", views_deliveries.delivery_end, {"how": "refuse"},
         name="delivery-refuse"),
    path("deliveries/<uuid:pk>/cancel", views_deliveries.delivery_end, {"how": "cancel"},
         name="delivery-cancel"),
    path("deliveries/<uuid:pk>/back", views_deliveries.delivery_end, {"how": "back"},
         name="delivery-back"),
    path(f"{CARD}/credit", views_credit.credit_page, name="customer-credit"),
    path(f"{CARD}/credit/set", views_credit.decide, name="credit-set"),
    path(f"{CARD}/credit/inquiry", views_credit.inquire, name="credit-inquiry"),
    path(f"{CARD}/credit/security", views_credit.secure, name="credit-security"),
    path(f"{CARD}/credit/security/<uuid:security_pk>/release", views_credit.unsecure,
         name="security-release"),
    path(f"{CARD}/credit/share", views_credit.share, name="credit-share"),
    path(f"{CARD}/credit/leave", views_credit.leave, name="credit-leave"),
]  # fmt: skip

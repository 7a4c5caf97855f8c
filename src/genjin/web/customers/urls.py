from django.urls import path

from genjin.web.customers import views_card, views_list, views_parts, views_settings

urlpatterns = [
    path("find", views_list.find, name="find"),
    path("customers", views_list.customers, name="customers"),
    path("customers/new", views_card.new, name="customer-new"),
    path("customers/likely", views_card.duplicates, name="customer-likely"),
    path("customers/divisions", views_parts.divisions_near, name="divisions-near"),
    path("customers/<uuid:pk>", views_card.show, name="customer"),
    path("customers/<uuid:pk>/timeline", views_card.timeline, name="customer-timeline"),
    path("customers/<uuid:pk>/change", views_card.edit_main, name="customer-change"),
    path("customers/<uuid:pk>/block/<slug:block>", views_card.edit_block, name="customer-block"),
    path("customers/<uuid:pk>/grade", views_card.grade, name="customer-grade"),
    path("customers/<uuid:pk>/custodian", views_card.custodian, name="customer-custodian"),
    path("customers/<uuid:pk>/people/new", views_parts.person, name="person-new"),
    path("customers/<uuid:pk>/people/<uuid:person_pk>", views_parts.person, name="person"),
    path("customers/<uuid:pk>/points/new", views_parts.point, name="point-new"),
    path("customers/<uuid:pk>/points/<uuid:point_pk>", views_parts.point, name="point"),
    path(
        "customers/<uuid:pk>/points/<uuid:point_pk>/<slug:action>",
        views_parts.point_status,
        name="point-status",
    ),
    path("customers/<uuid:pk>/addresses/new", views_parts.address, name="address-new"),
    path("customers/<uuid:pk>/addresses/<uuid:address_pk>", views_parts.address, name="address"),
    path(
        "customers/<uuid:pk>/addresses/<uuid:address_pk>/retire",
        views_parts.address_retire,
        name="address-retire",
    ),
    path("customers/<uuid:pk>/consent", views_parts.consent, name="customer-consent"),
    path("customers/<uuid:pk>/hold", views_parts.place_hold, name="hold-new"),
    path(
        "customers/<uuid:pk>/holds/<uuid:hold_pk>/release",
        views_parts.release_hold,
        name="hold-release",
    ),
    path(
        "customers/<uuid:pk>/holds/<uuid:hold_pk>/renew", views_parts.renew_hold, name="hold-renew"
    ),
    path("customers/<uuid:pk>/news", views_parts.clip, name="clip-new"),
    path("customers/<uuid:pk>/wanted", views_parts.wanted, name="wanted-new"),
    path(
        "customers/<uuid:pk>/wanted/<uuid:item_pk>/close",
        views_parts.wanted_close,
        name="wanted-close",
    ),
    path("customers/<uuid:pk>/promise", views_parts.commitment, name="commitment-new"),
    path(
        "customers/<uuid:pk>/promises/<uuid:commitment_pk>/keep",
        views_parts.commitment_keep,
        name="commitment-keep",
    ),
    path(
        "customers/<uuid:pk>/promises/<uuid:commitment_pk>/end",
        views_parts.commitment_end,
        name="commitment-end",
    ),
    path("settings/card-fields", views_settings.card_fields_page, name="card-fields"),
    path("settings/card-fields/new", views_settings.card_field_new, name="card-field-new"),
    path("settings/card-fields/<int:pk>", views_settings.card_field, name="card-field"),
    path(
        "settings/card-fields/<int:pk>/retire",
        views_settings.card_field_retire,
        name="card-field-retire",
    ),
]

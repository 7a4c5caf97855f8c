from django.urls import URLPattern, path

from genjin.web.products import editing, views, wanted

urlpatterns: list[URLPattern] = [
    path("products", views.index, name="products"),
    path("products/new", editing.new, name="product-new"),
    path("products/<int:pk>", views.page, name="product"),
    path("products/<int:pk>/sheet", views.sheet, name="product-sheet"),
    path("products/<int:pk>/edit", editing.edit, name="product-edit"),
    path("products/<int:pk>/prices", editing.prices, name="product-prices"),
    path("products/<int:pk>/comparisons", editing.comparisons, name="product-comparisons"),
    path("products/<int:pk>/arrived", wanted.arrived, name="wanted-arrived"),
    path("products/<int:pk>/gone", wanted.gone, name="wanted-gone"),
    path("wanted", wanted.index, name="wanted"),
    path("wanted/askers", wanted.askers, name="wanted-askers"),
    path("wanted/place", wanted.place, name="wanted-place"),
    path("knowledge/new", editing.new_card, name="knowledge-new"),
    path("knowledge/<int:pk>", views.card, name="knowledge"),
    path("knowledge/<int:pk>/edit", editing.edit_card, name="knowledge-edit"),
    path("knowledge/<int:pk>/remove", editing.remove_card, name="knowledge-remove"),
]

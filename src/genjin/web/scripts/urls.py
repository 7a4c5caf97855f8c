from django.urls import URLPattern, path

from genjin.web.scripts import editor, introductions, views

urlpatterns: list[URLPattern] = [
    path("scripts", views.index, name="scripts"),
    path("scripts/new", editor.new, name="script-new"),
    path("scripts/<int:pk>", views.page, name="script"),
    path("scripts/<int:pk>/edit", editor.edit, name="script-edit"),
    path("scripts/<int:pk>/settings", editor.change, name="script-settings"),
    path("scripts/<int:pk>/archive", views.archive, name="script-archive"),
    path("scripts/<int:pk>/compare", views.compare_versions, name="script-compare"),
    path("scripts/<int:pk>/versions/<int:number>", views.version, name="script-version"),
    path("scripts/<int:pk>/versions/<int:number>/restore", editor.restore, name="script-restore"),
    path("scripts/<int:pk>/introduction", introductions.propose, name="introduction-propose"),
    path("introductions/<uuid:pk>/decide", introductions.decide, name="introduction-decide"),
]

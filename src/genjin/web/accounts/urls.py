from django.urls import path

from genjin.web.accounts import me, people, tokens, views

urlpatterns = [
    path("sign-in", views.sign_in_page, name="sign-in"),
    path("sign-out", views.sign_out_now, name="sign-out"),
    path("language", views.set_language, name="set_language"),
    path("me", me.own_page, name="me"),
    path("me/password", me.password_page, name="password"),
    path("me/sessions", me.end_own_sessions, name="me-sessions"),
    path("me/tokens", tokens.make, name="me-tokens"),
    path("me/tokens/<uuid:pk>/revoke", tokens.revoke_own, name="me-token-revoke"),
    path("users", people.people_page, name="users"),
    path("users/add", people.add_person, name="user-add"),
    path("users/unlock", people.unlock, name="user-unlock"),
    path("users/teams", people.teams_page, name="teams"),
    path("users/teams/<int:pk>", people.change_team, name="team"),
    path("users/<int:pk>", people.person_page, name="user"),
    path("users/<int:pk>/active", people.set_active, name="user-active"),
    path("users/<int:pk>/password", people.reset_password, name="user-password"),
    path("users/<int:pk>/sessions", people.end_sessions, name="user-sessions"),
    path("users/<int:pk>/tokens/<uuid:token_pk>", tokens.revoke_of, name="user-token-revoke"),
]

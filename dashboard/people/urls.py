"""URLs of people, invitations and teams."""

from django.urls import path

from dashboard.people.views import invitation, person, person_action, team, team_action

urlpatterns = [
    path("people/", person.person_list, name="person_list"),
    path("people/invite/", invitation.person_invite, name="person_invite"),
    path("people/invitations/<int:pk>/revoke/", invitation.invitation_revoke, name="invitation_revoke"),
    path("people/<int:pk>/", person.person_detail, name="person_detail"),
    path("people/<int:pk>/role/", person.person_role, name="person_role"),
    path("people/<int:pk>/deactivate/", person_action.person_deactivate, name="person_deactivate"),
    path("people/<int:pk>/activate/", person_action.person_activate, name="person_activate"),
    path(
        "people/<int:pk>/reset-second-factor/",
        person_action.person_reset_second_factor,
        name="person_reset_second_factor",
    ),
    path("teams/", team.team_list, name="team_list"),
    path("teams/new/", team.team_create, name="team_create"),
    path("teams/<int:pk>/", team.team_detail, name="team_detail"),
    path("teams/<int:pk>/add/", team.team_add, name="team_add"),
    path("teams/<int:pk>/rename/", team.team_rename, name="team_rename"),
    path("teams/<int:pk>/remove/", team_action.team_remove, name="team_remove"),
    path("teams/<int:pk>/members/<int:person_pk>/remove/", team_action.team_leave, name="team_leave"),
    path("invitations/password/", invitation.invitation_password, name="invitation_password"),
    path("invitations/<str:token>/", invitation.invitation_accept, name="invitation_accept"),
]

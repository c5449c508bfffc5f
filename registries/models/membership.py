"""Who may do what in one profile."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q

from dashboard.people.models import User
from registries.models.profile import ConnectionProfile
from registries.roles import Role


class Membership(models.Model):
    """A person's or a team's role in a profile; teams are Django's groups."""

    profile = models.ForeignKey(ConnectionProfile, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True)
    team = models.ForeignKey(Group, on_delete=models.CASCADE, null=True, blank=True)
    role = models.CharField(max_length=16, choices=[(role.value, role.value) for role in Role])

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(user=None) ^ Q(team=None), name="membership_of_a_person_or_a_team"),
            models.UniqueConstraint("profile", "user", name="membership_once_a_person"),
            models.UniqueConstraint("profile", "team", name="membership_once_a_team"),
        ]

    def __str__(self) -> str:
        return f"{self.holder}: {self.role} of {self.profile}"

    @property
    def holder(self) -> User | Group:
        """Whose role it is."""
        found = self.user or self.team
        assert found is not None  # noqa: S101 - the database's own constraint; for the type checker
        return found

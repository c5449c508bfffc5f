"""Decides whether a profile's stored keys may be used for a connection that a person describes without typing them.

An account key opens more projects than its profile's, and a CA certificate decides which server may receive a key.
Either is turned elsewhere only by an admin, or with the key in hand.
"""

from enum import StrEnum

from dashboard.people.models import User
from dashboard.policy import is_admin
from registries.models import ConnectionProfile
from registries.outbound.base_url import BaseURL
from registries.rancher.connection_check import ConnectionCheck
from registries.services.upstream.connection_check import ConnectionParams


class Obstacle(StrEnum):
    """Why stored keys may not be used; "" where they may."""

    NONE = ""
    ORIGIN = "origin"
    PROJECT = "project"
    CERTIFICATE = "certificate"


def find_obstacle(
    profile: ConnectionProfile, *, base: BaseURL, project_id: str, ca_certificate: str, by: User | None
) -> Obstacle:
    """Compares a connection with the stored one, for which the keys were typed. `by` None: nobody in particular."""
    if profile.origin != base.origin:
        return Obstacle.ORIGIN
    if is_admin(by):
        return Obstacle.NONE
    if profile.project_id != project_id:
        return Obstacle.PROJECT
    return Obstacle.CERTIFICATE if profile.ca_certificate != ca_certificate else Obstacle.NONE


def may_be_used(profile: ConnectionProfile, params: ConnectionParams, found: ConnectionCheck, *, by: User) -> bool:
    """Whether the keys stay with what is saved. The one project that a key sees may be added to a profile without."""
    is_the_only_one = [project.id for project in found.projects] == [params.project_id]
    project_id = "" if is_the_only_one and not profile.project_id else params.project_id
    obstacle = find_obstacle(
        profile, base=params.base, project_id=project_id, ca_certificate=params.ca_certificate, by=by
    )
    return obstacle == Obstacle.NONE

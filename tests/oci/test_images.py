"""Image step: whether a named image exists and may be pulled, its digest and platforms."""

import hashlib
import json

import pytest

from registries.oci import Reason, endpoint_of
from registries.oci.image import locate_image
from registries.oci.report import StepFailed
from tests.authority import Authority
from tests.oci.conftest import LOGIN, SECRET, Probe, states
from tests.oci.servers import VERSION, Asked, Reply, issuing, serving

BASIC = 'Basic realm="Registry"'
MANIFEST = json.dumps({"schemaVersion": 2, "config": {"digest": "sha256:" + "a" * 64}, "layers": []}).encode()
INDEX = json.dumps(
    {
        "manifests": [
            {"digest": "sha256:1", "platform": {"os": "linux", "architecture": "amd64"}},
            {"digest": "sha256:2", "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}},
            {"digest": "sha256:3", "platform": {"os": "unknown", "architecture": "unknown"}},
            {"digest": "sha256:4", "platform": {"os": "<script>", "architecture": "amd64"}},
        ]
    }
).encode()
DIGEST = "sha256:" + hashlib.sha256(INDEX).hexdigest()
LONG_DIGEST = "sha512:" + hashlib.sha512(INDEX).hexdigest()
CONFIG = b'{"os":"windows","architecture":"amd64","history":[]}'


def with_images(asked: Asked) -> Reply:
    if asked.login != LOGIN:
        return Reply(401, {"WWW-Authenticate": BASIC})
    return {
        "/v2/": Reply(headers=VERSION),
        "/v2/team/app/manifests/1.0": Reply(body=INDEX),
        f"/v2/team/app/manifests/{DIGEST}": Reply(body=INDEX),
        f"/v2/team/app/manifests/{LONG_DIGEST}": Reply(body=INDEX),
        f"/v2/team/app/manifests/sha256:{'b' * 64}": Reply(body=INDEX),
        f"/v2/team/app/manifests/sha512:{'b' * 128}": Reply(body=INDEX),
        "/v2/single/manifests/latest": Reply(body=MANIFEST),
        f"/v2/single/blobs/sha256:{'a' * 64}": Reply(body=CONFIG),
        "/v2/elsewhere/manifests/latest": Reply(body=MANIFEST),
        f"/v2/elsewhere/blobs/sha256:{'a' * 64}": Reply(307, {"Location": "http://127.0.0.1:9/"}),
        "/v2/secret/manifests/latest": Reply(403),
        "/v2/denied/manifests/latest": Reply(401, {"WWW-Authenticate": BASIC}),
        "/v2/strange/manifests/latest": Reply(body=b"<html>"),
        "/v2/odd/manifests/latest": Reply(418),
        "/v2/busy/manifests/latest": Reply(429),
    }.get(asked.path, Reply(404))


@pytest.mark.parametrize(
    ("image", "reason", "platforms"),
    [
        ("team/app:1.0", Reason.OK, ("linux/amd64", "linux/arm64/v8")),
        ("{address}/team/app:1.0", Reason.OK, ("linux/amd64", "linux/arm64/v8")),
        (f"team/app@{DIGEST}", Reason.OK, ("linux/amd64", "linux/arm64/v8")),
        (f"team/app:9.9@{DIGEST}", Reason.OK, ("linux/amd64", "linux/arm64/v8")),
        (f"team/app@{LONG_DIGEST}", Reason.OK, ("linux/amd64", "linux/arm64/v8")),
        (f"team/app@sha256:{'b' * 64}", Reason.NOT_A_REGISTRY, ()),
        (f"team/app@sha512:{'b' * 128}", Reason.NOT_A_REGISTRY, ()),
        ("single", Reason.OK, ("windows/amd64",)),
        ("elsewhere", Reason.OK, ()),
        ("secret", Reason.NO_PULL_RIGHT, ()),
        ("denied", Reason.NO_PULL_RIGHT, ()),
        ("nowhere", Reason.IMAGE_NOT_FOUND, ()),
        ("strange", Reason.NOT_A_REGISTRY, ()),
        ("odd", Reason.NOT_A_REGISTRY, ()),
        ("busy", Reason.RATE_LIMITED, ()),
        ("r.example.com:0/team/app", Reason.IMAGE_NOT_FOUND, ()),
        ("other.example.com/team/app:1.0", Reason.IMAGE_NOT_FOUND, ()),
        ("us er@:0/team/app", Reason.IMAGE_NOT_FOUND, ()),
        ("Team/App", Reason.IMAGE_NOT_FOUND, ()),
        ("team/../../x", Reason.IMAGE_NOT_FOUND, ()),
        ("team/app:", Reason.IMAGE_NOT_FOUND, ()),
        ("team/app@sha512:00", Reason.IMAGE_NOT_FOUND, ()),
        ("a" * 300, Reason.IMAGE_NOT_FOUND, ()),
    ],
)
def test_looks_at_an_image(
    image: str, reason: Reason, platforms: tuple[str, ...], ask: Probe, authority: Authority
) -> None:
    with serving(with_images, certificate=authority.issue()) as registry:
        result = ask(registry.address, image=image.format(address=registry.address))
    assert result.reason == reason
    assert result.platforms == platforms
    assert states(result)["login"] == "ok"
    assert states(result)["image"] == ("ok" if reason == Reason.OK else "failed")
    assert bool(result.digest) == (reason == Reason.OK)


def test_asks_for_a_token_of_the_image(ask: Probe, authority: Authority) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path == "/token":
            refused = asked.query.get("scope") == "repository:forbidden:pull"
            return Reply(403) if refused else issuing(f"for-{asked.query.get('scope', '')[11:14]}", login=LOGIN)(asked)
        if asked.path == "/v2/app/manifests/1" and asked.login == "for-app":
            return Reply(body=INDEX)
        if asked.path == "/v2/" and asked.login == "for-":
            return Reply(headers=VERSION)
        return Reply(401, {"WWW-Authenticate": f'Bearer realm="{registry.origin}/token",scope="repository:x:pull"'})

    with serving(answer, certificate=authority.issue()) as registry:
        assert ask(registry.address, image="app:1").digest == DIGEST
        assert ask(registry.address, image="forbidden").reason == Reason.NO_PULL_RIGHT
        assert ask(registry.address, image="other").reason == Reason.NO_PULL_RIGHT


@pytest.mark.parametrize(("secret", "reason"), [(SECRET, Reason.OK), ("wrong", Reason.BAD_CREDENTIALS)])
def test_logs_in_for_the_image_where_only_that_is_protected(
    secret: str, reason: Reason, ask: Probe, authority: Authority
) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(headers=VERSION) if asked.path == "/v2/" else with_images(asked)

    with serving(answer, certificate=authority.issue()) as registry:
        assert ask(registry.address, image="team/app:1.0", secret=secret).reason == reason


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("nginx", "library/nginx"),
        ("docker.io/nginx:1.27", "library/nginx"),
        ("index.docker.io/team/app", "team/app"),
        ("team/app", "team/app"),
    ],
)
def test_short_names_on_docker_hub_are_of_its_library(typed: str, name: str) -> None:
    assert locate_image(typed, endpoint_of("index.docker.io")).repository == name


@pytest.mark.parametrize(
    ("typed", "cause"),
    [
        ("https://quay.io/team/app", "An image name has no scheme: leave out what stands before the host."),
        ("quay.io/Team/App", "Docker takes only small letters, digits and single separators in the name."),
        ("team/app:", "Docker takes no such tag: letters, digits, dots, dashes and underscores, 128 at most."),
        ("ghcr.io/team/app", "That is the name of an image in another registry."),
    ],
)
def test_says_what_is_wrong_with_a_name(typed: str, cause: str) -> None:
    with pytest.raises(StepFailed) as failed:
        locate_image(typed, endpoint_of("quay.io"))
    assert (failed.value.reason, failed.value.cause) == (Reason.IMAGE_NOT_FOUND, cause)


def test_leaves_out_blanks_around_a_name() -> None:
    image = locate_image(" quay.io/team/app:1 ", endpoint_of("quay.io"))
    assert (image.repository, image.reference) == ("team/app", "1")

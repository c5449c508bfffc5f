"""Image names in parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.images.reference import parse_image_name

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "host", "path", "tag", "digest"),
    [
        ("nginx", None, "nginx", None, None),
        ("nginx:1.25", None, "nginx", "1.25", None),
        ("team/app", None, "team/app", None, None),
        ("Team/App", None, "Team/App", None, None),
        (f"team/app:1@{DIGEST}", None, "team/app", "1", DIGEST),
        ("quay.io/team/sub/app:1", "quay.io", "team/sub/app", "1", None),
        ("reg.example:5000/app", "reg.example:5000", "app", None, None),
        ("reg.example:5000/app:2", "reg.example:5000", "app", "2", None),
        ("localhost/app", "localhost", "app", None, None),
        ("[::1]:5000/app", "[::1]:5000", "app", None, None),
        (f"QUAY.IO/app@{DIGEST}", "QUAY.IO", "app", None, DIGEST),
        ("reg.example:5000", None, "reg.example", "5000", None),
        ("team/app:bad tag", None, "team/app", "bad tag", None),
        ("quay.io/", "quay.io", "", None, None),
        ("", None, "", None, None),
    ],
)
def test_reads_a_name_as_rancher_does(
    text: str, host: str | None, path: str, tag: str | None, digest: str | None
) -> None:
    image = parse_image_name(text)
    assert (image.host, image.path, image.tag, image.digest) == (host, path, tag, digest)
    assert image.registry_host == (host or "index.docker.io")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("https://quay.io/team/app", "scheme"),
        ("", "missing"),
        ("quay.io/", "missing"),
        ("Team/App", "small letters"),
        ("team//app", "separators"),
        ("team/app:bad tag", "no such tag"),
        ("team/app:", "no such tag"),
        ("a" * 256, "255 characters"),
        ("team/app@sha256:zz", "no such digest"),
        ("team/app@sha256:" + "a" * 63, "no such digest"),
        ("team/app@sha512:" + "a" * 64, "no such digest"),
        ("team/app@md5:" + "a" * 32, "no such digest"),
    ],
)
def test_says_what_docker_will_not_take(text: str, word: str) -> None:
    assert word in " ".join(parse_image_name(text).oddities)


@pytest.mark.parametrize(
    "text",
    [
        "nginx",
        "a/b_c/d__e/f-g:V1.2",
        f"quay.io/a:1@{DIGEST}",
        "quay.io/a@sha512:" + "0" * 128,
        "localhost:5000/app",
        "a" * 255,
    ],
)
def test_has_nothing_to_say_about_a_name_in_order(text: str) -> None:
    assert parse_image_name(text).oddities == ()


@given(st.text(max_size=80) | st.text(alphabet="a.:/@[] ", max_size=30))
def test_reads_any_text_and_loses_nothing(text: str) -> None:
    image = parse_image_name(text)
    again = "" if image.host is None else f"{image.host}/"
    again += image.path
    again += "" if image.tag is None else f":{image.tag}"
    again += "" if image.digest is None else f"@{image.digest}"
    assert again == text
    assert all(oddity.endswith(".") for oddity in image.oddities)

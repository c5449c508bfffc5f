"""No page takes files, so nobody can fill the disk with them."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings


@pytest.mark.django_db
def test_a_large_file_is_never_written_to_the_disk(client: Client, settings: Settings, tmp_path: Path) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "absent")  # writing there would fail
    large = SimpleUploadedFile("large.bin", b"x" * (settings.FILE_UPLOAD_MAX_MEMORY_SIZE + 1))
    answer = client.post("/accounts/login/", {"login": "ada", "password": "wrong", "file": large})
    assert answer.status_code == 200
    assert 'value="ada"' in answer.content.decode()

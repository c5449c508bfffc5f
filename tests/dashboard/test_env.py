"""`dashboard.env`: settings from the environment, each refused by name when it is missing or malformed."""

import traceback
from pathlib import Path

import pytest

from dashboard import env


def test_text_is_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORRAL_X", "value")
    assert env.text("CORRAL_X") == "value"


def test_text_reads_the_file_that_a_container_secret_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from the file\n")
    monkeypatch.setenv("CORRAL_X_FILE", str(tmp_path / "secret"))
    assert env.text("CORRAL_X") == "from the file"


def test_text_names_a_secret_file_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CORRAL_X_FILE", str(tmp_path / "absent"))
    with pytest.raises(env.SettingError, match="CORRAL_X_FILE"):
        env.text("CORRAL_X")


@pytest.mark.parametrize("value", [None, ""])
def test_text_names_the_setting_when_there_is_none(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    if value is None:
        monkeypatch.delenv("CORRAL_X", raising=False)
    else:
        monkeypatch.setenv("CORRAL_X", value)
    with pytest.raises(env.SettingError, match="CORRAL_X"):
        env.text("CORRAL_X")


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("Yes", True), ("on", True), ("0", False), ("", False)])
def test_flag_takes_the_usual_words(monkeypatch: pytest.MonkeyPatch, value: str, expected: bool) -> None:
    monkeypatch.setenv("CORRAL_X", value)
    assert env.flag("CORRAL_X") is expected


def test_flag_refuses_a_word_it_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORRAL_X", "perhaps")
    with pytest.raises(env.SettingError, match="CORRAL_X"):
        env.flag("CORRAL_X")


def test_number_refuses_what_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORRAL_X", "two")
    with pytest.raises(env.SettingError, match="CORRAL_X"):
        env.number("CORRAL_X", 1)


def test_words_are_split_at_commas_and_blanks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORRAL_X", "a.example, b.example c.example")
    assert env.words("CORRAL_X") == ["a.example", "b.example", "c.example"]


def test_database_locks_sqlite_at_the_start_of_a_transaction() -> None:
    options = env.database("sqlite:////var/lib/corral/corral.sqlite3")
    assert options["NAME"] == "/var/lib/corral/corral.sqlite3"
    assert options["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "recursive_triggers=ON" in options["OPTIONS"]["init_command"]


def test_database_decodes_what_a_url_has_to_encode() -> None:
    options = env.database("postgres://corral:p%40ss%2Fword@db.internal:5433/corral?sslmode=require")
    assert (options["USER"], options["PASSWORD"], options["HOST"]) == ("corral", "p@ss/word", "db.internal")
    assert (options["PORT"], options["NAME"]) == (5433, "corral")
    assert options["OPTIONS"] == {"sslmode": "require", "connect_timeout": "10"}


def test_database_refuses_another_engine() -> None:
    with pytest.raises(env.SettingError, match="DATABASE_URL"):
        env.database("mysql://localhost/corral")


@pytest.mark.parametrize(
    "url",
    [
        "postgres://corral:c4n4ry/c4n4ry@db.internal/corral",
        "postgres://corral:c4n4ry[@db.internal/corral",
        "postgres://corral:c4n4ry\N{CARE OF}@db.internal/corral",
        "c4n4ry://corral:c4n4ry@db.internal/corral",
    ],
)
def test_database_prints_nothing_of_a_url_that_it_cannot_read(url: str) -> None:
    with pytest.raises(env.SettingError, match="DATABASE_URL") as caught:
        env.database(url)
    assert "c4n4ry" not in "".join(traceback.format_exception_only(caught.value))
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("value", ["c4n4ry", "c4n4ry\0", "c4n4ry" * 1000])
def test_text_prints_nothing_of_a_secret_in_place_of_its_file(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setattr("os.environ", {"CORRAL_X_FILE": value})
    with pytest.raises(env.SettingError, match="CORRAL_X_FILE") as caught:
        env.text("CORRAL_X")
    assert "c4n4ry" not in "".join(traceback.format_exception(caught.value))

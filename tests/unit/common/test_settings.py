"""Where settings come from, and what is said about wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.settings_reference import render

from raceway_common.settings import Settings, load_settings
from raceway_core.errors import Rejected
from raceway_core.event import Scope

_REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "settings.md"


@pytest.fixture(autouse=True)
def _nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for key in Settings.model_fields:
        monkeypatch.delenv(f"RACEWAY_{key.upper()}", raising=False)


def _load(tmp_path: Path, **overrides: object) -> Settings:
    return load_settings(overrides=overrides, secrets=tmp_path / "secrets")


def test_defaults_need_nothing(tmp_path: Path) -> None:
    settings = _load(tmp_path)
    assert (settings.host, settings.port, settings.api_key) == ("127.0.0.1", 8080, None)
    assert (settings.max_body_bytes, settings.max_unpacked_bytes) == (32 << 20, 64 << 20)
    assert (settings.variable_scope, settings.lock_scope) == (Scope.GLOBAL, Scope.SERVICE)


def test_sources_win_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "raceway.toml").write_text('port = 1\nhost = "toml"\nquiet_s = 0.1\nclaim_size = 7\n')
    (tmp_path / "secrets").mkdir()
    for key, value in {"port": "2", "host": "secret", "quiet_s": "0.2"}.items():
        (tmp_path / "secrets" / f"raceway_{key}").write_text(value)
    monkeypatch.setenv("RACEWAY_PORT", "3")
    monkeypatch.setenv("RACEWAY_HOST", "environment")
    settings = _load(tmp_path, port=4, host=None)
    found = (settings.port, settings.host, settings.quiet_s, settings.claim_size)
    assert found == (4, "environment", 0.2, 7)


def test_named_file_is_read(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('lock_scope = "global"\nworkers = 3\n')
    settings = load_settings(config=other)
    assert (settings.lock_scope, settings.workers) == (Scope.GLOBAL, 3)


def test_hosts_are_separated_by_commas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RACEWAY_ALLOWED_HOSTS", "race.example, other.example,")
    assert _load(tmp_path).allowed_hosts == ("race.example", "other.example")


def test_empty_variable_is_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RACEWAY_API_KEY", "")
    assert _load(tmp_path).api_key is None


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = _load(tmp_path)
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1


def test_secrets_are_not_printed(tmp_path: Path) -> None:
    assert "a-secret-of-length" not in repr(_load(tmp_path, api_key="a-secret-of-length"))


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("port", "eighty", ["port (RACEWAY_PORT)", "integer", "a text of 6 characters"]),
        ("port", "70000", ["port (RACEWAY_PORT)", "less than or equal to 65535"]),
        ("api_key", "short-key", ["api_key (RACEWAY_API_KEY)", "at least 16", "a text of 9 characters"]),
        ("nats_url", "localhost:4222", ["nats_url (RACEWAY_NATS_URL)", "begins with nats://"]),
        ("database_url", "mysql://x", ["database_url", "postgresql:// or sqlite://"]),
        ("variable_scope", "host", ["variable_scope", "'global'"]),
        ("growth", "1", ["growth (RACEWAY_GROWTH)", "greater than 1"]),
        ("insecure", "perhaps", ["insecure", "boolean"]),
        ("log_format", "xml", ["log_format", "'console'"]),
    ],
)
def test_wrong_value_names_key_shape_and_fix(
    key: str, value: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"RACEWAY_{key.upper()}", value)
    with pytest.raises(Rejected) as caught:
        _load(tmp_path)
    for word in words:
        assert word in str(caught.value)


def test_secret_value_is_not_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RACEWAY_API_KEY", "hunter2")
    with pytest.raises(Rejected) as caught:
        _load(tmp_path)
    assert "hunter2" not in str(caught.value)


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "raceway.toml").write_text('port = "x"\nprot = 1\nclaim_size = 0\n')
    with pytest.raises(Rejected) as caught:
        _load(tmp_path)
    text = str(caught.value)
    assert "did you mean port?" in text
    assert "claim_size" in text
    assert "raceway.toml" in text


def test_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "raceway.toml").write_text("port = = 1")
    with pytest.raises(Rejected, match=r"raceway\.toml is not TOML.*line 1"):
        _load(tmp_path)


def test_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match=r"no file .*absent\.toml"):
        load_settings(config=tmp_path / "absent.toml")


def test_reference_is_in_step() -> None:
    assert _REFERENCE.read_text() == render(), (
        "run: python tools/settings_reference.py > docs/reference/settings.md"
    )

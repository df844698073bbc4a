"""Secrets: where they can be, what is said when they are not there, and that nothing shows them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from bridge.config.secret import read_secret
from bridge.errors import CredentialsError

HIDDEN = "hunter2"


def python(code: str) -> dict[str, list[str]]:
    return {"command": [sys.executable, "-c", code]}


class Ring(KeyringBackend):
    """A keyring in memory."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        if service == "locked":
            raise KeyringLocked(HIDDEN)
        return HIDDEN if (service, username) in {("dav", "alice"), ("liondesk-bridge", "alice")} else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


@pytest.fixture
def ring() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(Ring())  # type: ignore[no-untyped-call]
    yield
    keyring.set_keyring(before)


@pytest.mark.parametrize(
    "where",
    [
        HIDDEN,
        {"env": "BRIDGE_TEST_SECRET"},
        python(f"print('{HIDDEN}'); print('user: alice')"),
        {"file": "secret"},
        {"keyring": "dav/alice"},
        {"keyring": "alice"},
    ],
    ids=str,
)
@pytest.mark.usefixtures("ring")
def test_a_secret_is_found_where_it_is_and_shown_by_nothing(
    where: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRIDGE_TEST_SECRET", HIDDEN)
    (tmp_path / "secret").write_text(f"{HIDDEN}\n# of the server\n", "utf-8")
    secret = read_secret(where, tmp_path)
    assert secret.reveal() == HIDDEN
    for shown in (str(secret), repr(secret), f"{secret}", f"{secret!r:>20}", str([secret])):
        assert "print" not in shown
        assert HIDDEN not in shown


def test_a_rotated_secret_is_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("old", "utf-8")
    secret = read_secret({"file": str(file)}, Path("elsewhere"))
    assert secret.reveal() == "old"
    file.write_text("new", "utf-8")
    assert secret.reveal() == "new"


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ({"env": "BRIDGE_TEST_NOWHERE"}, r"environment variable BRIDGE_TEST_NOWHERE, but there is none"),
        (python(f"import sys; print('{HIDDEN}'); sys.exit('{HIDDEN}')"), r"failed with exit code 1"),
        (python("pass"), r"there is none"),
        ({"command": ["no-such-program-here", HIDDEN]}, r"`no-such-program-here`.* cannot be started: No such file"),
        ({"file": "missing"}, r"file .*missing.* cannot be read: No such file"),
        ({"file": "binary"}, r"holds no text"),
        ({"file": "empty"}, r"there is none"),
        ({"keyring": "dav/bob"}, r"no entry dav/bob.*keyring set dav bob"),
        ({"keyring": "locked/alice"}, r"cannot be read \(KeyringLocked\)"),
    ],
    ids=str,
)
@pytest.mark.usefixtures("ring")
def test_a_secret_that_is_not_there_is_missed_in_one_paragraph(where: object, says: str, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n\nlate\n", "utf-8")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CredentialsError, match=says) as error:
        read_secret(where, tmp_path).reveal()
    assert "\n" not in str(error.value)
    assert "Nothing was done" in str(error.value)
    assert HIDDEN not in str(error.value)
    assert error.value.__cause__ is None


def test_a_command_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.config.secret._COMMAND_PATIENCE_S", 0.2)
    with pytest.raises(CredentialsError, match="no answer within"):
        read_secret(python("import time; time.sleep(60)"), Path()).reveal()


def test_without_the_keyring_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(CredentialsError, match=r"pip install 'liondesk-bridge\[keyring\]'"):
        read_secret({"keyring": "alice"}, Path()).reveal()

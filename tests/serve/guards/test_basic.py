"""Users and passwords."""

import asyncio
import base64
from pathlib import Path

import pytest

from hedgerow.errors import ConfigError
from hedgerow.serve.guards.basic import BasicUsers, credentials, read_htpasswd

HASH = "$2y$05$" + "a" * 53


def said(text: str, scheme: str = "Basic") -> bytes:
    return f"{scheme} ".encode() + base64.b64encode(text.encode())


class TestCredentials:
    @pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
    def test_are_read(self, scheme: str) -> None:
        assert credentials(said("ann:pass:word", scheme)) == ("ann", b"pass:word")

    @pytest.mark.parametrize(
        "field", [b"", b"Basic", b"Basic !!!", said("nobody"), b"Bearer abc", b"Basic /////w=="]
    )
    def test_are_none_where_the_field_is_something_else(self, field: bytes) -> None:
        assert credentials(field) is None


class TestFile:
    def written(self, tmp_path: Path, text: str) -> str:
        path = tmp_path / "users"
        path.write_text(text)
        return str(path)

    def test_has_users_and_hashes(self, tmp_path: Path) -> None:
        path = self.written(tmp_path, f"# staff\n\nann:{HASH}\nbob:{HASH}\n")
        assert read_htpasswd(path, "here") == {"ann": HASH.encode(), "bob": HASH.encode()}

    @pytest.mark.parametrize(
        "line", ["ann", "ann:plain", "ann:{SHA}x", f":{HASH}", "ann:$apr1$x", "ann:$2y$nonsense"]
    )
    def test_has_no_other_hashes(self, tmp_path: Path, line: str) -> None:
        with pytest.raises(ConfigError, match=r"line 1.*bcrypt.*htpasswd -B"):
            read_htpasswd(self.written(tmp_path, line), "here")

    def test_is_not_empty(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="at least one user"):
            read_htpasswd(self.written(tmp_path, "# nobody\n"), "here")

    def test_is_there(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="a file of users"):
            read_htpasswd(str(tmp_path / "nothing"), "here")


class TestUsers:
    """The slow comparison is played: a password is right where it is the hash."""

    def users(self) -> tuple[BasicUsers, list[bytes]]:
        asked: list[bytes] = []

        def check(password: bytes, kept: bytes) -> bool:
            asked.append(password)
            return password == kept

        return BasicUsers({"ann": b"secret"}, check), asked

    def verify(self, users: BasicUsers, user: str, password: bytes, now: float = 0.0) -> bool:
        return asyncio.run(users.verify(now, user, password))

    def test_are_let_in_with_their_password(self) -> None:
        users, _ = self.users()
        assert self.verify(users, "ann", b"secret")
        assert not self.verify(users, "ann", b"wrong")

    def test_that_are_not_known_take_as_long(self) -> None:
        kept: list[bytes] = []

        def check(password: bytes, hashed: bytes) -> bool:
            kept.append(hashed)
            return True

        hashes = {"ann": b"$2y$05$cheap", "eve": b"$2y$12$dear"}
        assert not self.verify(BasicUsers(hashes, check), "bob", b"secret")
        assert kept == [b"$2y$12$dear"]

    def test_are_remembered_for_a_minute(self) -> None:
        users, _ = self.users()
        assert not users.is_known(0.0, "ann", b"secret")
        self.verify(users, "ann", b"secret")
        assert users.is_known(59.0, "ann", b"secret")
        assert not users.is_known(61.0, "ann", b"secret")

    def test_are_not_remembered_with_a_wrong_password(self) -> None:
        users, _ = self.users()
        self.verify(users, "ann", b"wrong")
        assert not users.is_known(0.0, "ann", b"wrong")

    def test_are_not_mistaken_for_others(self) -> None:
        users, _ = self.users()
        self.verify(users, "ann", b"secret")
        assert not users.is_known(0.0, "an", b"n:secret")

    def test_that_have_left_cost_nothing(self) -> None:
        users, asked = self.users()
        assert not asyncio.run(users.verify(0.0, "ann", b"secret", lambda: False))
        assert asked == []

import datetime
import os
import ssl
import subprocess
from pathlib import Path

import pytest

from hedgerow.errors import ConfigError
from hedgerow.wire.certificates import Certificates, ClientCheck, PairFiles, subject_text
from tests.fakes.authority import YESTERDAY, Authority

CURVE = "ec_paramgen_curve:prime256v1"
NOW = datetime.datetime.now(datetime.UTC)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def refusal(*pairs: PairFiles, clients: ClientCheck | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        Certificates(pairs, clients)
    return str(caught.value)


def said(*pairs: PairFiles) -> list[str]:
    told: list[str] = []
    Certificates(pairs, say=told.append)
    return told


def later(file: str | None) -> None:
    """Make a file look changed, whatever the resolution of its times."""
    found = os.stat(str(file))
    os.utime(str(file), ns=(found.st_atime_ns, found.st_mtime_ns + 1_000_000))


class TestNames:
    def test_are_those_of_the_certificate(self, authority: Authority) -> None:
        pair = authority.issue("A.example", "*.b.example", "192.0.2.1")
        assert Certificates([pair]).names == ("a.example", "*.b.example")

    def test_are_the_common_name_where_there_are_no_others(self, tmp_path: Path) -> None:
        pair = self_signed(tmp_path, "/CN=old.example")
        assert Certificates([pair]).names == ("old.example",)

    def test_of_an_expired_certificate_are_known_too(self, authority: Authority) -> None:
        pair = authority.issue("a.example", not_after=YESTERDAY)
        assert Certificates([pair]).names == ("a.example",)


def self_signed(folder: Path, subject: str, *more: str) -> PairFiles:
    cert, key = str(folder / "self.pem"), str(folder / "self.key")
    words = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        CURVE,
        "-nodes",
        "-keyout",
        key,
    ]
    words += ["-out", cert, "-subj", subject, "-days", "30", *more]
    subprocess.run(words, check=True, capture_output=True)
    return PairFiles(cert, key)


class TestNotice:
    def test_is_of_what_has_expired(self, authority: Authority) -> None:
        (text,) = said(authority.issue("a.example", not_after=YESTERDAY))
        assert "a.pem has expired" in text.replace("a.example.pem", "a.pem")

    def test_is_of_what_expires_soon(self, authority: Authority) -> None:
        soon = NOW + datetime.timedelta(days=3)
        (text,) = said(authority.issue("a.example", not_after=soon))
        assert "expires soon" in text

    def test_is_of_what_is_not_valid_yet(self, authority: Authority) -> None:
        tomorrow = NOW + datetime.timedelta(days=1)
        (text,) = said(authority.issue("a.example", not_before=tomorrow))
        assert "not valid yet" in text

    def test_is_not_of_what_is_fine(self, authority: Authority) -> None:
        assert said(authority.issue("a.example")) == []


class TestBadFile:
    def test_is_the_key_of_another_certificate(self, authority: Authority) -> None:
        one, other = authority.issue("a.example"), authority.issue("b.example")
        text = refusal(PairFiles(one.cert, other.key, key_place="the key"))
        assert text.startswith(f"the key = '{other.key}': must be the key of {one.cert}")

    def test_has_no_certificate(self, authority: Authority) -> None:
        pair = authority.issue("a.example")
        assert "must be a certificate (PEM)" in refusal(PairFiles(str(pair.key), pair.key))

    def test_has_no_key(self, authority: Authority) -> None:
        pair = authority.issue("a.example")
        text = refusal(PairFiles(pair.cert))
        assert "must be a private key (PEM)" in text
        assert "key =" in text

    def test_has_a_certificate_that_is_none(self, authority: Authority, tmp_path: Path) -> None:
        pair = authority.issue("a.example")
        begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
        (tmp_path / "x").write_text(f"{begin}\nAAAA\n{end}\n")
        assert "OpenSSL takes" in refusal(PairFiles(str(tmp_path / "x"), pair.key))

    def test_has_a_key_with_a_password(self, authority: Authority, tmp_path: Path) -> None:
        pair, locked = authority.issue("a.example"), str(tmp_path / "locked.key")
        words = ["openssl", "pkey", "-in", str(pair.key), "-aes256", "-out", locked]
        subprocess.run([*words, "-passout", "pass:x"], check=True, capture_output=True)
        assert "a key without a password" in refusal(PairFiles(pair.cert, locked))

    def test_is_missing(self, tmp_path: Path) -> None:
        assert "No such file" in refusal(PairFiles(str(tmp_path / "x")))

    def test_is_a_certificate_that_is_not_for_servers(self, tmp_path: Path) -> None:
        pair = self_signed(tmp_path, "/CN=a", "-addext", "extendedKeyUsage=clientAuth")
        assert "a certificate for a server" in refusal(pair)

    def test_has_no_authorities(self, authority: Authority) -> None:
        text = refusal(authority.issue("a.example"), clients=ClientCheck(__file__, place="the ca"))
        assert text.startswith(f"the ca = '{__file__}'")


class TestPair:
    def test_may_be_in_one_file(self, authority: Authority, tmp_path: Path) -> None:
        pair = authority.issue("a.example")
        both = tmp_path / "both.pem"
        both.write_bytes(Path(str(pair.key)).read_bytes() + Path(pair.cert).read_bytes())
        assert Certificates([PairFiles(str(both))]).names == ("a.example",)

    def test_is_offered_for_http_1_1_and_tls_of_today(self, authority: Authority) -> None:
        context = Certificates([authority.issue("a.example")]).context
        assert context.minimum_version == ssl.TLSVersion.TLSv1_2
        assert context.options & ssl.OP_NO_RENEGOTIATION
        names = {str(cipher["name"]) for cipher in context.get_ciphers()}
        assert all(name.startswith(("ECDHE-", "TLS_")) for name in names)
        assert not any("CBC" in name or name.endswith("SHA") for name in names)


class TestLook:
    def test_finds_nothing_where_nothing_has_changed(self, authority: Authority) -> None:
        told: list[str] = []
        certificates = Certificates([authority.issue("a.example")], say=told.append)
        before = certificates.context
        certificates.look(10.0)
        assert (certificates.context, told) == (before, [])

    def test_finds_a_new_pair(self, authority: Authority) -> None:
        certificates = Certificates([authority.issue("a.example")])
        before = certificates.context
        authority.issue("c.example", file="a.example")
        certificates.look(10.0)
        assert certificates.context is not before
        assert certificates.names == ("c.example",)

    def test_is_not_taken_more_than_once_in_two_seconds(self, authority: Authority) -> None:
        certificates = Certificates([authority.issue("a.example")])
        certificates.look(10.0)
        authority.issue("c.example", file="a.example")
        certificates.look(11.9)
        assert certificates.names == ("a.example",)
        certificates.look(12.0)
        assert certificates.names == ("c.example",)

    def test_reads_only_what_has_changed(self, authority: Authority) -> None:
        one, other = authority.issue("a.example"), authority.issue("b.example")
        certificates = Certificates([one, other])
        before = certificates.context
        authority.issue("c.example", file="b.example")
        certificates.look(10.0)
        assert certificates.names == ("a.example", "c.example")
        assert certificates.context is before

    def test_keeps_what_it_has_where_the_new_is_bad_and_says_so_once(
        self, authority: Authority
    ) -> None:
        told: list[str] = []
        pair = authority.issue("a.example")
        certificates = Certificates([pair], say=told.append)
        before = certificates.context
        key = Path(str(pair.key)).read_bytes()
        Path(str(pair.key)).write_text("rubbish")
        for now in (10.0, 20.0, 30.0):
            certificates.look(now)
        assert certificates.context is before
        assert len(told) == 1
        assert "stay as they are" in told[0]
        Path(str(pair.key)).write_bytes(key)
        later(pair.key)
        certificates.look(40.0)
        assert told[1:] == ["the certificates have been read again"]

    def test_keeps_what_it_has_while_a_file_is_gone(self, authority: Authority) -> None:
        pair = authority.issue("a.example")
        certificates = Certificates([pair])
        before = certificates.context
        Path(pair.cert).unlink()
        certificates.look(10.0)
        assert certificates.context is before

    def test_looks_at_authorities_too(self, authority: Authority) -> None:
        check = ClientCheck(authority.file)
        certificates = Certificates([authority.issue("a.example")], check)
        before = certificates.context
        later(authority.file)
        certificates.look(10.0)
        assert certificates.context is not before


class TestSecondReader:
    """A process that is forked, or a thread, after the first one has read."""

    def test_of_the_same_files_has_the_same_contexts(self, authority: Authority) -> None:
        pair = authority.issue("a.example")
        assert Certificates([pair]).context is Certificates([pair]).context

    def test_with_other_clients_has_its_own(self, authority: Authority) -> None:
        pair = authority.issue("a.example")
        other = Certificates([pair], ClientCheck(authority.file))
        assert Certificates([pair]).context is not other.context
        assert other.context.verify_mode is ssl.CERT_REQUIRED


class TestSubject:
    @pytest.mark.parametrize(
        ("subject", "text"),
        [
            ([("commonName", "a")], "CN=a"),
            ([("organizationName", "b"), ("commonName", "a")], "CN=a,O=b"),
            ([("commonName", 'a,b+"c";<d>\\')], 'CN=a\\,b\\+\\"c\\"\\;\\<d\\>\\\\'),
            ([("commonName", " #a ")], "CN=\\ #a\\ "),
            ([("commonName", "#a")], "CN=\\#a"),
            ([("commonName", "J\u00f6rg\r\nX: y")], "CN=J\\C3\\B6rg\\0D\\0AX: y"),
            ([("1.2.3.4", "x")], "1.2.3.4=x"),
        ],
    )
    def test_is_written_in_ascii(self, subject: list[tuple[str, str]], text: str) -> None:
        certificate = {"subject": tuple((pair,) for pair in subject)}
        assert subject_text(certificate) == text

    def test_may_have_several_values_in_one(self) -> None:
        certificate = {"subject": ((("commonName", "a"), ("userId", "b")),)}
        assert subject_text(certificate) == "CN=a+UID=b"

    def test_of_nobody_is_empty(self) -> None:
        assert subject_text(None) == subject_text({}) == ""

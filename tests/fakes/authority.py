"""Certificates for the tests of the listening side: written to files, and who trusts them."""

import datetime
import ssl
from pathlib import Path
from typing import Any

import trustme

from hedgerow.wire.certificates import PairFiles

YESTERDAY = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)


class Authority:
    """Issues certificates into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ca = trustme.CA()
        self.file = str(folder / "ca.pem")
        self._ca.cert_pem.write_to_path(self.file)

    def issue(self, *names: str, file: str = "", **how: Any) -> PairFiles:
        """Write a certificate for these names, the files called after ``file`` or the first."""
        return self.write(self._ca.issue_cert(*names, **how), file or names[0].strip("*."))

    def write(self, certificate: trustme.LeafCert, file: str) -> PairFiles:
        """Write a certificate and its key."""
        cert, key = (str(self._folder / f"{file}.{end}") for end in ("pem", "key"))
        chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
        Path(cert).write_bytes(chain)
        Path(key).write_bytes(certificate.private_key_pem.bytes())
        return PairFiles(cert, key)

    def client(self, own: PairFiles | None = None) -> ssl.SSLContext:
        """Return the context of a client that trusts us, with a certificate of its own or not."""
        context = ssl.create_default_context(cafile=self.file)
        context.check_hostname = True
        if own is not None:
            context.load_cert_chain(own.cert, own.key)
        return context

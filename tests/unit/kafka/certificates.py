"""Certificates for tests, made by openssl."""

import shutil
import subprocess
from pathlib import Path

import pytest


class Certificates:
    """
    An authority, and keys with certificates that it signed, as PEM files in one folder.

    Args:
        folder: Where the files go.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.authority = folder / "authority.pem"
        self._openssl(
            "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority"
            " -addext keyUsage=critical,keyCertSign,cRLSign",
            ("-keyout", folder / "authority.key", "-out", self.authority),
        )

    def sign(self, name: str, *, host: str = "127.0.0.1") -> tuple[Path, Path]:
        """Make a key and a certificate for `host`, an IP address; give certificate and key."""
        certificate, key = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        request, extension = self._folder / f"{name}.csr", self._folder / f"{name}.ext"
        extension.write_text(f"subjectAltName=IP:{host}\n", encoding="ascii")
        self._openssl(
            f"req -newkey rsa:2048 -nodes -subj /CN={name}", ("-keyout", key, "-out", request)
        )
        self._openssl(
            "x509 -req -days 2 -CAcreateserial",
            ("-CA", self.authority, "-CAkey", self._folder / "authority.key"),
            ("-in", request, "-out", certificate, "-extfile", extension),
        )
        return certificate, key

    def together(self, certificate: Path, key: Path) -> Path:
        """Key and certificate in one file, as Kafka wants a PEM key store."""
        whole = certificate.with_suffix(".store.pem")
        whole.write_text(key.read_text() + certificate.read_text(), encoding="ascii")
        return whole

    def _openssl(self, command: str, *files: tuple[str | Path, ...]) -> None:
        openssl = shutil.which("openssl")
        if openssl is None:
            pytest.skip("no openssl to make certificates with (Debian: apt-get install openssl)")
        arguments = [*command.split(), *(str(part) for pair in files for part in pair)]
        subprocess.run([openssl, *arguments], check=True, capture_output=True)  # noqa: S603 - ours

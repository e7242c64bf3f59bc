"""The collector's certificate and its key: files that can be used, or a word about why not."""

from __future__ import annotations

import ssl
from pathlib import Path

from firstframe.errors import ConfigError
from firstframe.settings import Settings


def check_certificate(settings: Settings) -> None:
    """Raises `ConfigError` where certificate and key are no pair that can be used without a person beside it."""
    if bool(settings.tls_cert) != bool(settings.tls_key):
        raise ConfigError("tls_cert and tls_key go together; only one of them is set")
    for name in ("tls_cert", "tls_key"):
        file = getattr(settings, name)
        if file and not Path(file).is_file():
            raise ConfigError(f"{name} is {file!r}, but there is no such file")
    if not settings.tls_cert:
        return
    try:
        if b"ENCRYPTED" in Path(settings.tls_key).read_bytes():
            raise ConfigError(
                f"the key {settings.tls_key} is encrypted, and nobody is there to type its passphrase; "
                "write it without one: openssl pkey -in … -out …"
            )
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            settings.tls_cert, settings.tls_key
        )
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(
            f"{settings.tls_cert} and {settings.tls_key} are no certificate and its key: {error}"
        ) from error

"""
A certificate that can be renewed while the server runs.

OpenSSL is imported when a certificate is read, for it is needed by nobody else.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from zope.interface import implementer

from ratchet_tx.errors import UsageError


def requireTLS(setting: str) -> None:
    """
    Check that what Twisted's TLS needs is installed.

    @param setting: what asks for TLS, for the message
    @raise UsageError: where something is missing, with the name of the extra that installs it
    """
    missing = [module for module in ("OpenSSL", "service_identity") if not _isThere(module)]
    if missing:
        raise UsageError(f"{setting}: TLS needs {' and '.join(missing)}: pip install 'ratchet_tx[tls]'")


def _isThere(module: str) -> bool:
    try:
        import_module(module)
    except ImportError:
        # Also where something is missing that it needs itself.
        return False
    return True


def whyUnusable(*files: str) -> str:
    """
    Say which of some files can't be opened, or has an encrypted key.

    For such a key OpenSSL asks the terminal, and the server would wait for somebody to type, at each SIGHUP too.

    @return: blank where there is no such file
    """
    for name in files:
        try:
            text = Path(name).read_bytes()
        except OSError as error:
            return f"{name}: {error.strerror}"
        except ValueError:
            return f"{name}: this is no file's name"
        if b"ENCRYPTED" in text:
            return f"{name}: the key is encrypted, and nobody is asked for its passphrase: decrypt it by openssl pkey"
    return ""


@implementer(IOpenSSLServerConnectionCreator)
class Certificate:
    """
    A certificate with its key.

    @param certificate: a file in PEM: the certificate, and behind it those that lead to its root
    @param key: a file in PEM with its private key
    @raise UsageError: where they can't be read, or don't fit, or TLS isn't installed
    """

    def __init__(self, certificate: str, key: str) -> None:
        requireTLS("certificate")
        self._certificate = certificate
        self._key = key
        self.reload()

    def reload(self) -> None:
        """
        Read both files again; where that fails, the ones that were read before stay.

        @raise UsageError: where they can't be read, or don't fit
        """
        from OpenSSL import SSL
        from twisted.internet.ssl import CertificateOptions

        named = f"certificate {self._certificate}, key {self._key}: "
        if why := whyUnusable(self._certificate, self._key):
            raise UsageError(named + why)
        # Of CertificateOptions come the safe defaults; it has no way by itself to read a chain from one file.
        context = CertificateOptions().getContext()
        try:
            context.use_certificate_chain_file(self._certificate)
            context.use_privatekey_file(self._key)
            context.check_privatekey()
        except (SSL.Error, OSError) as error:
            why = getattr(error, "strerror", None) or "the files can't be read, or don't belong to each other"
            raise UsageError(named + why) from error
        self._context = context

    def serverConnectionForTLS(self, tlsProtocol: Any) -> Any:
        """
        Begin a connection with the certificate as it is now (IOpenSSLServerConnectionCreator).
        """
        from OpenSSL.SSL import Connection

        return Connection(self._context, None)

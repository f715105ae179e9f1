"""
A certificate that can be reloaded while the server runs.

OpenSSL is imported when a certificate is read: nothing else needs it.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from zope.interface import implementer

from ratchet_tx.errors import UsageError

#: What is said of files where OpenSSL's own words say too little.
UNUSABLE = "the files can't be read, or don't belong to each other"


def requireTLS(setting: str) -> None:
    """
    Check that the packages for TLS are installed.

    @param setting: the setting that needs TLS, for the error
    @raise UsageError: where a package is missing; it names the extra to install
    """
    missing = [module for module in ("OpenSSL", "service_identity") if not _isImportable(module)]
    if missing:
        raise UsageError(f"{setting}: TLS needs {' and '.join(missing)}: pip install 'ratchet_tx[tls]'")


def _isImportable(module: str) -> bool:
    try:
        import_module(module)
    except ImportError:
        # Also if one of its own dependencies is missing.
        return False
    return True


def whyUnusable(*files: str) -> str:
    """
    Say which file can't be opened, or has an encrypted key.

    For an encrypted key OpenSSL would ask for the passphrase on the terminal, and the server would wait, at each SIGHUP too.

    @return: the file and the reason; blank where all files are usable
    """
    for name in files:
        try:
            text = Path(name).read_bytes()
        except OSError as error:
            return f"{name}: {error.strerror}"
        except ValueError:
            return f"{name}: this is no file's name"
        if b"ENCRYPTED" in text:
            return f"{name}: the key is encrypted, and the server can't ask for its passphrase: decrypt it by openssl pkey"
    return ""


@implementer(IOpenSSLServerConnectionCreator)
class Certificate:
    """
    A certificate with its key.

    @param certificate: a PEM file: the certificate, followed by its chain
    @param key: a PEM file: the certificate's private key
    @raise UsageError: where they can't be read, don't belong to each other, or TLS isn't installed
    """

    def __init__(self, certificate: str, key: str) -> None:
        requireTLS("certificate")
        self._certificate = certificate
        self._key = key
        self.reload()

    def reload(self) -> None:
        """
        Read both files again, for new connections.

        @raise UsageError: where they can't be read, or don't belong to each other; the old certificate stays in use then
        """
        from OpenSSL import SSL
        from twisted.internet.ssl import CertificateOptions

        named = f"certificate {self._certificate}, key {self._key}: "
        if why := whyUnusable(self._certificate, self._key):
            raise UsageError(named + why)
        # CertificateOptions has safe defaults, but can't read a chain from one file.
        context = CertificateOptions().getContext()
        try:
            context.use_certificate_chain_file(self._certificate)
            context.use_privatekey_file(self._key)
            context.check_privatekey()
        except (SSL.Error, OSError) as error:
            why = getattr(error, "strerror", None) or UNUSABLE
            raise UsageError(named + why) from error
        self._context = context

    def serverConnectionForTLS(self, tlsProtocol: Any) -> Any:
        """
        Start TLS with the current certificate (IOpenSSLServerConnectionCreator).
        """
        from OpenSSL.SSL import Connection

        return Connection(self._context, None)

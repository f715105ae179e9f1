"""
Logs clients in by JSON web tokens (RFC 7519).

PyJWT is imported when a provider is made, because nothing else needs it: C{pip install "ratchet_tx[jwt]"}.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from zope.interface import implementer

from ratchet_tx.deferreds.coroutines import asDeferred
from ratchet_tx.errors import UsageError
from ratchet_tx.interfaces import IClientProvider
from ratchet_tx.login.clients import NamedClient

#: A key for checking signatures: a secret or a public key in PEM, a file with either, or a JSON web key (RFC 7517).
Key = str | bytes | Path | Mapping[str, Any]


class _Check(NamedTuple):
    """
    A key with its algorithms.

    @ivar key: the key, as prepared by PyJWT
    @ivar algorithms: the allowed algorithms that fit the key; a token that names another one is refused
    """

    key: Any
    algorithms: list[str]


@implementer(IClientProvider)
class JWTClientProvider:
    """
    Finds clients by JSON web tokens::

        JWTClientProvider(Path("public.pem"), algorithms=["ES256"], audience="chat", issuer="https://login.example.org")

    The login ends when the token does (C{exp}).

    @param key: the key for checking signatures: a str or bytes with the secret or the public key in PEM; a
        L{Path<pathlib.Path>} of a file with it, whose line end is ignored; a JSON web key as a dict; or several of them, as
        a dict by the C{kid} in the tokens' headers, or as a JSON web key set, whose keys for other algorithms are ignored
    @param algorithms: the allowed algorithms, such as C{["ES256"]}. Algorithms with a secret (C{HS256}) can't be mixed with
        algorithms with a public key: then everybody who knows the public key could sign tokens
    @param audience: the required audience (C{aud}), or several, of which a token must have one; None if tokens have none
    @param issuer: the required issuer (C{iss}), or several; None for any issuer that has the key
    @param leeway: how many seconds this clock and the issuer's may differ
    @param required: the claims that a token must have
    @param makeClient: called with the claims, as a dict; it gives an L{IClient}, or None to refuse the token. The client
        must be a new object for each token, because its C{expires} is set. By default the client's C{id} is C{sub}, and its
        public name is C{name}, or C{sub} if there is none
    @raise UsageError: if PyJWT isn't installed, and for keys and algorithms that can't be used
    """

    def __init__(
        self,
        key: Key | Mapping[str, Key],
        algorithms: Sequence[str],
        audience: str | Sequence[str] | None = None,
        issuer: str | Sequence[str] | None = None,
        leeway: float = 0,
        required: Sequence[str] = ("exp", "sub"),
        makeClient: Callable[[Mapping[str, Any]], Any] | None = None,
    ) -> None:
        self._jwt = _pyJWT()
        names = self._allowed(algorithms)
        self._checks = self._checksOf(key, names)
        self._audience = audience
        self._issuer = issuer
        self._leeway = leeway
        self._required = list(required)
        self._makeClient = namedBySubject if makeClient is None else makeClient

    def _allowed(self, algorithms: Sequence[str]) -> list[str]:
        names = [algorithms] if isinstance(algorithms, str) else list(algorithms)
        known = set(self._jwt.algorithms.get_default_algorithms()) - {"none"}
        for name in names:
            if name not in known:
                raise UsageError(f"algorithms: {name!r} is none of {', '.join(sorted(known))}.")
        if not names:
            raise UsageError('algorithms: name those that count, such as ["ES256"].')
        if len({name.startswith("HS") for name in names}) > 1:
            raise UsageError("algorithms: those that take a secret and those that take a public key don't go together.")
        return names

    def _checksOf(self, key: Any, names: list[str]) -> dict[str | None, _Check]:
        given, isSet = _byKeyId(key)
        found = {kid: self._check(each, names) for kid, each in given.items()}
        checks = {kid: check for kid, check in found.items() if check is not None}
        if not checks or not (isSet or len(checks) == len(found)):
            # The message has neither the key nor PyJWT's error, which may quote it.
            which = ", ".join(f" {kid!r}" for kid in found if kid is not None and kid not in checks)
            raise UsageError(f"key{which}: it can't be read as one for {' or '.join(names)}.")
        return checks

    def _check(self, given: Any, names: list[str]) -> _Check | None:
        if isinstance(given, Path):
            given = _read(given)
        prepared = {name: key for name in names if (key := self._prepareKey(given, name)) is not None}
        for name, key in prepared.items():
            weak = self._jwt.get_algorithm_by_name(name).check_key_length(key)
            if weak:
                raise UsageError(f"key: {weak}")
        return _Check(next(iter(prepared.values())), list(prepared)) if prepared else None

    def _prepareKey(self, given: Any, name: str) -> Any:
        algorithm = self._jwt.get_algorithm_by_name(name)
        try:
            if not isinstance(given, Mapping):
                return algorithm.prepare_key(given)
            return algorithm.from_jwk(dict(given)) if given.get("alg", name) == name else None
        except (self._jwt.PyJWTError, ValueError, TypeError):
            return None

    def findByAccessToken(self, accessToken: str) -> Any:
        claims = self._claims(accessToken)
        if claims is None:
            return None
        found = self._makeClient(claims)
        later = asDeferred(found)
        return self._withExpiry(found, claims) if later is None else later.addCallback(self._withExpiry, claims)

    def _claims(self, accessToken: str) -> Mapping[str, Any] | None:
        try:
            check = self._checkFor(accessToken)
            if check is None:
                return None
            claims: Mapping[str, Any] = self._jwt.decode(
                accessToken,
                check.key,
                algorithms=check.algorithms,
                audience=self._audience,
                issuer=self._issuer,
                leeway=self._leeway,
                options={"require": self._required},
            )
        except Exception:
            # The keys were checked when the provider was made, so the token is wrong. Any exception is caught, because a
            # parser may raise more than it documents on a stranger's text.
            return None
        return claims

    def _checkFor(self, accessToken: str) -> _Check | None:
        if None in self._checks:
            return self._checks[None]
        return self._checks.get(self._jwt.get_unverified_header(accessToken).get("kid"))

    def _withExpiry(self, client: Any, claims: Mapping[str, Any]) -> Any:
        if client is None or "exp" not in claims:
            return client
        try:
            client.expires = int(claims["exp"]) + self._leeway
        except AttributeError:
            raise UsageError(
                f"{type(client).__name__} has no place for expires: its login would not end with the token."
            ) from None
        return client

    def updateClient(self, client: Any) -> Any:
        whoever = f"{self._issuer} does" if isinstance(self._issuer, str) else "whoever has the key to sign them does"
        raise UsageError(f"JWTClientProvider checks tokens and can't issue any: {whoever}.")


def namedBySubject(claims: Mapping[str, Any]) -> NamedClient | None:
    """
    Make the client of a token's claims, as C{makeClient} does by default.
    """
    id, name = claims.get("sub"), claims.get("name")
    if not isinstance(id, str) or not id:
        return None
    return NamedClient(id, name if isinstance(name, str) and name else id)


def _pyJWT() -> Any:
    try:
        import jwt
    except ImportError:
        raise UsageError('JWTClientProvider needs PyJWT: pip install "ratchet_tx[jwt]"') from None
    return jwt


def _byKeyId(key: Any) -> tuple[dict[str | None, Any], bool]:
    """
    Convert a key or several to a dict by C{kid}; a single key is under None.

    @return: the keys, and whether they are a JSON web key set, which may have keys for other uses
    """
    if not isinstance(key, Mapping) or "kty" in key:
        return {None: key}, False
    if "keys" not in key:
        return dict(key), False
    forSigning = [each for each in key["keys"] if each.get("use", "sig") == "sig"]
    if len(forSigning) == 1 and "kid" not in forSigning[0]:
        return {None: forSigning[0]}, True
    return {each["kid"]: each for each in forSigning if "kid" in each}, True


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        raise UsageError(f"key: {path} can't be read: {error.strerror}") from None

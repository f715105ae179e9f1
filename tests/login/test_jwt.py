"""
Logging in by JSON web tokens, with real ones and real keys.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from zope.interface import implementer

from ratchet_tx import Hub, IClient, UsageError
from ratchet_tx.login.clients import NamedClient
from ratchet_tx.login.jwt import JWTClientProvider
from tests.kit.contracts import ClientProviderContract
from tests.kit.fakes import FakeClient, Peer, logged, startedHub, succeeded

SECRET = "a secret that is long enough: 32 bytes"

EC, OTHER_EC = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)


ANYTHING = st.sampled_from([None, True, False, 0, -1, 1e400, "", "HS256", "none", "one", [], ["b64"], {}, {"kty": "oct"}])


def pem(key: Any) -> bytes:
    public: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return public


def web(key: Any, algorithm: str, **facts: str) -> dict[str, Any]:
    """
    Make a public key's JSON web key.
    """
    dumped = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key())
    return {**json.loads(dumped), **facts}


def signed(key: Any = SECRET, algorithm: str = "HS256", kid: str | None = None, **claims: Any) -> str:
    """
    Sign Ada's token, which is good for a minute.

    @param claims: others; None leaves one out
    """
    all = {"sub": "ada", "exp": int(time.time()) + 60, **claims}
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode({name: claim for name, claim in all.items() if claim is not None}, key, algorithm, headers)


def found(token: str, key: Any = SECRET, algorithms: Any = ("HS256",), **options: Any) -> Any:
    return JWTClientProvider(key, algorithms, **options).findByAccessToken(token)


class TestJWTClientProvider(ClientProviderContract):
    def make(self) -> JWTClientProvider:
        return JWTClientProvider(SECRET, ["HS256"])

    def makeClient(self) -> FakeClient:
        return FakeClient("ada")

    def test_updatedClientIsFound(self) -> None:
        """It issues no tokens, and says who does."""
        hub = Hub(JWTClientProvider(SECRET, ["HS256"], issuer="https://login.example.org"))
        client = self.makeClient()
        with pytest.raises(UsageError, match=r"can't issue any: https://login\.example\.org does"):
            hub.issueAccessToken(client)
        assert client.accessToken is None
        with pytest.raises(UsageError, match="whoever has the key to sign them does"):
            self.make().updateClient(client)

    def test_client(self) -> None:
        """A good token's bearer is known by its sub, and everybody may know the name."""
        client = found(signed(name="Ada Lovelace"))
        assert (client.id, client.jsonSerialize()) == ("ada", {"username": "Ada Lovelace"})
        assert found(signed()).jsonSerialize() == {"username": "ada"}
        assert found(signed(name=["Ada"])).jsonSerialize() == {"username": "ada"}

    def test_expires(self) -> None:
        """The client expires with the token, or with the leeway after it."""
        end = int(time.time()) + 100
        assert found(signed(exp=end)).expires == end
        assert found(signed(exp=end), leeway=5).expires == end + 5

    def test_loggedIn(self) -> None:
        """A peer logs in by such a token, and is told for how long."""
        hub = startedHub(clientProvider=self.make())
        clock: Any = hub.clock
        clock.rightNow = time.time()
        peer = Peer(hub)
        peer.logIn(signed(exp=int(time.time()) + 600), v=2)
        (frame,) = peer.read()
        assert frame["data"]["client"] == {"username": "ada"}
        assert 500 < frame["data"]["expires"] <= 600
        for _ in range(2):
            clock.advance(599)
        assert peer.transport.closedWith == (4003, "Token expired")


class TestBadTokens:
    @pytest.mark.parametrize(
        "claims",
        [
            {"exp": 1_000_000},
            {"exp": None},
            {"exp": "soon"},
            {"exp": [1]},
            {"exp": float("inf")},
            {"nbf": int(time.time()) + 1000},
            {"iat": int(time.time()) + 1000},
            {"sub": None},
            {"sub": 5},
            {"sub": ""},
            {"aud": "another"},
            {"aud": None},
            {"iss": "another"},
            {"iss": None},
        ],
        ids=str,
    )
    def test_claims(self, claims: dict[str, Any]) -> None:
        """A token that is over, not yet good, for or of somebody else, or lacks what it must have, is nobody's."""
        good = {"aud": "chat", "iss": "login"}
        options = {"audience": "chat", "issuer": "login"}
        assert found(signed(**good), **options).id == "ada"
        said = {"sub": "ada", "exp": time.time() + 60, **good, **claims}
        body = json.dumps({name: claim for name, claim in said.items() if claim is not None})
        # Signed as it is, for jwt.encode would refuse some of it.
        token = jwt.PyJWS().encode(body.encode(), SECRET, "HS256")
        assert found(token, **options) is None

    def test_audienceThatWasntExpected(self) -> None:
        """A token for somebody in particular isn't taken by who doesn't say that he is it."""
        assert found(signed(aud="billing")) is None

    def test_leeway(self) -> None:
        """A token that ended just now is good within the leeway."""
        token = signed(exp=int(time.time()) - 5)
        assert found(token) is None
        assert found(token, leeway=1000).id == "ada"

    def test_withoutAnEnd(self) -> None:
        """A token that never ends is taken only where that isn't asked for."""
        token = signed(exp=None)
        assert found(token) is None
        assert found(token, required=["sub"]).expires is None

    def test_otherSecret(self) -> None:
        """A token that was signed by another secret is nobody's."""
        assert found(signed("another secret that is long enough too")) is None

    def test_unsigned(self) -> None:
        """A token that isn't signed is nobody's, however it spells that."""
        unsigned = jwt.encode({"sub": "ada", "exp": int(time.time()) + 60}, None, "none")
        assert found(unsigned) is None
        head, body, _ = signed().split(".")
        for spelled in ("none", "None", "NONE", "nOnE"):
            forged = jwt.utils.base64url_encode(json.dumps({"alg": spelled, "typ": "JWT"}).encode()).decode()
            assert found(f"{forged}.{body}.") is None
        assert found(f"{head}.{body}.") is None

    def test_confusedAlgorithms(self) -> None:
        """Who knows the public key can't sign by it as if it were a secret."""
        public = pem(EC)
        head = jwt.utils.base64url_encode(b'{"alg":"HS256","typ":"JWT"}')
        body = signed().split(".")[1].encode()
        algorithm: Any = jwt.get_algorithm_by_name("HS256")
        forged = b".".join([head, body, jwt.utils.base64url_encode(algorithm.sign(head + b"." + body, public))]).decode()
        assert found(forged, public, ["ES256"]) is None
        assert found(signed(EC, "ES256"), public, ["ES256"]).id == "ada"

    @given(st.text())
    def test_anyText(self, text: str) -> None:
        """Any text at all is nobody's token, and raises nothing."""
        provider = JWTClientProvider({"one": SECRET}, ["HS256"])
        for token in (text, f"{text}.{text}.{text}", f"a.{text}.b", "\ud800" + text):
            assert provider.findByAccessToken(token) is None

    @given(st.dictionaries(st.sampled_from(["alg", "kid", "b64", "crit", "typ", "jku"]), ANYTHING) | ANYTHING)
    def test_anyHead(self, head: Any) -> None:
        """A head that says anything at all is nobody's."""
        _, body, signature = signed().split(".")
        forged = jwt.utils.base64url_encode(json.dumps(head).encode()).decode()
        for provider in (JWTClientProvider({"one": SECRET}, ["HS256"]), JWTClientProvider(SECRET, ["HS256"])):
            assert provider.findByAccessToken(f"{forged}.{body}.{signature}") is None

    def test_deepHead(self) -> None:
        """Nor does a head without a bottom raise anything."""
        deep = jwt.utils.base64url_encode(b"[" * 30_000).decode()
        assert found(f"{deep}.{deep}.{deep}") is None

    def test_nothingIsLogged(self) -> None:
        """A bad token is no failure: the log has who couldn't log in, and nothing of the token."""
        token = signed("another secret that is long enough too", name="planted-name-5521")
        peer = Peer(startedHub(clientProvider=JWTClientProvider(SECRET, ["HS256"])))
        with logged() as lines:
            peer.logIn(token)
        assert peer.read()[0]["data"] == {"errors": ["Invalid access token."]}
        assert lines == []


class TestKeys:
    def test_file(self, tmp_path: Path) -> None:
        """A key may stand in a file, whose last line's end isn't part of it."""
        (tmp_path / "secret").write_text(SECRET + "\n")
        (tmp_path / "public.pem").write_bytes(pem(RSA))
        assert found(signed(), tmp_path / "secret").id == "ada"
        assert found(signed(RSA, "RS256"), tmp_path / "public.pem", ["RS256"]).id == "ada"

    def test_noFile(self, tmp_path: Path) -> None:
        """A file that isn't there is an error that names it."""
        with pytest.raises(UsageError, match=r"^key: .*/nowhere can't be read: No such file or directory$"):
            found("", tmp_path / "nowhere")

    def test_byName(self) -> None:
        """Of several keys, the token names its own; one that it names falsely, and one that nobody has, are no good."""
        keys = {"new": pem(EC), "old": pem(OTHER_EC)}
        assert found(signed(EC, "ES256", "new"), keys, ["ES256"]).id == "ada"
        assert found(signed(OTHER_EC, "ES256", "old"), keys, ["ES256"]).id == "ada"
        for key, kid in ((EC, "old"), (EC, "unheard of"), (EC, None)):
            assert found(signed(key, "ES256", kid), keys, ["ES256"]) is None

    def test_eachItsAlgorithms(self) -> None:
        """Keys of different kinds may stand beside each other, and each counts for its own algorithms."""
        keys = {"ec": pem(EC), "rsa": pem(RSA)}
        algorithms = ["RS256", "ES256", "PS256"]
        for key, algorithm, kid in ((EC, "ES256", "ec"), (RSA, "RS256", "rsa"), (RSA, "PS256", "rsa")):
            assert found(signed(key, algorithm, kid), keys, algorithms).id == "ada"

    def test_webKeys(self) -> None:
        """A JSON web key is a key; where it names its algorithm, no other counts for it."""
        assert found(signed(EC, "ES256"), web(EC, "ES256"), ["ES256"]).id == "ada"
        named = web(RSA, "RS256", alg="PS256")
        assert found(signed(RSA, "PS256"), named, ["RS256", "PS256"]).id == "ada"
        assert found(signed(RSA, "RS256"), named, ["RS256", "PS256"]) is None

    def test_webKeySet(self) -> None:
        """Of a set, those keys count that are for signing, have a name, and fit an algorithm."""
        keys = {
            "keys": [
                web(EC, "ES256", kid="ec"),
                web(RSA, "RS256", kid="rsa"),
                web(RSA, "RS256", kid="crypt", use="enc"),
                web(OTHER_EC, "ES256"),
            ]
        }
        assert found(signed(EC, "ES256", "ec"), keys, ["ES256"]).id == "ada"
        for key, algorithm, kid in ((RSA, "RS256", "rsa"), (OTHER_EC, "ES256", None)):
            assert found(signed(key, algorithm, kid), keys, ["ES256"]) is None
        assert found(signed(RSA, "RS256", "crypt"), keys, ["RS256"]) is None

    def test_setOfOne(self) -> None:
        """The only key of a set needs no name."""
        assert found(signed(EC, "ES256"), {"keys": [web(EC, "ES256")]}, ["ES256"]).id == "ada"

    @pytest.mark.parametrize(
        ("key", "algorithms", "said"),
        [
            (SECRET, [], r"name those that count, such as \[\"ES256\"\]"),
            (SECRET, ["none"], "algorithms: 'none' is none of ES256, .*, HS256"),
            (SECRET, ["HS257"], "algorithms: 'HS257' is none of"),
            (pem(EC), ["ES256", "HS256"], "those that take a secret and those that take a public key don't go together"),
            (pem(EC), ["HS256"], "^key: it can't be read as one for HS256.$"),
            (SECRET, ["ES256", "RS256"], "^key: it can't be read as one for ES256 or RS256.$"),
            ("", ["HS256"], "^key: it can't be read"),
            (None, ["HS256"], "^key: it can't be read"),
            ("short", ["HS256"], "^key: .*32"),
            ({"a": pem(EC), "b": SECRET}, ["ES256"], "^key 'b': it can't be read as one for ES256.$"),
            ({"keys": [web(EC, "ES256", kid="a")]}, ["RS256"], "^key 'a': it can't be read as one for RS256.$"),
            ({"keys": []}, ["RS256"], "^key: it can't be read"),
            ({"kty": "EC"}, ["ES256"], "^key: it can't be read"),
        ],
        ids=range(13),
    )
    def test_wrong(self, key: Any, algorithms: list[str], said: str) -> None:
        """A key or an algorithm that can't be used is an error when the provider is made, which doesn't show the key."""
        with pytest.raises(UsageError, match=said) as raised:
            JWTClientProvider(key, algorithms)
        assert SECRET not in str(raised.value)

    def test_oneAlgorithm(self) -> None:
        """One algorithm may stand alone."""
        assert found(signed(), algorithms="HS256").id == "ada"


class TestMakeClient:
    def test_own(self) -> None:
        """An application may make its own clients of the claims; they expire with the token all the same."""

        @implementer(IClient)
        class Member(FakeClient):
            expires: float

        end = int(time.time()) + 100
        client = found(signed(role="moderator", exp=end), makeClient=lambda claims: Member(claims["role"]))
        assert (client.id, client.expires) == ("moderator", end)

    def test_nobody(self) -> None:
        """It may find that a good token is nobody's."""
        assert found(signed(), makeClient=lambda claims: None) is None

    def test_later(self) -> None:
        """It may take its time."""
        asked: Deferred[Any] = Deferred()
        later = found(signed(), makeClient=lambda claims: asked)
        asked.callback(NamedClient("ada"))
        assert succeeded(later).expires > time.time()

    def test_failing(self) -> None:
        """Where it fails, the login is unavailable, not refused."""

        def fail(claims: Any) -> Any:
            raise OSError("no database")

        with logged() as lines:
            peer = Peer(startedHub(clientProvider=JWTClientProvider(SECRET, ["HS256"], makeClient=fail)))
            peer.logIn(signed())
        assert peer.read()[0]["data"]["code"] == "auth.unavailable"
        assert any("no database" in line for line in lines)

    def test_noPlaceForTheEnd(self) -> None:
        """A client that can't be told when it ends is an error that says so."""

        class Slotted:
            __slots__ = ("id",)

        with pytest.raises(UsageError, match="Slotted has no place for expires"):
            found(signed(), makeClient=lambda claims: Slotted())


def test_withoutPyJWT(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PyJWT isn't installed, one line says how to install it."""
    monkeypatch.setitem(sys.modules, "jwt", None)
    with pytest.raises(UsageError, match=r'^JWTClientProvider needs PyJWT: pip install "ratchet_tx\[jwt\]"$'):
        JWTClientProvider(SECRET, ["HS256"])

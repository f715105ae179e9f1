"""
Which handshakes are accepted, and which subprotocol is chosen.
"""

from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.testing import StringTransport

from ratchet_tx.transport.handshake.admission import Admission
from ratchet_tx.transport.handshake.forwarded import Asker
from ratchet_tx.transport.handshake.head import Head
from ratchet_tx.transport.handshake.hosts import Hosts
from ratchet_tx.transport.handshake.origins import Origins
from ratchet_tx.transport.handshake.refusals import Refused
from tests.kit.ends import Wire
from tests.kit.fakes import logged
from tests.kit.wire import handshake

FULL = "limit=connections of=1"


class Door:
    """
    The rules of a port for C{example.org}, behind this many proxies, and a peer that connects.
    """

    def __init__(self, hops: int = 0, full: str | None = None) -> None:
        self.asked: list[str] = []
        self._full = full
        origins = Origins(["https://good.example"])
        self.admission = Admission(Hosts(["example.org"]), origins, ["chat.v2", "chat.v1"], hops, self._whyNot)
        self.transport = StringTransport(peerAddress=IPv4Address("TCP", "192.0.2.7", 5000))

    def _whyNot(self, address: str) -> str | None:
        self.asked.append(address)
        return self._full

    def refused(self, **headers: str) -> tuple[int, str]:
        """
        Connect with some headers.

        @return: the status and the facts of the refusal, or 101 without one
        """
        named = {"host": "example.org", **{name.replace("_", "-"): value for name, value in headers.items()}}
        try:
            self.admission.check(self.admission.asker(self.transport, named), self.transport, named)
        except Refused as refused:
            return refused.status, refused.facts
        return 101, ""


def test_admitted() -> None:
    """A request for an allowed name is accepted if it has no Origin or an allowed one."""
    door = Door()
    assert door.refused() == (101, "")
    assert door.refused(origin="https://good.example") == (101, "")
    assert door.refused(origin="http://example.org", host="example.org:80") == (101, "")
    assert door.asked == ["192.0.2.7"] * 3


def test_refused() -> None:
    """The first rule that a handshake breaks decides: too many peers, the Host, the Origin; the refusal names the option."""
    assert Door(full=FULL).refused(host="evil.example", origin="http://evil.example") == (503, FULL)
    status, facts = Door().refused(host="evil.example", origin="http://evil.example")
    assert (status, 'option="--host evil.example"' in facts) == (421, True)
    status, facts = Door().refused(origin="http://evil.example")
    assert (status, 'option="--origin http://evil.example"' in facts) == (403, True)


def test_proxies() -> None:
    """A trusted proxy's headers tell the address, the Host, and whether the peer used TLS."""
    said = {"x_forwarded_for": "198.51.100.1", "x_forwarded_host": "example.org", "x_forwarded_proto": "https"}
    door = Door(hops=1)
    assert door.refused(host="inner:8080", origin="https://example.org", **said) == (101, "")
    assert door.asked == ["198.51.100.1"]
    with logged():
        assert Door().refused(host="inner:8080", **said)[0] == 421


def test_addressOfThePeer() -> None:
    """Behind proxies the headers tell a peer's address, and without them the socket does."""
    head = Head(False, [(b"host", b"example.org"), (b"x-forwarded-for", b"198.51.100.1")], b"GET / HTTP/1.1")
    assert Door(hops=1).admission.speaker(Door().transport, head) == "198.51.100.1"
    assert Door().admission.speaker(Door().transport, head) == "192.0.2.7"


def test_asker() -> None:
    """Without proxies the socket and the Host tell who asks."""
    door = Door()
    assert door.admission.asker(door.transport, {"host": "x:1"}) == Asker("192.0.2.7", False, "x:1")


def test_untrustedProxyOnce() -> None:
    """A proxy that should be trusted and isn't is logged once."""
    door = Door()
    door.transport = StringTransport(peerAddress=IPv4Address("TCP", "127.0.0.1", 5000))
    with logged() as lines:
        for _ in range(3):
            door.refused(x_forwarded_for="198.51.100.1")
    assert [line.partition(":")[0] for line in lines] == ["Peers share the address of their proxy, see docs/proxies.rst"]


# Over a server


@pytest.mark.parametrize(
    ("offered", "agreed"),
    [("chat.v2", "chat.v2"), ("x, chat.v1 ,chat.v2", "chat.v1"), ("chat.v3", None), ("CHAT.V1", None), ("", None)],
)
def test_subprotocols(make: Any, offered: str, agreed: str | None) -> None:
    """The first offered subprotocol that is allowed is chosen; without one, none is."""
    wire = make(subprotocol=("chat.v2", "chat.v1"))
    wire.send(handshake(Sec_WebSocket_Protocol=offered))
    answer = wire.receive().decode()
    assert answer.startswith("HTTP/1.1 101 ")
    found = [line.partition(": ")[2] for line in answer.split("\r\n") if line.startswith("Sec-WebSocket-Protocol: ")]
    assert found == ([] if agreed is None else [agreed])


def test_blankSubprotocol(make: Any) -> None:
    """A blank header offers no subprotocol."""
    with logged() as lines:
        Wire(make().factory).open(Sec_WebSocket_Protocol=" , ")
    assert not [line for line in lines if "subprotocol" in line]


def test_refusedSubprotocol(make: Any) -> None:
    """A client whose subprotocol isn't allowed is logged once, with the option that allows it."""
    factory = make().factory
    with logged() as lines:
        for _ in range(3):
            Wire(factory).open(Sec_WebSocket_Protocol='a"b')
    assert [line for line in lines if "subprotocol" in line] == [
        r'A client offered a subprotocol that is not allowed, and may give up: offered="a\"b" '
        r'option="--subprotocol a\"b"'
    ]

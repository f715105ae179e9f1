"""
Decides which handshakes a port accepts: by how many peers there are, the Host, and the Origin; and agrees on a subprotocol.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twisted.logger import Logger

from ratchet_tx.monitoring.printable import printable
from ratchet_tx.transport.handshake.explanations import explainHost, explainOrigin
from ratchet_tx.transport.handshake.forwarded import Asker, addressOf, askerAt, readForwarded
from ratchet_tx.transport.handshake.head import Head
from ratchet_tx.transport.handshake.hosts import Hosts
from ratchet_tx.transport.handshake.origins import Origins
from ratchet_tx.transport.handshake.refusals import Refused
from ratchet_tx.transport.handshake.upgrade import joinHeaders

#: How many names of subprotocols are logged that are not allowed.
_MOST_UNANSWERED = 16

_log = Logger()


class Admission:
    """
    The rules of one port.

    @param hosts: the names by which we may be called
    @param origins: the origins whose pages may connect
    @param subprotocols: those that clients may offer
    @param hops: how many proxies are trusted
    @param whyNot: says why no more peers of an IP address may connect, as C{key=value} pairs; None or blank where one may
    """

    def __init__(
        self,
        hosts: Hosts,
        origins: Origins,
        subprotocols: Sequence[str],
        hops: int,
        whyNot: Callable[[str], str | None],
    ) -> None:
        self._hosts = hosts
        self._origins = origins
        self._subprotocols = subprotocols
        self._hops = hops
        self._whyNot = whyNot
        # What was logged once.
        self._doubted: set[str] = set()
        self._unanswered: set[str] = set()

    def check(self, asker: Asker, transport: Any, headers: Mapping[str, str]) -> None:
        """
        Check a handshake.

        @param asker: who asks, as L{asker} gives it
        @param headers: the request's, their names in lower case
        @raise Refused: with 503 if there are too many peers, or the hub doesn't run; with 421 for a host that we aren't;
            with 403 for a page of an origin that may not connect
        """
        whyNot = self._whyNot(asker.address)
        if whyNot:
            raise Refused(503, whyNot)
        if not self._hosts.permit(asker.host):
            raise Refused(421, explainHost(headers, asker, self._hops))
        if not self._origins.permit(headers.get("origin"), asker.host, asker.secure):
            raise Refused(403, explainOrigin(headers, askerAt(transport, headers), self._hops, self._origins))

    def asker(self, transport: Any, headers: Mapping[str, str]) -> Asker:
        """
        Find out who asks, by the socket and by what trusted proxies say.

        @param headers: the request's, their names in lower case
        """
        return readForwarded(askerAt(transport, headers), headers, self._hops, self._doubt)

    def speaker(self, transport: Any, head: Head) -> str:
        """
        Find out the IP address of who asks, by a request's head.
        """
        if not self._hops:
            return addressOf(transport)
        return self.asker(transport, joinHeaders(head.headers)).address

    def _doubt(self, why: str, entry: str) -> None:
        """
        Warn once that proxies don't tell peers apart, so that all of them share the limits of one address.
        """
        if why in self._doubted:
            return
        self._doubted.add(why)
        _log.warn(
            'Peers share the address of their proxy, see docs/proxies.rst: why={why} entry="{entry}" trusted={hops}',
            why=why,
            entry=printable(entry),
            hops=self._hops,
        )

    def agree(self, offered: Sequence[str]) -> str | None:
        """
        Choose the first of the offered subprotocols that is allowed.

        If none is, the handshake goes on without one, and the client decides.  Browsers, and Node's WebSocket, give up then
        and don't say why, so it is logged, once for each name.
        """
        for name in offered:
            if name in self._subprotocols:
                return name
        first = next(filter(None, offered), None)
        if first is not None and len(self._unanswered) < _MOST_UNANSWERED and first not in self._unanswered:
            self._unanswered.add(first)
            name = printable(first)
            _log.warn(
                'A client offered a subprotocol that is not allowed, and may give up: offered="{name}" '
                'option="--subprotocol {name}"',
                name=name,
            )
        return None

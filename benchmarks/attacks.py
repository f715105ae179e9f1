"""
The attacks: each is what one peer does that sends little, so that the server works much or keeps much.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from benchmarks.attacker import CONTINUATION, TEXT, Attacker, Link, event, frame, handshake, price

#: How many events the old room has seen; what the server remembers of it are the last hundred.
OLD_EVENTS = 200_000

#: How many bytes the big messages have, and how many fragments those that have many: more than 1,024 aren't taken.
_BIG, _FRAGMENTS = 64_000, 1_000

#: How many connections an attacker holds, where it is their number that attacks.
_HELD = 50

#: How often an attacker asks for a page, or to be let in, in seconds.
_PAGE_EVERY = 0.2


@dataclass(frozen=True)
class Attack:
    """
    An attack.

    @ivar name: what it is called on the command line
    @ivar says: what it does, in one line
    @ivar run: what an attacker does, for as long as it can
    @ivar fill: how many events are published in the room C{kept.old} before
    """

    name: str
    says: str
    run: Callable[[Attacker], Awaitable[None]]
    fill: int = 0


async def _nothing(attacker: Attacker) -> None:
    await asyncio.sleep(3600)


# Pages


async def _request(attacker: Attacker, request: bytes) -> None:
    link = await attacker.connect()
    await link.send(request)
    async with asyncio.timeout(60):
        await link.reader.read(65536)
    attacker.drop(link)
    await asyncio.sleep(_PAGE_EVERY)


def _post(contentType: str, body: bytes = b"") -> bytes:
    head = f"POST /any HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {contentType}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def _forms(attacker: Attacker) -> None:
    field = b'--b\r\nContent-Disposition: form-data; name="a"' + b";" * 200_000 + b"\r\n\r\nx\r\n--b--\r\n"
    await _request(attacker, _post("multipart/form-data; boundary=b", field))
    await _request(attacker, _post("application/x-www-form-urlencoded", b"a&" * 100_000))


async def _contentTypes(attacker: Attacker) -> None:
    await _request(attacker, _post("a/b" + "(" * 300, b"x"))
    await _request(attacker, _post("multipart/form-data" + ";" * 15_000, b"x"))


async def _slowPage(attacker: Attacker) -> None:
    link = await attacker.connect(tls=attacker.number % 2 == 0, receiveBytes=4096)
    await link.send(b"GET /large.bin HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    while await link.reader.read(100):
        await asyncio.sleep(1)


# Connections that say too little


async def _holding(attacker: Attacker, first: bytes, tls: bool, shake: bool) -> None:
    """
    Open two connections a second, up to a number, and wait for each until the server ends it.
    """

    async def hold(link: Link) -> None:
        try:
            if first:
                await link.send(first, cost=0)
            await link.reader.read()
        except OSError:
            pass
        attacker.drop(link)

    held: set[asyncio.Task[None]] = set()
    try:
        while True:
            if len(held) < _HELD:
                task = asyncio.create_task(hold(await attacker.connect(tls, shake)))
                held.add(task)
                task.add_done_callback(held.discard)
            await asyncio.sleep(0.5)
    finally:
        for task in held:
            task.cancel()


async def _tlsSilent(attacker: Attacker) -> None:
    await _holding(attacker, b"", tls=True, shake=False)


async def _tlsHalfHello(attacker: Attacker) -> None:
    await _holding(attacker, bytes.fromhex("16030102000100") + b"\x01\xfc\x03\x03" + b"r" * 20, tls=True, shake=False)


async def _tlsNoHead(attacker: Attacker) -> None:
    await _holding(attacker, b"", tls=True, shake=True)


async def _refused(attacker: Attacker) -> None:
    request = handshake(Origin="http://elsewhere.example")
    await _holding(attacker, request, tls=attacker.number % 2 == 0, shake=True)


# Rooms


async def _recover(attacker: Attacker) -> None:
    link = await attacker.logIn(f"good-{attacker.number}")
    await link.send(event("socket.subscribe", {"room": "kept.old"}, id=1))
    while True:
        since = {"epoch": "x", "offset": 0}
        await link.send(event("socket.subscribe", {"room": "kept.old", "recover": since}, id=2))
        await link.send(event("socket.history", {"room": "kept.old", "since": since, "limit": 1}, id=3))


async def _wildcard(attacker: Attacker) -> None:
    link = await attacker.logIn(f"good-{attacker.number}")
    while True:
        rooms = [f"kept.{random.randbytes(60).hex()}" for _ in range(3)]
        await link.send(event("socket.history", {"room": rooms[0]}, id=1))
        await link.send(event("socket.subscribe", {"rooms": [{"room": room} for room in rooms[1:]]}, id=2), cost=2)
        for room in rooms[1:]:
            await link.send(event("socket.unsubscribe", {"room": room}, id=3))


async def _metas(attacker: Attacker) -> None:
    link = await attacker.logIn(f"good-{attacker.number}")
    meta = {"m": [[]] * 330}
    for number in range(128):
        await link.send(event("socket.subscribe", {"room": f"shown.{number}", "presence": True, "meta": meta}, id=1))
    while True:
        room = f"shown.{random.randrange(128)}"
        await link.send(event("socket.presence.update", {"room": room, "meta": meta}, id=2))


# Events


async def _replies(attacker: Attacker) -> None:
    link = await attacker.logIn()
    flood = event("socket.reply", {"ok": True, "result": None}, re="s1") * 50
    while True:
        await link.send(flood, cost=0)


async def _afterClose(attacker: Attacker) -> None:
    link = await attacker.logIn()
    flood = event("echo", [{}] * 1000, id=1) * 20
    while True:
        await link.send(flood, cost=0, evenIfClosed=True)


async def _queue(attacker: Attacker) -> None:
    link = await attacker.logIn(f"slow-{attacker.number}")
    message = event("echo", [{}] * (_BIG // 3))
    while True:
        await link.send(message, cost=price(_BIG))


async def _queries(attacker: Attacker) -> None:
    path = "/?" + "&".join(f"a{number}=1" for number in range(2000))
    for number in range(_HELD):
        token = f"good-{attacker.number}-{number}"
        await attacker.logIn(token, path[:15_000])
    await asyncio.sleep(3600)


async def _keys(attacker: Attacker) -> None:
    number = 0
    link = await attacker.logIn(f"good-{attacker.number}")
    while True:
        number += 1
        await link.send(event("large", None, id=number, key=f"{attacker.number}-{number}"))


async def _fragments(attacker: Attacker) -> None:
    link = await attacker.logIn()
    text = b'{"event":"echo","data":"' + b"x" * (_FRAGMENTS - 26) + b'"}'
    pieces = [text[at : at + 1] for at in range(_FRAGMENTS)]
    message = b"".join(
        frame(piece, TEXT if at == 0 else CONTINUATION, final=at == len(pieces) - 1) for at, piece in enumerate(pieces)
    )
    while True:
        await link.send(message, cost=1 + len(pieces) // 16)


async def _numbers(attacker: Attacker) -> None:
    link = await attacker.logIn()
    message = frame(b'{"event":"echo","data":[' + b",".join([b"[1e9]"] * (_BIG // 6)) + b"]}")
    while True:
        await link.send(message, cost=price(_BIG))


async def _extensions(attacker: Attacker) -> None:
    link = await attacker.connect()
    await link.send(handshake(Sec_WebSocket_Extensions=",".join(["a"] * 7_500)))
    await link.reader.read(65536)
    attacker.drop(link)
    await asyncio.sleep(_PAGE_EVERY)


# Logins and names


async def _logins(attacker: Attacker) -> None:
    link = await attacker.logIn("wrong")
    while True:
        await asyncio.sleep(0.5)
        await link.send(event("socket.auth.request", {"token": "wrong"}))


async def _names(attacker: Attacker) -> None:
    ugly = "\"%1b[31m'%0d%0a" + "x" * 200
    link = await attacker.logIn(f"ugly-{attacker.number}", f"/{ugly}", User_Agent='"\\x' + "é" * 500)
    for _ in range(5):
        await link.send(event("\x1b[31mname\r\n\x07", "x", id=1))
        await link.send(event("socket.subscribe", {"room": "\x1b]0;owned\x07"}, id=2))
    attacker.drop(link)
    await _request(attacker, f'GET /{ugly} HTTP/1.1\r\nHost: 127.0.0.1\r\nReferer: "\\x1b{ugly}\r\n\r\n'.encode("latin-1"))


ATTACKS = {
    each.name: each
    for each in (
        Attack("nothing", "nobody attacks, to compare with", _nothing),
        Attack("forms", "POST of 200 kB multipart and urlencoded forms", _forms),
        Attack("content-types", "Content-Type of 300 '(' and of 15,000 ';'", _contentTypes),
        Attack("slow-pages", "a page of 4 MB read at 100 bytes a second", _slowPage),
        Attack("tls-silent", "TLS: connects and says nothing", _tlsSilent),
        Attack("tls-half-hello", "TLS: half a ClientHello", _tlsHalfHello),
        Attack("tls-no-head", "TLS: a handshake and no request", _tlsNoHead),
        Attack("refused", "refused by its Origin, and never closes", _refused),
        Attack("recover", f"recovers at offset 0 of {OLD_EVENTS:,} events", _recover, OLD_EVENTS),
        Attack("replies", "a flood of socket.reply that nobody asked for", _replies),
        Attack("after-close", "sends on after it was closed with 4009", _afterClose),
        Attack("queue", "64 kB messages behind a login that takes 8 s", _queue),
        Attack("queries", "50 connections each, with a query of 15 kB", _queries),
        Attack("keys", "keys, each with a result of 60 kB", _keys),
        Attack("metas", "metas of 1 kB in 128 rooms", _metas),
        Attack("wildcard", "asks for ever new rooms under a wildcard", _wildcard),
        Attack("fragments", "messages of 1,000 fragments", _fragments),
        Attack("numbers", "64 kB of [1e9]", _numbers),
        Attack("extensions", "15 kB of Sec-WebSocket-Extensions", _extensions),
        Attack("logins", "40 wrong logins a second from the healthy peer's address", _logins),
        Attack("names", "control bytes and quotes in ids, paths, events and rooms", _names),
    )
}

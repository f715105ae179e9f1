"""
A client in Python, by the documented JSON and the package websockets.

    python examples/client.py ws://localhost:8080 ada-secret
"""

import json
import sys

from websockets.sync.client import connect


def main(url, token):
    with connect(url) as socket:
        socket.send(json.dumps({"event": "socket.auth.request", "data": {"token": token}}))
        print(socket.recv())
        socket.send(json.dumps({"event": "hello", "data": "world", "id": 1}))
        print(socket.recv())


if __name__ == "__main__":
    main(*sys.argv[1:])

"""
A client that sends again what it got no reply for, by a key, so that it is handled once.

    python examples/again.py ws://localhost:8080 ada-secret hello world
"""

import json
import sys
import time
import uuid

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def emit(url, token, event, data):
    message = {"event": event, "data": data, "id": 1, "key": str(uuid.uuid4())}
    while True:
        try:
            with connect(url) as socket:
                socket.send(json.dumps({"event": "socket.auth.request", "data": {"token": token}}))
                socket.recv()
                socket.send(json.dumps(message))
                return json.loads(socket.recv())
        except (ConnectionClosed, OSError):
            time.sleep(1)


if __name__ == "__main__":
    print(emit(*sys.argv[1:]))

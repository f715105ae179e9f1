"""
A client that sends again what it got no reply for, by a key, so that it is handled once.

    python examples/again.py ws://localhost:8080 ada-secret hello world
"""

import json
import sys
import time
import uuid

from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.sync.client import connect

#: After these, and after 4500 to 4999, the server doesn't want the client back (docs/protocol.rst, Closing).
FINAL_CODES = {1000, 1002, 1003, 1007, 1008, 1009, *range(4500, 5000)}


def ask(socket, message):
    socket.send(json.dumps(message))
    while True:
        frame = json.loads(socket.recv())
        if frame.get("re") == message["id"]:
            return frame


def emit(url, token, event, data):
    login = {"event": "socket.auth.request", "data": {"token": token}, "id": 0}
    message = {"event": event, "data": data, "id": 1, "key": str(uuid.uuid4())}
    while True:
        try:
            with connect(url) as socket:
                answer = ask(socket, login)
                if answer["event"] == "socket.auth.success":
                    return ask(socket, message)
                if not answer["data"].get("retry"):
                    sys.exit(f"The login was refused: {answer['data']['errors'][0]}")
        except ConnectionClosed as closed:
            if closed.rcvd and closed.rcvd.code in FINAL_CODES:
                sys.exit(f"The server doesn't want us back: {closed.rcvd.reason}")
        except InvalidStatus as refused:
            if refused.response.status_code < 500:
                sys.exit(str(refused))
        except (InvalidMessage, OSError):
            pass
        time.sleep(1)


if __name__ == "__main__":
    print(emit(*sys.argv[1:]))

"""
Tells what was published to a room since it was asked the last time; where that was, it keeps in a file.

    python missed.py ws://localhost:8080/ ada-secret news position.json
"""

import json
import sys
from pathlib import Path

from websockets.sync.client import connect


def missed(url, token, room, file):
    wish = {"room": room}
    if file.exists():
        wish["recover"] = json.loads(file.read_text())
    with connect(url) as socket:
        socket.send(json.dumps({"event": "socket.auth.request", "data": {"token": token}}))
        socket.recv()
        socket.send(json.dumps({"event": "socket.subscribe", "data": wish, "id": 1}))
        result = json.loads(socket.recv())["data"]["result"]
    file.write_text(json.dumps({"epoch": result["epoch"], "offset": result["offset"]}))
    if result.get("recovered") is False:
        print("It was too much, or too long ago: load the page anew.")
    for event in result.get("events", []):
        print(event["event"], event["data"])


if __name__ == "__main__":
    url, token, room, file = sys.argv[1:]
    missed(url, token, room, Path(file))

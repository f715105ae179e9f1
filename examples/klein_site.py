"""
A hub beside the routes of Klein.

    python examples/klein_site.py
"""

import os

from klein import Klein

from ratchet_tx import Hub, RatchetResource, on


class Echo:
    @on("echo")
    def echo(self, event):
        event.connection.emit("echo", event.payload.data)


hub = Hub()
hub.applications.add(Echo())
sockets = RatchetResource(hub)

app = Klein()


@app.route("/")
def home(request):
    return "An ordinary page"


@app.route("/say/<word>")
def say(request, word):
    hub.emit("said", word)
    return f"Said {word} to everybody"


@app.route("/ws", branch=True)
def ws(request):
    return sockets


if __name__ == "__main__":
    app.run("127.0.0.1", int(os.environ.get("PORT", 8080)))

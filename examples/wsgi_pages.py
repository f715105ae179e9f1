"""
Pages by WSGI, as Flask and Django make them, beside the sockets: they run in threads, and publish from there.

    twistd -n --python examples/wsgi_pages.py
"""

import os

from twisted.application.service import Application
from twisted.internet import reactor
from twisted.web.wsgi import WSGIResource

from ratchet_tx import Hub, Settings, makeService

hub = Hub()


def pages(environ, startResponse):
    article = environ["PATH_INFO"].strip("/")
    if environ["REQUEST_METHOD"] == "POST":
        hub.publishFromThread("article.changed", article)
    startResponse("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return [f"This is {article}\n".encode()]


application = Application("pages")
settings = Settings(port=int(os.environ.get("PORT", 8080)), address="127.0.0.1")
makeService(settings, hub, WSGIResource(reactor, reactor.getThreadPool(), pages)).setServiceParent(application)

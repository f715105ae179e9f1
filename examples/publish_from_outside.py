"""
Publishing from another process, such as one of Django's or Flask's: a request to the admin endpoint.

    python -c 'import secrets; print(secrets.token_urlsafe(32))' > admin-token && chmod 600 admin-token
    twistd -n ratchet --admin-listen 9000 --admin-token-file admin-token
    python examples/publish_from_outside.py http://127.0.0.1:9000 admin-token
"""

import json
import sys
import uuid
from pathlib import Path
from urllib.request import Request, urlopen

server, tokenFile = sys.argv[1:]


def publish(event, data, **to):
    key = str(uuid.uuid4())  # who isn't sure that it has arrived sends it again, by the same key
    headers = {
        "Authorization": f"Bearer {Path(tokenFile).read_text().strip()}",
        "Content-Type": "application/json",
        "Idempotency-Key": key,
    }
    body = json.dumps({"event": event, "data": data, **to}).encode()
    with urlopen(Request(f"{server}/api/publish", body, headers), timeout=10) as response:
        return json.load(response)


print(publish("article.changed", {"title": "Tea"}))
print(publish("article.changed", {"title": "Tea"}, room="articles"))

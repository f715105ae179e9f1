"""
Logging in by JSON web tokens, which a login somewhere else signs; run by itself, this plays that login, and prints a token.

    export JWT_SECRET="$(python -c 'import secrets; print(secrets.token_urlsafe(32))')"
    cd examples && twistd -n ratchet --application jwt_login.Hello --provider jwt_login.provider
    python examples/jwt_login.py ada
"""

import os
import sys
import time

import jwt

from ratchet_tx import JWTClientProvider, on

provider = JWTClientProvider(os.environ["JWT_SECRET"], algorithms=["HS256"], audience="chat", issuer="login")


class Hello:
    @on("hello")
    def hello(self, event):
        return f"Hello, {event.connection.client.id}!"


def sign(user):
    claims = {"sub": user, "exp": time.time() + 3600, "aud": "chat", "iss": "login"}
    return jwt.encode(claims, os.environ["JWT_SECRET"], algorithm="HS256")


if __name__ == "__main__":
    print(sign(sys.argv[1]))

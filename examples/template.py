"""
The template macro: a page of Jinja2 in which the browser client logs in by itself.

    python examples/template.py > page.html
"""

from jinja2 import ChoiceLoader, DictLoader, Environment, PackageLoader

PAGE = """\
{% from "ratchet.html" import websocket_client %}
<!doctype html>
<title>Hello, {{ name }}</title>
{{ websocket_client(token, debug) }}
<script>const socket = new Ratchet()</script>
"""

environment = Environment(
    loader=ChoiceLoader([DictLoader({"page.html": PAGE}), PackageLoader("ratchet_tx.web")]),
    autoescape=True,
)

if __name__ == "__main__":
    print(environment.get_template("page.html").render(name="Ada", token="what issueAccessToken gave", debug=True))

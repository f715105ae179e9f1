"""
The command C{python -m ratchet_tx describe}: writes a document of the applications' events.

An error is one line and exit status 1.
"""

import sys
from argparse import ArgumentParser, Namespace
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path

import msgspec

from ratchet_tx.applications.registry import Applications
from ratchet_tx.describe.asyncapi import makeDocument
from ratchet_tx.describe.events import Registered, findRegistered
from ratchet_tx.describe.typescript import makeTypes
from ratchet_tx.errors import UsageError
from ratchet_tx.server.dottednames import addApplication
from ratchet_tx.server.tap import oneLine


def main(words: list[str] | None = None) -> None:
    """
    Run the command.

    @param words: the arguments; by default those of the process
    @raise SystemExit: with one line, for an error
    """
    options = _parser().parse_args(words)
    with oneLine():
        # The document goes to stdout, so what modules print while they are imported may not.
        with redirect_stdout(sys.stderr):
            registered = _find(options.application)
        for reason in registered.unseen:
            print(f"ratchet: left out {reason}", file=sys.stderr)
        _write(_describe(registered, options), options.output)


def _parser() -> ArgumentParser:
    parser = ArgumentParser("python -m ratchet_tx", description="Tools for servers of named JSON events.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    describe = commands.add_parser(
        "describe",
        help="write a document of the events",
        description="Write a document of the applications' events: what data they take and what they reply, "
        "as far as their handlers are annotated.",
    )
    describe.add_argument(
        "application",
        nargs="+",
        metavar="module:App",
        help="an application, as in twistd ratchet --application; with a colon or a dot",
    )
    describe.add_argument(
        "--format",
        choices=("asyncapi", "types"),
        default="asyncapi",
        help="an AsyncAPI 3.0 document in JSON, or TypeScript types for the browser client  [default: asyncapi]",
    )
    describe.add_argument("--output", metavar="FILE", help="the file to write to, instead of stdout")
    describe.add_argument("--title", help="the server's name  [default: the applications' names]")
    describe.add_argument("--api-version", help="the server's version  [default: the module's __version__, or 0]")
    return parser


def _find(names: list[str]) -> Registered:
    applications = Applications()
    for name in names:
        addApplication(applications, name.replace(":", ".", 1))
    return findRegistered(applications)


def _describe(registered: Registered, options: Namespace) -> str:
    if options.format == "types":
        return makeTypes(registered.events)
    title = options.title or ", ".join(options.application)
    version = options.api_version or _versionOf(options.application[0])
    document = makeDocument(registered.events, title, version)
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _versionOf(name: str) -> str:
    # Already imported: the application was found in it.
    package = import_module(name.replace(":", ".").partition(".")[0])
    return str(getattr(package, "__version__", 0))


def _write(text: str, output: str | None) -> None:
    if output is None:
        sys.stdout.buffer.write(text.encode())
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--output {output}: {error.strerror}") from None

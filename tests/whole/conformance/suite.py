"""
Runs the Autobahn test suite, through kosoku, against this package's server.

    python -m tests.whole.conformance.suite           all of its cases, and docs/conformance.rst is written anew
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import autobahn

from tests.kit.processes import ROOT, freePort, run, serving

#: The good results of a case: as RFC 6455 demands, or something that the RFC leaves open.
GOOD = ("OK", "INFORMATIONAL")

#: The cases of performance and compression take minutes; the quick set leaves them out.
SLOW = ("9.*", "12.*", "13.*")

REPORT = ROOT / "docs" / "conformance.rst"


class Outcome:
    """
    The suite's results.

    @ivar cases: the result of each case, and of its close
    """

    def __init__(self, cases: dict[str, tuple[str, str]]) -> None:
        self.cases = cases

    @property
    def bad(self) -> dict[str, tuple[str, str]]:
        """
        The failed cases.
        """
        return {name: said for name, said in self.cases.items() if not set(said) <= set(GOOD)}

    def table(self) -> str:
        """
        Count the results by the suite's sections, as a table in reStructuredText.
        """
        sections: dict[str, Counter[str]] = {}
        for name, (said, _) in self.cases.items():
            sections.setdefault(name.split(".")[0], Counter())[said] += 1
        line = "=======  =====  ====  =============  ====="
        rows = [line, "section  cases  OK    informational  other", line]
        for section, counted in sorted(sections.items(), key=lambda item: int(item[0])):
            other = counted.total() - counted["OK"] - counted["INFORMATIONAL"]
            rows.append(f"{section:7}  {counted.total():<5}  {counted['OK']:<4}  {counted['INFORMATIONAL']:<13}  {other}")
        return "\n".join([*rows, line])


def runSuite(exclude: Iterable[str] = (), without: Iterable[str] = ()) -> Outcome:
    """
    Run the suite's cases.

    @param exclude: the cases to leave out, as kosoku's patterns
    @param without: the shortcuts to leave out
    """
    port = freePort()
    words = [word for pattern in exclude for word in ("--exclude", pattern)]
    server = [sys.executable, "-m", "tests.whole.conformance.server", str(port), *without]
    with serving(server, port), TemporaryDirectory() as folder:
        kosoku = str(Path(sys.executable).with_name("kosoku"))
        ended = run([kosoku, f"127.0.0.1:{port}", "--parallelism", "2", "--outdir", folder, *words], patience=3600)
        index = Path(folder) / "index.json"
        if not index.exists():
            raise RuntimeError(ended.stdout + ended.stderr)
        (cases,) = json.loads(index.read_text()).values()
    return Outcome({name: (said["behavior"], said["behaviorClose"]) for name, said in cases.items()})


def main() -> None:
    """
    Run the whole suite, and write the report.
    """
    outcome = runSuite()
    print(outcome.table())
    text = f"""Conformance
===========

The Autobahn test suite, {len(outcome.cases)} cases of it through kosoku, against the protocol of ``ratchet_tx``, with
Autobahn {autobahn.__version__}: a subclass that gives messages back instead of to the hub, and that lets in binary, 16 MiB
messages and compression, and sends no pings of its own, which the suite would take for a case's end.
``make conformance`` runs it, with all on that makes the server fast, and writes this page; ``make test`` runs what takes
seconds, once with that and once without (``RATCHET_WITHOUT``).

{outcome.table()}

"Informational" is what RFC 6455 leaves open.
"""
    REPORT.write_text(text)
    for name, said in outcome.bad.items():
        print(name, *said)
    sys.exit(bool(outcome.bad))


if __name__ == "__main__":
    main()

"""
Compiles TypeScript with the browser client's types.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.kit.processes import PATIENCE, ROOT

MODULES = ROOT / "client" / "node_modules"

TYPES = ROOT / "ratchet_tx" / "web" / "browser" / "ratchet.d.ts"


def errors(program: Path) -> list[str]:
    """
    Compile a program strictly, next to the browser client's types.

    @return: the lines of the program in which there is an error
    """
    command, compiler = shutil.which("node"), MODULES / "typescript" / "bin" / "tsc"
    if command is None or not compiler.is_file():
        pytest.skip("Node or TypeScript is not installed: install nodejs and npm, and run npm install in client.")
    words = ["--noEmit", "--strict", "--target", "es2022", "--lib", "es2022,dom", "--pretty", "false"]
    ended = subprocess.run(
        [command, str(compiler), *words, str(TYPES), program.name],
        cwd=program.parent,
        capture_output=True,
        text=True,
        timeout=PATIENCE * 3,
        check=False,
    )
    lines = program.read_text().splitlines()
    places = [line.partition("): error")[0] for line in ended.stdout.splitlines() if "): error " in line]
    assert bool(places) is bool(ended.returncode), ended.stdout + ended.stderr
    assert all(place.startswith(f"{program.name}(") for place in places), ended.stdout
    return [lines[int(place.rpartition("(")[2].partition(",")[0]) - 1] for place in places]

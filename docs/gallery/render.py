"""Fills the gallery's pages and the README with real reports: ``python docs/gallery/render.py [page.md ...]``.

A page marks a place with ``<!-- report: file.py::test -->`` (or ``<!-- dis: file.py::function -->``) above a ``text`` block, and this
script writes into the block what pytest says, with a fixed seed and at 80 columns. A racy test passes in the gallery, for it is
expected to race, so here every test is asked to be race-free.

Before it writes anything it refuses a page with a ``python`` block that is not in the page's test file, word for word.
"""

from __future__ import annotations

import contextlib
import dis
import importlib
import io
import os
import re
import subprocess
import sys
import sysconfig
import textwrap
from collections.abc import Iterable
from pathlib import Path

GALLERY = Path(__file__).resolve().parent
ROOT = GALLERY.parents[1]
SEED = 20
COLUMNS = 80
BLOCK = re.compile(r"(<!-- (report|dis): (\S+) -->\n```text\n).*?(```\n)", re.DOTALL)
ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
PYTHON = re.compile(r"```python\n(.*?)```\n", re.DOTALL)

# Runs pytest with every expectation taken away, and told in the header instead. It comes to the interpreter as text, and not
# as a module, so that the only modules in scope are those that a reader's own run has.
ASK_TO_BE_RACE_FREE = """
import sys
import pytest

class Plugin:
    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items):
        from pytest_racecheck.model.report import RaceReport

        RaceReport.assert_racy = RaceReport.assert_race_free
        self.expected = [m.kwargs.get("expect") for i in items for m in i.iter_markers("racecheck")]
        for item in items:
            item.own_markers[:] = map(silent, item.own_markers)

    def pytest_report_collectionfinish(self):
        return f"expected: {self.expected}"

def silent(marker):
    words = {word: value for word, value in marker.kwargs.items() if word != "expect"}
    return getattr(pytest.mark, marker.name)(*marker.args, **words).mark

if __name__ == "__main__":
    sys.exit(pytest.main(sys.argv[1:], plugins=[Plugin()]))
"""


class Unexpected(Exception):
    """A test said something else than its page does."""


def main(names: list[str]) -> int:
    """Renders the named pages, or all of them; 1 if something stands in the way of any."""
    pages = [*sorted(GALLERY.glob("*.md")), ROOT / "README.md"]
    if names:
        pages = [page for page in pages if page.name in {Path(name).name for name in names}]
    complaints = [line for page in pages for line in stale_code(page)]
    if not complaints:
        complaints = [line for page in pages for line in render(page)]
    print(*complaints, sep="\n", file=sys.stderr)
    return 1 if complaints else 0


def render(page: Path) -> list[str]:
    """Fills the blocks of a page; one line for each that was left as it is."""
    complaints = []

    def filled(match: re.Match[str]) -> str:
        head, kind, node, tail = match.groups()
        try:
            return head + tidied(report_on(node) if kind == "report" else disassembled(node)) + tail
        except Unexpected as error:
            complaints.append(f"{page.name}: {node}: {error}")
            return match[0]

    before = page.read_text(encoding="utf-8")
    after = BLOCK.sub(filled, before)
    if after != before:
        page.write_text(after, encoding="utf-8")
    return complaints


def tidied(text: str) -> str:
    """The text without what differs from one machine or run to the next for no reason."""
    for folder in (ROOT, *map(sysconfig.get_path, ("stdlib", "purelib"))):
        text = text.replace(f"{folder}{os.sep}", "")
    text = ADDRESS.sub("0x...", text)
    return "".join(f"{line.rstrip()}\n" for line in text.strip("\n").splitlines())


def stale_code(page: Path) -> Iterable[str]:
    """One line for each python block that the page's test file does not contain."""
    program = GALLERY / f"test_{page.stem}.py"
    if program.exists():
        source = textwrap.dedent(program.read_text(encoding="utf-8"))
        for code in PYTHON.findall(page.read_text(encoding="utf-8")):
            if code not in source:
                first = code.strip().splitlines()[0]
                yield f"{page.name}: not in {program.name}: the block that begins {first!r}"


def report_on(node: str) -> str:
    """What pytest prints on one test: the failure without frame and footer, or the verbose line."""
    output = output_of(node)
    failure = re.search(r"^=+ FAILURES =+\n_+ .* _+\n+(.*?)^=+ .* =+$", output, re.M | re.S)
    passed = re.search(rf"^{re.escape(f'docs/gallery/{node}')} PASSED.*$", output, re.MULTILINE)
    if failure and "RaceFound" in failure[1] and "expected: ['race-free']" not in output:
        return report_alone(failure[1])
    if passed and "expected: ['race']" not in output:
        return passed[0]
    raise Unexpected(f"not what was expected:\n{textwrap.indent(output, '    ')}")


def report_alone(failure: str) -> str:
    """The failure as it is; only the report in it where a fixture's own frames would bury that."""
    report = re.search(r"^E +\S*RaceFound: .*?(?=^[^E])", failure, re.MULTILINE | re.DOTALL)
    return report[0] if report and "src/pytest_racecheck" in failure else failure


def output_of(node: str) -> str:
    """Runs one gallery test under --racecheck, as a reader would."""
    options = ["--racecheck", f"--racecheck-seed={SEED}", "-v", "-rN", "--tb=short", "--color=no"]
    options += ["-o", "console_output_style=classic", "-p", "no:cacheprovider", "-p", "no:randomly"]
    done = subprocess.run(
        [sys.executable, "-c", ASK_TO_BE_RACE_FREE, *options, f"docs/gallery/{node}"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": str(COLUMNS)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def disassembled(node: str) -> str:
    """The bytecode of a gallery function, by the interpreter that runs this script."""
    file, name = node.split("::")
    with contextlib.redirect_stdout(io.StringIO()) as output:
        dis.dis(getattr(importlib.import_module(Path(file).stem), name))
    version = "{}.{}".format(*sys.version_info)
    return f"CPython {version}\n" + output.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

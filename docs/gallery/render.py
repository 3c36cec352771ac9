"""Fills the gallery's pages with real reports: ``python docs/gallery/render.py [page.md ...]``.

A page marks a place with ``<!-- report: file.py::test -->`` (or ``<!-- dis: file.py::function -->``) above a ``text`` block, and this
script writes into the block what pytest says, with a fixed seed and at 80 columns. A racy test passes in the gallery, for it is
expected to race, so here every test is asked to be race-free: this file is also the pytest plugin that does so.

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
import textwrap
from collections.abc import Iterable
from pathlib import Path

import pytest

GALLERY = Path(__file__).resolve().parent
ROOT = GALLERY.parents[1]
SEED = 20
COLUMNS = 80
BLOCK = re.compile(r"(<!-- (report|dis): (\S+) -->\n```text\n).*?(```\n)", re.DOTALL)
PYTHON = re.compile(r"```python\n(.*?)```\n", re.DOTALL)


def main(names: list[str]) -> int:
    """Renders the named pages, or all of them; 1 if any was refused."""
    pages = [GALLERY / Path(name).name for name in names] or sorted(GALLERY.glob("*.md"))
    if stale := [line for page in pages for line in stale_code(page)]:
        print(*stale, sep="\n", file=sys.stderr)
        return 1
    for page in pages:
        text = page.read_text(encoding="utf-8")
        rendered = BLOCK.sub(filled, text)
        if rendered != text:
            page.write_text(rendered, encoding="utf-8")
        print(f"{page.name}: {len(BLOCK.findall(text))} blocks")
    return 0


def stale_code(page: Path) -> Iterable[str]:
    """One line for each python block that the page's test file does not contain."""
    program = GALLERY / f"test_{page.stem}.py"
    if program.exists():
        source = textwrap.dedent(program.read_text(encoding="utf-8"))
        for code in PYTHON.findall(page.read_text(encoding="utf-8")):
            if code not in source:
                first = code.strip().splitlines()[0]
                yield f"{page.name}: not in {program.name}: the block that begins {first!r}"


def filled(match: re.Match[str]) -> str:
    """The block with its text made anew."""
    head, kind, node, tail = match.groups()
    text = report_on(node) if kind == "report" else disassembled(node)
    lines = text.replace(f"{ROOT}{os.sep}", "").strip("\n").splitlines()
    return head + "".join(f"{line.rstrip()}\n" for line in lines) + tail


def report_on(node: str) -> str:
    """What pytest prints on one test: the failure without frame and footer, or the verbose line."""
    output = pytest_output(node)
    failure = re.search(r"^=+ FAILURES =+\n_+ .* _+\n+(.*?)^=+ .* in [\d.]+s", output, re.M | re.S)
    if failure:
        return failure[1]
    passed = re.search(rf"^{re.escape(f'docs/gallery/{node}')}.*$", output, re.MULTILINE)
    if passed:
        return passed[0]
    raise SystemExit(f"render.py: no report in what pytest says on {node}:\n{output}")


def pytest_output(node: str) -> str:
    """Runs one gallery test under --racecheck, as a reader would, with this file as a plugin."""
    command = [sys.executable, "-m", "pytest", "--racecheck", f"--racecheck-seed={SEED}"]
    command += ["-v", "-rN", "--color=no", "-p", "no:cacheprovider", "-p", "no:randomly"]
    path = os.pathsep.join(filter(None, (str(GALLERY), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [*command, "-p", "render", f"docs/gallery/{node}"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path, "COLUMNS": str(COLUMNS)},
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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Asks every program to be race-free, so that a racy one shows its report."""
    from pytest_racecheck.model.report import RaceReport

    for item in items:
        item.own_markers[:] = [without_expectation(marker) for marker in item.own_markers]
    RaceReport.assert_racy = RaceReport.assert_race_free  # type: ignore[method-assign]


def without_expectation(marker: pytest.Mark) -> pytest.Mark:
    """The same marker, silent about the verdict."""
    if marker.name != "racecheck" or "expect" not in marker.kwargs:
        return marker
    words = {word: value for word, value in marker.kwargs.items() if word != "expect"}
    silent: pytest.MarkDecorator = pytest.mark.racecheck(*marker.args, **words)
    return silent.mark


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

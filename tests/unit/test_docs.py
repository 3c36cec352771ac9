"""The reference says what the source says: options, their twins, and every message."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest_racecheck
from pytest_racecheck.model.pending import availability
from pytest_racecheck.plugin.options import OTHERS, SETTINGS, SWITCH

SOURCE = Path(pytest_racecheck.__file__).parent
REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
OPTIONS = (SWITCH, *SETTINGS, *OTHERS)
ERRORS = {"UsageError", "ScopeError", "SetupFailed", "RaceFound", "RaceNotFound", "Inconclusive"}
# Calls whose text says why a verdict is what it is, or what was not looked at, and which argument it is.
REASONS = {"Control": 1, "_note": 0, "tell": 0}
# Functions that return such a text, or several.
SAYING = {"first_difference", "divergence", "_not_covered"}


def rows(page: str) -> list[list[str]]:
    """The cells of all tables of a page of the reference, without their heads."""
    text = (REFERENCE / page).read_text(encoding="utf-8")
    tables = re.findall(r"^\|.*\|\n\|[-|]+\|\n((?:\|.*\|\n)+)", text, re.MULTILINE)
    lines = [line for table in tables for line in table.splitlines()]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_option_is_in_the_reference() -> None:
    """Options, ini twins and what is not available yet agree with what --help lists, in words and in placeholders."""
    described = (row for row in rows("options.md") if row[0].startswith("`--"))
    listed = {flag: (twin, meaning) for flag, twin, _, meaning in described}
    flags = {
        f"`{option.flag}`" if option.ini == "bool" else f"`{option.flag}={option.metavar}`": option
        for option in OPTIONS
    }
    assert listed.keys() == flags.keys()
    for flag, option in flags.items():
        twin, meaning = listed[flag]
        assert twin == f"`{option.key}`"
        missing = "not available yet" in option.help or bool(availability(option.word))
        assert ("not available yet" in meaning) == missing, flag


def template(node: ast.expr, constants: dict[str, str]) -> str | None:
    """A text of the source, with … for what is filled in; None for what is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Name):
        return constants.get(node.id)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value)
            if isinstance(part, ast.Constant)
            else template(part.value, constants) or "…"
            for part in node.values
            if isinstance(part, ast.Constant | ast.FormattedValue)
        )
    return None


def called(node: ast.Call) -> str:
    """The last part of the name of what is called."""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def in_source() -> Iterator[tuple[ast.expr, dict[str, str]]]:
    """Every expression of every module, with the module's constants that are texts."""
    for path in SOURCE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = {
            node.targets[0].id: text
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and (text := template(node.value, {})) is not None
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.expr):
                yield node, constants


def said() -> Iterator[str | None]:
    """What functions return, or yield, that put a reason into words; and what is given as one by name."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name in SAYING:
                yield from (
                    template(part, {}) for part in ast.walk(node) if isinstance(part, ast.JoinedStr)
                )
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "reason":
                yield template(node.value, {})
            elif isinstance(node, ast.keyword) and node.arg == "not_covered":
                yield from (
                    template(part, {})
                    for part in ast.walk(node.value)
                    if isinstance(part, ast.JoinedStr)
                )


def messages() -> set[str]:
    """What errors and reasons say."""
    found = set()
    for node, constants in in_source():
        if isinstance(node, ast.Call):
            place = 0 if called(node) in ERRORS else REASONS.get(called(node))
            if place is not None and len(node.args) > place:
                found.add(template(node.args[place], constants))
        elif isinstance(node, ast.Tuple) and re.match(r"\(Verdict\.\w+, ", ast.unparse(node)):
            found.add(template(node.elts[1], constants))
    found.update(said())
    return {text for text in found if text and re.search(r"[^\W\d]{3}", text.replace("…", ""))}


def pattern(documented: str) -> re.Pattern[str]:
    """What a documented message stands for."""
    return re.compile(".*".join(map(re.escape, documented.split("…"))), re.DOTALL)


DOCUMENTED = [text for cell, _ in rows("messages.md") for text in re.findall(r"`([^`]+)`", cell)]


def test_every_message_is_documented() -> None:
    """Each has an entry that says what to do."""
    entries = [pattern(entry) for entry in DOCUMENTED]
    found = messages()
    assert len(found) > 50
    assert not [text for text in found if not any(entry.fullmatch(text) for entry in entries)]


def test_every_documented_message_exists() -> None:
    """None is left over from an earlier time."""
    texts = {template(node, constants) for node, constants in in_source()} - {None}
    left_over = [entry for entry in DOCUMENTED if not any(map(pattern(entry).fullmatch, texts))]
    assert not left_over

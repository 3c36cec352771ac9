"""Source positions and task names as the reader knows them: paths from the project's root, and the program's own names."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

_FRAME = re.compile(r'\bFile "([^"]+)"')


class Places:
    """Spells the positions of one report, all of them alike."""

    def __init__(self, files: Iterable[str], root: str | Path | None = None) -> None:
        self._root = os.path.join(root or os.getcwd(), "")
        self._files = {os.path.normpath(file) for file in files}

    def long(self, file: str, line: int) -> str:
        """Relative to the root, or to where modules are found."""
        return f"{self._relative(file)}:{line}"

    def short(self, file: str, line: int) -> str:
        """The file's name, with as many folders as it takes to tell it from the report's other files."""
        parts = self._relative(file).split(os.sep)
        others = [other for other in self._files if other != os.path.normpath(file)]
        for count in range(1, len(parts)):
            ending = os.sep.join(parts[-count:])
            if not any(other.endswith(os.sep + ending) for other in others):
                return f"{ending}:{line}"
        return f"{os.sep.join(parts)}:{line}"

    def cut(self, text: str) -> str:
        """`text` with the paths in it relative to the root, and those of a traceback as any other."""
        text = _FRAME.sub(lambda match: f'File "{self._relative(match[1])}"', text)
        return text if len(self._root) < 2 else text.replace(self._root, "")

    def _relative(self, file: str) -> str:
        if file.startswith(self._root):
            return file[len(self._root) :]
        homes = [
            home
            for path in sys.path
            if path and file.startswith(home := path.rstrip(os.sep) + os.sep)
        ]
        return file[len(max(homes, key=len)) :] if homes else file


class Names:
    """Puts what the program calls its tasks in the place of what the tool calls them."""

    def __init__(self, titles: Mapping[str, str]) -> None:
        told = list(titles.values())
        self._shown = {
            name: title if told.count(title) == 1 else f"{title} ({name})"
            for name, title in titles.items()
        }
        names = "|".join(re.escape(name) for name in sorted(titles, key=len, reverse=True))
        self._any = re.compile(rf"(?<![\w/-])({names})(?![\w/-])") if titles else None

    def named(self, text: str) -> str:
        """`text` with the program's own names."""
        if self._any is None:
            return text
        return self._any.sub(lambda match: self._shown[match[0]], text)

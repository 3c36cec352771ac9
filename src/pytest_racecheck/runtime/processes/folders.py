"""What a call on a file does to others than that file: to the folder which it is in, and to what was moved away.

To list a folder is to read which names there are in it. That is a resource of its own, apart from the folder as a file: who asks whether
a folder exists is not disturbed by what is put into it. Calls that make a name or take one away write there, beside the file
that they are about; so a worker that removes a file which another one has on its list acts on an old answer. What merely changes a file's
contents leaves the names as they are.
"""

from __future__ import annotations

import os

from pytest_racecheck.runtime.processes.paths import key_of, shown
from pytest_racecheck.runtime.processes.request import Beside, Key

#: These read the names in the folder that they are given.
LISTING = frozenset({"listdir", "scandir"})
# These make a name, or take one away.
_NAMING = frozenset(
    {"mkdir", "rmdir", "unlink", "remove", "mkfifo", "rename", "replace", "link", "symlink"}
)
_TAKING_AWAY = frozenset({"rename", "replace"})
# While a campaign is on, that of `os` is a controlled one.
_lstat = os.lstat


def names_in(folder: str) -> Key:
    """The key of the names in a folder."""
    return ("folder", folder)


def beside(name: str, path: str, source: str | None) -> tuple[Beside, ...]:
    """What the function of `os` with that name touches beside the file at `path`; `source` is the other one that it is given."""
    if name in LISTING:
        return (Beside(key_of(path), shown(path), False),)
    if name not in _NAMING:
        return ()
    found = [_folder_of(path)]
    if name == "rmdir":
        found.append(Beside(names_in(path), shown(path), False))
    if name in _TAKING_AWAY and source is not None:
        found += [Beside(key_of(source), shown(source), True), _folder_of(source)]
    return tuple(dict.fromkeys(found))


def opening(path: str, *, makes: bool) -> tuple[Beside, ...]:
    """The same for a call that opens the file at `path`, and `makes` it if it is not there."""
    return () if not makes or _exists(path) else (_folder_of(path),)


def _folder_of(path: str) -> Beside:
    folder = os.path.dirname(path)
    return Beside(names_in(folder), shown(folder), True, names=True)


def _exists(path: str) -> bool:
    try:
        _lstat(path)
    except (OSError, ValueError):
        return False
    return True

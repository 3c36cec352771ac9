"""What rewriting produces: kept apart from the rewriting, so that code found in the cache never loads the `bytecode` library."""

from __future__ import annotations

from dataclasses import dataclass
from types import CodeType


@dataclass(frozen=True, slots=True)
class Template:
    """Rewritten code with placeholders, and the templates of the code nested in it by constant index."""

    code: CodeType
    nested: dict[int, Template]


class RewriteError(Exception):
    """Code cannot be rewritten; `code` is the innermost function that it failed on."""

    def __init__(self, code: CodeType, reason: str) -> None:
        super().__init__(reason)
        self.code = code

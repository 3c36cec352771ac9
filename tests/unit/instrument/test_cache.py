"""Rewritten code is kept, found again only for the same text, and never relied on."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_racecheck.instrument import rewrite
from pytest_racecheck.instrument.cache import TemplateCache, cache_path, fingerprint

SOURCE = """
def program(obj):
    def inner():
        return obj.y
    return obj.x, inner
"""


@pytest.fixture
def rewrites(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the functions that were really rewritten; writing compiled files is allowed."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    done: list[str] = []
    real = rewrite.rewrite

    def count(code):
        done.append(code.co_name)
        return real(code)

    monkeypatch.setattr(rewrite, "rewrite", count)
    return done


def test_the_same_code_is_rewritten_once_in_a_process(load, rewrites: list[str]) -> None:
    """The second request is answered from memory."""
    code = load(SOURCE).program.__code__
    cache = TemplateCache()
    assert cache.template(code) is cache.template(code)
    assert rewrites.count("program") == 1


def test_another_process_finds_it_on_disk(load, rewrites: list[str]) -> None:
    """A cache that starts empty takes what an earlier one wrote, nested code included."""
    code = load(SOURCE).program.__code__
    first = TemplateCache()
    template = first.template(code)
    first.save()
    rewrites.clear()
    again = TemplateCache().template(code)
    assert rewrites == []
    assert again == template
    assert list(again.nested) == [
        code.co_consts.index(c) for c in code.co_consts if hasattr(c, "co_code")
    ]


def test_it_lies_beside_the_compiled_module(load, rewrites: list[str], tmp_path: Path) -> None:
    """The file is in __pycache__, its name tells interpreter and format, and nothing else is left there."""
    module = load(SOURCE)
    cache = TemplateCache()
    cache.template(module.program.__code__)
    cache.save()
    files = list((tmp_path / "__pycache__").iterdir())
    assert [file.name for file in files] == [
        f"program_under_test.{sys.implementation.cache_tag}-racecheck-8.pyc"
    ]
    assert cache_path(module.__file__) == files[0]


def test_edited_code_is_rewritten_anew(load, rewrites: list[str]) -> None:
    """What was found under the old text is not used for the new one."""
    cache = TemplateCache()
    cache.template(load(SOURCE).program.__code__)
    cache.save()
    rewrites.clear()
    TemplateCache().template(load(SOURCE.replace("obj.x", "obj.z")).program.__code__)
    assert "program" in rewrites


@pytest.mark.parametrize("damage", [b"", b"nonsense", None], ids=["empty", "nonsense", "cut"])
def test_a_damaged_file_is_passed_over(damage: bytes | None, load, rewrites: list[str]) -> None:
    """Whatever became of the file, the code is rewritten as if it were not there."""
    module = load(SOURCE)
    cache = TemplateCache()
    cache.template(module.program.__code__)
    cache.save()
    path = cache_path(module.__file__)
    assert path is not None
    path.write_bytes(path.read_bytes()[:-9] if damage is None else damage)
    rewrites.clear()
    TemplateCache().template(module.program.__code__)
    assert "program" in rewrites


def test_nothing_is_written_where_python_writes_nothing(
    load, rewrites: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who turned compiled files off gets none from here either."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    cache = TemplateCache()
    cache.template(load(SOURCE).program.__code__)
    cache.save()
    assert not (tmp_path / "__pycache__").exists()


def test_a_cache_prefix_is_respected(
    load, rewrites: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compiled files that go elsewhere take these with them."""
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "prefix"))
    cache = TemplateCache()
    cache.template(load(SOURCE).program.__code__)
    cache.save()
    assert not (tmp_path / "__pycache__").exists()
    assert len(list((tmp_path / "prefix").rglob("*-racecheck-8.pyc"))) == 1


def test_a_place_that_cannot_be_written_is_passed_over(
    load, rewrites: list[str], tmp_path: Path
) -> None:
    """A file where the folder should be is as good as no permission."""
    module = load(SOURCE)
    (tmp_path / "__pycache__").write_text("")
    cache = TemplateCache()
    cache.template(module.program.__code__)
    cache.save()
    assert "program" in rewrites


def test_code_without_a_file_is_kept_in_memory_only() -> None:
    """Generated code has no place beside a module."""
    assert cache_path("<string>") is None
    assert cache_path("/no/such/file.py") is None


def test_the_fingerprint_is_the_same_under_every_hash_seed(tmp_path: Path) -> None:
    """Sets among the constants come in another order in each process; the fingerprint must not."""
    path = tmp_path / "seeded.py"
    path.write_text("def f(x):\n    return x in {'a', 'b', 'c', 'd'}, 10 ** 5000\n")
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import seeded\n"
        "from pytest_racecheck.instrument.cache import fingerprint\n"
        "print(fingerprint(seeded.f.__code__).hex())"
    )
    prints = {
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(filter(None, sys.path))},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(prints) == 1


def test_constants_that_are_equal_but_not_the_same_tell_code_apart(load) -> None:
    """1, 1.0 and True are equal, and code that holds one is not code that holds another."""
    codes = [
        load(f"def program():\n    return {value}\n").program.__code__
        for value in ("1", "1.0", "True")
    ]
    assert len({fingerprint(code) for code in codes}) == 3


def test_a_warm_start_does_not_load_the_bytecode_library(
    load, rewrites: list[str], tmp_path: Path
) -> None:
    """A spawned child that finds everything in the cache pays neither for rewriting nor for its library."""
    module = load(SOURCE)
    cache = TemplateCache()
    cache.template(module.program.__code__)
    cache.save()
    program = (
        "import importlib.util, sys\n"
        "from pathlib import Path\n"
        "from pytest_racecheck.instrument.install import Instrumentation\n"
        "from pytest_racecheck.instrument.scope import Scope\n"
        "source, name = sys.argv[1:]\n"
        "spec = importlib.util.spec_from_file_location(name, source)\n"
        "module = importlib.util.module_from_spec(spec)\n"
        "exec(compile(Path(source).read_text(), source, 'exec'), vars(module))\n"
        "class Hooks:\n"
        "    access = call = staticmethod(lambda obj, site, *_: print(site.kind.name, site.name))\n"
        "    place = staticmethod(lambda site: site)\n"
        "with Instrumentation(Scope(Path(source).parent), Hooks()):\n"
        "    module.program(type('T', (), {'x': 1}))\n"
        "print('bytecode' in sys.modules)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, module.__file__, module.__name__],
        env={"PYTHONPATH": ":".join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split("\n") == ["BEGIN ", "LOAD_CELL obj", "LOAD_ATTR x", "END ", "False", ""]
    assert importlib.util.find_spec("bytecode") is not None

"""Sessions that run targets on processes, from outside: how they begin, and how they are cut short."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap

import pytest

from extent import one_of_each_kind

METHODS = ["fork", "spawn", "forkserver"]


@pytest.fixture
def short_folder():
    """A folder for temporary files whose path leaves room for the name of a socket."""
    folder = tempfile.mkdtemp(prefix="rc-", dir="/tmp")
    yield folder
    shutil.rmtree(folder)


def test_children_end_with_the_session(tmp_path, short_folder, gone) -> None:
    """When the parent is killed, its children go too: those at the gate and those that run."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
        import os, signal, sys
        from pytest_racecheck import explore
        from pytest_racecheck.runtime.jitter import process_backend

        def hang():
            sys.stdout.write(f"{os.getpid()}\\n")
            sys.stdout.flush()
            while True:
                signal.pause()

        explore(hang, backend="process", start_method="fork")
        """)
    )
    process = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True,
        # Who is killed cannot remove its folder.
        env={**os.environ, "TMPDIR": short_folder},
    )  # fmt: skip
    assert process.stdout is not None
    pids = [int(process.stdout.readline()) for _ in range(2)]
    process.kill()
    process.wait()
    # Ends when no process holds the pipe any more.
    assert process.stdout.read() == ""
    process.stdout.close()
    assert all(gone(pid) for pid in pids)


KINDS = [f"{method}-{backend}" for method in METHODS for backend in ("process", "manager")]


@pytest.mark.parametrize("kind", one_of_each_kind(KINDS, {"fork-process", "spawn-manager"}))
def test_an_interrupted_campaign_leaves_nothing(tmp_path, short_folder, kind) -> None:
    """Ctrl-C, which the terminal sends to every process of the session, ends it all without a word from the children."""
    method, backend = kind.split("-")
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
        import itertools, os, signal
        from pytest_racecheck import explore

        runs = itertools.count()

        def target(run):
            while run.value >= 3:
                os.write(1, b"stuck\\n")
                signal.pause()

        def setup(shared):
            return shared.counter(next(runs))

        if __name__ == "__main__":
            explore(target, setup=setup, backend="{backend}", start_method="{method}", seconds=600)
        """)
    )
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "TMPDIR": short_folder},
    ) as process:
        assert process.stdout is not None
        begun = [process.stdout.readline() for _ in range(2)]
        os.killpg(process.pid, signal.SIGINT)
        # Returns when no process of the session holds the pipes any more.
        _, errors = process.communicate()
    assert begun == ["stuck\n", "stuck\n"]
    assert errors.count("Traceback (most recent call last)") == 1
    assert errors.strip().endswith("KeyboardInterrupt")
    assert process.returncode == -signal.SIGINT
    assert os.listdir(short_folder) == []


def test_forkserver_children_import_beforehand() -> None:
    """A fork server that is started for targets imports once what its children need."""
    code = textwrap.dedent("""
        import multiprocessing
        from multiprocessing import forkserver
        from pytest_racecheck.runtime.jitter.process_backend import ProcessBackend
        with ProcessBackend("forkserver").session():
            print(*forkserver._forkserver._preload_modules)
        """)
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split()[0] == "__main__"
    assert "pytest_racecheck.runtime.jitter.child" in told.stdout

"""What files are known by."""

from __future__ import annotations

import os

from pytest_racecheck.runtime.processes.paths import key_of, path_of, shown, shown_content


def test_one_file_has_one_path(tmp_path, monkeypatch) -> None:
    """Dots, relative names, bytes, links on the way and descriptors all lead to it."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    file = folder / "file"
    file.touch()
    monkeypatch.chdir(folder)
    with file.open() as opened:
        spellings = [
            file, str(file), os.fsencode(file), "file", "./file", "../folder/file", tmp_path / "link" / "file", opened.fileno(),
        ]  # fmt: skip
        assert {path_of(one) for one in spellings} == {os.path.realpath(file)}
    assert key_of(str(file)) == ("file", str(file))


def test_a_link_is_a_file_of_its_own(tmp_path) -> None:
    """What is at the end of a path may be exchanged, so it is not followed."""
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert path_of(tmp_path / "link") == os.path.realpath(tmp_path) + "/link"


def test_a_name_in_a_folder_that_is_open(tmp_path) -> None:
    """`dir_fd` says where a relative name begins."""
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        assert path_of("x", folder) == os.path.join(os.path.realpath(tmp_path), "x")
    finally:
        os.close(folder)
    assert path_of("x", folder) is None


def test_what_has_no_path() -> None:
    """Neither a pipe nor a descriptor that is closed nor an object has one."""
    reading, writing = os.pipe()
    try:
        assert path_of(reading) is None
    finally:
        os.close(reading)
        os.close(writing)
    assert path_of(reading) is None
    assert path_of(object()) is None


def test_a_file_that_was_deleted_keeps_its_path(tmp_path) -> None:
    """Who has it open goes on with it, and what is put in its place has the same name."""
    file = tmp_path / "file"
    with file.open("w") as opened:
        file.unlink()
        assert path_of(opened.fileno()) == os.path.realpath(file)


def test_reports_show_names_without_folders() -> None:
    """Where a run has put a file differs from run to run, and says nothing."""
    assert shown("/tmp/run-1/count.txt") == "'count.txt'"
    assert shown("/") == "'/'"
    assert shown_content(b"12\n") == r"'12\n'"
    assert shown_content(b"\xff") == r"b'\xff'"
    assert len(shown_content(b"x" * 1_000)) < 70

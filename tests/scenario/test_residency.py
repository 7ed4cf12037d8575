"""Bytes in the page cache: as the kernel's other witness counts them, and `unknown` where nobody can know."""
import os
import shutil

import pytest

from conftest import BIN, fincore, stoker, weight_files

PAGES = 2048


def part_resident(path):
    """8 MiB of which the kernel holds some: written, dropped, and read in three places."""
    path.write_bytes(os.urandom(PAGES * 4096))
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
        for page in (0, 700, PAGES - 1):
            os.pread(file.fileno(), 4096, page * 4096)


def test_equal_to_fincore(scratch):
    part_resident(scratch / "part")
    (scratch / "full").write_bytes(os.urandom(3 * 4096))
    (scratch / "empty").touch()
    document = stoker("--json", "residency", scratch).json
    assert len(document["files"]) == 3
    for file in document["files"]:
        assert file["resident_bytes"] == fincore(file["path"]), file
        assert file["bytes"] == os.path.getsize(file["path"])
    assert 0 < document["resident_bytes"] < document["bytes"]
    assert document["resident_bytes"] == sum(f["resident_bytes"] for f in document["files"])


def test_the_last_page_counts_as_far_as_the_file_goes(scratch):
    (scratch / "odd").write_bytes(os.urandom(12345))
    assert stoker("--json", "residency", scratch).json["resident_bytes"] == 12345
    assert fincore(scratch / "odd") == 4 * 4096


def test_equal_to_fincore_on_a_model(model):
    document = stoker("--json", "residency", model).json
    for path in weight_files(model):
        found = [f for f in document["files"] if f["path"] == str(path)]
        assert found and 0 <= fincore(path) - found[0]["resident_bytes"] < 4096


def test_text_names_files_and_the_sum(scratch):
    part_resident(scratch / "part")
    said = stoker("residency", scratch).out
    assert str(scratch / "part") in said and "in all, 1 files" in said


@pytest.mark.skipif(os.getuid() != 0, reason="only root can play another user")
def test_unowned_file_is_unknown(scratch):
    part_resident(scratch / "part")
    (scratch / "part").chmod(0o644)
    program = shutil.copy(BIN, scratch / "stoker")
    nobody = {"user": 65534, "group": 65534, "extra_groups": [], "program": program, "cwd": "/"}
    document = stoker("--json", "residency", scratch / "part", **nobody).json
    assert document["files"][0]["resident_bytes"] is None and document["resident_bytes"] is None
    assert document["files"][0]["reason"]
    assert "unknown" in stoker("residency", scratch / "part", **nobody).out


def test_missing_file(scratch):
    assert str(scratch / "gone") in stoker("residency", scratch / "gone", code=5).err

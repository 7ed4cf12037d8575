"""Eviction without root, proved after, with the holder named when a page stays."""
import os

from conftest import fincore, holder, stoker


def resident_file(path, size=4 << 20):
    path.write_bytes(os.urandom(size))
    return path


def test_nothing_stays(scratch):
    files = [resident_file(scratch / name) for name in "ab"]  # dirty still: written a moment ago
    document = stoker("--json", "evict", scratch).json
    assert document["resident_bytes"] == 0 and document["resident_bytes_before"] == document["bytes"]
    assert [fincore(f) for f in files] == [0, 0]
    assert all(f["holders"] == [] and f["reason"] is None for f in document["files"])


def test_content_is_kept(scratch):
    content = os.urandom(1 << 20)
    (scratch / "a").write_bytes(content)
    stoker("evict", scratch / "a")
    assert (scratch / "a").read_bytes() == content


def test_the_holder_is_named(scratch):
    path = resident_file(scratch / "held")
    with holder(path) as pid:
        ran = stoker("--json", "evict", path, code=3)
        file = ran.json["files"][0]
        assert [h["pid"] for h in file["holders"]] == [pid]
        assert str(pid) in file["reason"] and file["resident_bytes"] == fincore(path) > 0
        assert str(pid) in stoker("evict", path, code=3).out
    assert stoker("--json", "evict", path).json["resident_bytes"] == 0


def test_dry_run_leaves_it(scratch):
    path = resident_file(scratch / "a")
    document = stoker("--json", "evict", "--dry-run", path).json
    assert document["dry_run"] and fincore(path) == 4 << 20


def test_missing_file(scratch):
    assert str(scratch / "gone") in stoker("evict", scratch / "gone", code=5).err

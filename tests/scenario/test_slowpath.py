"""The slow path, mounted for real: the same bytes, a page cache that stays, nothing written, a clean way out.

No wall time is asserted: what a request waits is the unit tests' arithmetic, and bench/slowpath_truth.sh measures it.
"""
import concurrent.futures
import contextlib
import errno
import hashlib
import json
import mmap
import os
import shutil
import signal
import subprocess

import pytest

from conftest import BIN, environment, running, stoker, unable, validate, wait_until


@pytest.fixture(autouse=True)
def needs_fuse():
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        if os.geteuid() == 0:
            unable("no /dev/fuse here")
        pytest.skip("no /dev/fuse for this user")
    if os.geteuid() != 0 and not shutil.which("fusermount3"):
        pytest.skip("no fusermount3 here: package fuse3")


@pytest.fixture
def source(scratch):
    """Files of odd sizes, a folder, names that few would choose."""
    folder = scratch / "source"
    (folder / "sub").mkdir(parents=True)
    (folder / "empty").write_bytes(b"")
    (folder / "weights").write_bytes(os.urandom((9 << 20) + 4321))
    (folder / "sub" / "new\nline").write_bytes(os.urandom(5000))
    (folder / os.fsdecode(b"sub/\xff\xfe")).write_bytes(b"not UTF-8")
    (folder / "link").symlink_to("sub/new\nline")
    return folder


class Path:
    def __init__(self, child, point):
        self.child, self.point, self.errors = child, point, ""

    def end(self, code=0):
        """SIGTERM; gives the answer."""
        self.child.send_signal(signal.SIGTERM)
        return self.ended(code)

    def ended(self, code=0):
        out, self.errors = self.child.communicate(timeout=60)
        assert self.child.returncode == code, (out, self.errors)
        return validate(json.loads(out))


def unmount(point):
    """What a failed test left."""
    if shutil.which("fusermount3") and os.path.ismount(point):
        subprocess.run(["fusermount3", "-u", "-z", str(point)], check=False, stderr=subprocess.DEVNULL)


def is_mounted(point):
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as mounts:
        return any(line.split()[4] == str(point) for line in mounts)


@contextlib.contextmanager
def slowpath(source, point, *args):
    point.mkdir(exist_ok=True)
    try:
        with running([BIN, "--json", "lab", "slowpath", source, point, *args], stdout=subprocess.PIPE,
                     stderr=subprocess.PIPE, text=True, env=environment({})) as child:
            line = child.stderr.readline()
            assert line.startswith("slow path: "), line + child.stderr.read()
            yield Path(child, point)
    finally:
        unmount(point)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_same_bytes_names_and_links(source, scratch):
    with slowpath(source, scratch / "mnt", "--bandwidth", "400MiB/s", "--latency", "1ms") as path:
        for name in ("weights", "empty", "sub/new\nline", os.fsdecode(b"sub/\xff\xfe"), "link"):
            assert digest(path.point / name) == digest(source / name)
        assert sorted(os.listdir(path.point)) == sorted(os.listdir(source))
        assert os.readlink(path.point / "link") == "sub/new\nline"
        ours, theirs = os.stat(path.point / "weights"), os.stat(source / "weights")
        assert (ours.st_size, ours.st_mode, ours.st_mtime_ns, ours.st_ino) == \
               (theirs.st_size, theirs.st_mode, theirs.st_mtime_ns, theirs.st_ino)
        assert os.statvfs(path.point).f_blocks == os.statvfs(source).f_blocks
        answer = path.end()
    assert answer["bandwidth"] == 400 << 20 and answer["latency_s"] == 0.001
    assert answer["unmounted"] == "cleanly" and not is_mounted(path.point)


def test_the_second_read_is_the_page_caches(source, scratch):
    with slowpath(source, scratch / "mnt") as path:
        for _ in range(3):
            assert digest(path.point / "weights") == digest(source / "weights")
            assert os.listdir(path.point / "sub")
        answer = path.end()
    assert answer["bytes"] == os.path.getsize(source / "weights")
    # What is not a read: a lookup of the file, of the folder, an open each time, the root's facts, a listing.
    assert answer["requests"] - answer["reads"] < 20


def test_after_eviction_it_is_read_again(source, scratch):
    with slowpath(source, scratch / "mnt") as path:
        digest(path.point / "weights")
        assert stoker("--json", "evict", path.point / "weights").json["resident_bytes"] == 0
        digest(path.point / "weights")
        answer = path.end()
    assert answer["bytes"] == 2 * os.path.getsize(source / "weights")


def read_direct(path, offset, size=128 << 10):
    fd = os.open(path, os.O_RDONLY | os.O_DIRECT)
    try:
        buffer = mmap.mmap(-1, size)
        return os.preadv(fd, [buffer], offset), bytes(buffer)
    finally:
        os.close(fd)


def test_direct_reads_and_many_in_flight(source, scratch):
    """Each reader waits half a second, so that all are there at once on any machine."""
    content = (source / "weights").read_bytes()
    with slowpath(source, scratch / "mnt", "--latency", "500ms") as path:
        with concurrent.futures.ThreadPoolExecutor(64) as pool:
            offsets = [i * (128 << 10) for i in range(64)]
            for offset, (got, data) in zip(offsets, pool.map(lambda o: read_direct(path.point / "weights", o), offsets)):
                assert data[:got] == content[offset:offset + got] and got == 128 << 10
        answer = path.end()
    assert answer["bytes"] == 64 * (128 << 10) and answer["max_in_flight"] > 10


@pytest.mark.parametrize("change", [
    lambda p: open(p / "weights", "wb"), lambda p: open(p / "new", "wb"), lambda p: os.unlink(p / "weights"),
    lambda p: os.mkdir(p / "folder"), lambda p: os.rename(p / "weights", p / "other"), lambda p: os.chmod(p / "weights", 0),
    lambda p: os.truncate(p / "weights", 1), lambda p: os.symlink("a", p / "b"), lambda p: os.utime(p / "weights")],
    ids=["write", "create", "unlink", "mkdir", "rename", "chmod", "truncate", "symlink", "utime"])
def test_read_only(source, scratch, change):
    with slowpath(source, scratch / "mnt") as path:
        with pytest.raises(OSError) as refused:
            change(path.point)
        assert refused.value.errno == errno.EROFS
        path.end()
    assert (source / "weights").stat().st_size == (9 << 20) + 4321


def test_no_way_out_of_the_source(source, scratch):
    (scratch / "outside").mkdir()
    (scratch / "outside" / "secret").write_text("secret")
    (source / "way").symlink_to("../outside")
    (source / "sub" / "secret").write_text("harmless")
    with slowpath(source, scratch / "mnt") as path:
        assert os.readlink(path.point / "way") == "../outside"  # the client's kernel walks it, beside the mount
        assert (path.point / "sub" / "new\nline").read_bytes()  # the folder's node is known now
        os.rename(source / "sub", scratch / "moved")
        (source / "sub").symlink_to(scratch / "outside")
        with pytest.raises(OSError):
            (path.point / "sub" / "secret").read_text()
        path.end()


def test_unmounted_by_others(source, scratch):
    with slowpath(source, scratch / "mnt") as path:
        digest(path.point / "weights")
        subprocess.run(["umount", str(path.point)] if os.geteuid() == 0 else ["fusermount3", "-u", str(path.point)], check=True)
        assert path.ended()["unmounted"] == "by others"


def test_busy_it_goes_lazily_and_says_so(source, scratch):
    with slowpath(source, scratch / "mnt", "--latency", "1ms") as path:
        with open(path.point / "weights", "rb", buffering=0) as held:
            assert held.read(10)
            answer = path.end()
            with pytest.raises(OSError):
                os.pread(held.fileno(), 10, 8 << 20)
    assert answer["unmounted"] == "while busy" and not is_mounted(path.point)
    assert "busy" in path.errors


def state(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as facts:
        return facts.read().rpartition(")")[2].split()[0]


def test_a_request_that_waits_is_let_go(source, scratch):
    """A reader within a latency of a minute, when the path ends."""
    with slowpath(source, scratch / "mnt", "--latency", "60s") as path:
        with running(["cat", path.point / "weights"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as reader:
            wait_until("the reader waits in the kernel", lambda: state(reader.pid) in "DS")
            path.end()
            assert reader.wait(timeout=60) != 0


def test_the_mount_of_a_dead_one(source, scratch):
    with slowpath(source, scratch / "mnt") as path:
        path.child.kill()
        path.child.wait()
        error = stoker("lab", "slowpath", source, path.point, code=6).err
        assert f"fusermount3 -u -z {path.point}" in error and error.count("\n") == 1
        subprocess.run(["fusermount3", "-u", "-z", str(path.point)], check=True)
        with slowpath(source, path.point) as again:
            again.end()


def test_places_that_make_no_sense(source, scratch):
    full, empty = scratch / "full", scratch / "empty"
    full.mkdir()
    empty.mkdir()
    (full / "file").write_text("here")
    assert "gone" in stoker("lab", "slowpath", scratch / "gone", empty, code=5).err
    assert "gone" in stoker("lab", "slowpath", source, scratch / "gone", code=5).err
    assert "not empty" in stoker("lab", "slowpath", source, full, code=2).err
    assert "not a folder" in stoker("lab", "slowpath", source / "weights", empty, code=2).err
    for one, other in ((source, source), (source, source / "sub"), (scratch, empty)):
        stoker("lab", "slowpath", one, other, code=2)
    stoker("lab", "slowpath", source, empty, "--bandwidth", "fast", code=2)
    stoker("lab", "slowpath", source, empty, "--bandwidth", "1B/s", code=2)
    stoker("lab", "slowpath", source, empty, "--latency", "2min", code=2)
    assert os.listdir(empty) == [] and not is_mounted(empty)

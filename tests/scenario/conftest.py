"""Scenarios: the real program, run as a user runs it. STOKER_BIN says which one, else build/dev/bin/stoker."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import jsonschema
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(os.environ.get("STOKER_BIN", ROOT / "build/dev/bin/stoker")).resolve()
SCHEMAS = ROOT / "docs/schemas"
FAKE_ENGINE = [sys.executable, "-I", "-S", str(HERE / "fake_engine.py")]
LONG = 120.0  # seconds that anything but a real engine may take: a bound, not a measurement


def pytest_configure(config):
    config.addinivalue_line("markers", "real: needs a real engine or a real container; minutes, and packages")
    if not os.access(BIN, os.X_OK):
        pytest.exit(f"no program at {BIN}: build it (scripts/test does) or set STOKER_BIN", returncode=2)


def unable(reason):
    """What a test cannot have is a failure where everything must be tested, and a skip on somebody's laptop."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def wait_until(what, condition, seconds=LONG):
    """The first true value of condition; fails when it never comes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    pytest.fail(f"waited {seconds:.0f} s in vain: {what}")


def alive(pid):
    """Runs still; a zombie does not."""
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def validate(document):
    """Against the schema that the document names."""
    name = document["schema"].removeprefix("stoker.").partition("/")[0]
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    schema.pop("$id")  # a name, not an address: references inside would be looked for there
    jsonschema.validate(document, schema)
    return document


def environment(extra):
    """Ours without what would change a run, with PATH as it is."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("STOKER_", "HF_", "MODEL", "MAX_MODEL_LEN"))}
    return {**kept, **(extra or {})}


class Ran:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def json(self):
        return validate(json.loads(self.out))


def stoker(*args, code=0, env=None, timeout=LONG, program=BIN, **more):
    """Runs to the end, checks the exit code (one or several), gives what it said."""
    done = subprocess.run([str(program), *map(str, args)], capture_output=True, text=True, timeout=timeout,
                          env=environment(env), stdin=subprocess.DEVNULL, check=False, **more)
    codes = code if isinstance(code, (tuple, set)) else (code,)
    assert done.returncode in codes, f"exit {done.returncode}, wanted {codes}\n{done.stdout}\n{done.stderr}"
    return Ran(done)


@contextlib.contextmanager
def running(argv, **more):
    """A process of the test's own, ended with its group on the way out."""
    child = subprocess.Popen([str(a) for a in argv], start_new_session=True, **more)
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        for stream in (child.stdout, child.stderr):
            if stream:
                stream.close()


HOLD = """
import mmap, sys
file = open(sys.argv[1], "rb")
pages = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
sum(pages[::4096])
print("held", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def holder(path):
    """A process that maps a file and has touched every page of it; the value is its pid."""
    with running([sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "held\n"
        yield child.pid
        child.stdin.close()


def tree_of_pids(folder):
    """What fake_engine.py wrote about itself and its children."""
    return [int(p.name) for p in pathlib.Path(folder).iterdir() if p.name.isdigit()]


def weight_files(model):
    return sorted(p for p in pathlib.Path(model).iterdir() if p.suffix in (".safetensors", ".gguf"))


def fincore(path):
    """Bytes of a file in the page cache, as util-linux sees them: whole pages, the last one too."""
    if not shutil.which("fincore"):
        unable("fincore is not installed: package util-linux-extra")
    out = subprocess.run(["fincore", "-b", "-n", "-o", "RES", str(path)], capture_output=True, text=True, check=True)
    return int(out.stdout.strip() or 0)


def disk_folder():
    """A folder on a disk: memory is never cold. Readable for everybody, so that another user can be played."""
    for place in ("/var/tmp", str(BIN.parent)):
        kind = subprocess.run(["stat", "-f", "-c", "%T", place], capture_output=True, text=True, check=False).stdout
        if kind.strip() not in ("tmpfs", "ramfs", "") and os.access(place, os.W_OK):
            folder = pathlib.Path(tempfile.mkdtemp(prefix="stoker-scenario-", dir=place))
            folder.chmod(0o755)
            return folder
    return unable("no folder on a disk: /var/tmp lies in memory")


@pytest.fixture
def scratch():
    folder = disk_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def shelf():
    """Where models that several tests share are kept."""
    folder = disk_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def model(shelf):
    """A small model, read by many tests and written by none."""
    folder = shelf / "small"
    stoker("lab", "model", "qwen2.5-0.5b", folder, "--bytes", "64MiB", "--seed", "7")
    return folder


@pytest.fixture(scope="session")
def real_model(shelf):
    """The whole 0.5B shape, for engines that compute with it."""
    folder = shelf / "half-billion"
    stoker("lab", "model", "qwen2.5-0.5b", folder, timeout=600)
    return folder


def engine(name):
    """The program of a real engine, installed by the repository's own script."""
    done = subprocess.run([str(ROOT / "scripts/engines" / name)], capture_output=True, text=True, check=False, timeout=1800)
    if done.returncode != 0:
        unable(f"{name} cannot be installed here: {(done.stderr.strip().splitlines() or ['it said nothing'])[-1]}")
    return done.stdout.strip().splitlines()[-1]

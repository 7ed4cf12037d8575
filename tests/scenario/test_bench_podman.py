"""Engines in real containers: accounted by cgroup, stopped by id, weights outside the image and inside its layers."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from conftest import BIN, free_port, stoker, unable

pytestmark = pytest.mark.real
IMAGE = f"localhost/stoker-scenario-{os.getpid()}:1"
IMAGE_WITH_MODEL = f"localhost/stoker-scenario-{os.getpid()}:2"
# Without the limits runc may not be allowed to raise those above its own.
RUN = ["podman", "--runtime", "runc", "run", "--rm", "--network", "host", "--ulimit", "nofile=20000:20000", "--ulimit",
       "nproc=4096:4096"]


def podman(*args):
    return subprocess.run(["podman", *args], capture_output=True, text=True, check=False, timeout=300)


def libraries(program):
    """The shared objects that a program needs, its loader among them."""
    out = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=True).stdout
    return [pathlib.Path(p) for p in re.findall(r"(/\S+) \(0x", out)]


def fill_root(root):
    """A root of nothing but our program, what it links, and the folders that every system has."""
    for name in ("bin", "tmp", "etc", "proc", "sys", "dev", "model"):
        (root / name).mkdir(parents=True)
    (root / "etc/passwd").write_text("root:x:0:0::/:/bin/stoker\n")
    shutil.copy(BIN, root / "bin/stoker")
    for library in libraries(BIN):
        place = root / str(library).lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, place)


def make_image(root, name):
    tar = subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE)
    done = subprocess.run(["podman", "import", "-", name], stdin=tar.stdout, capture_output=True, text=True, check=False)
    tar.stdout.close()
    tar.wait()
    if done.returncode != 0:
        unable(f"podman cannot import an image here: {done.stderr.strip()}")


@pytest.fixture(scope="module")
def root(shelf):
    if os.getuid() != 0:
        pytest.skip("containers are tested as root only")
    if not shutil.which("podman") or not shutil.which("runc"):
        unable("podman and runc are not installed")
    folder = shelf / "root"
    fill_root(folder)
    yield folder


@pytest.fixture(scope="module")
def image(root):
    make_image(root, IMAGE)
    tried = subprocess.run([*RUN, IMAGE, "/bin/stoker", "--version"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        unable(f"podman cannot run a container here: {tried.stderr.strip()}")
    yield IMAGE
    podman("rmi", "-f", IMAGE)


@pytest.fixture(scope="module")
def image_with_model(root, image, model):
    shutil.copytree(model, root / "model", dirs_exist_ok=True)
    make_image(root, IMAGE_WITH_MODEL)
    yield IMAGE_WITH_MODEL
    podman("rmi", "-f", IMAGE_WITH_MODEL)


def containers():
    """Of our images: others may come and go meanwhile."""
    return [c for image in (IMAGE, IMAGE_WITH_MODEL) for c in podman("ps", "-aq", "--filter", f"ancestor={image}").stdout.split()]


def bench(model, out, run, *flags, **how):
    document = stoker("--json", "bench", "start", model, "--engine", "command", "--runs", "1", "--cooldown", "0", "--out", out,
                      *flags, "--", *run, timeout=600, **how).json
    assert containers() == []
    return document


def test_weights_outside_the_image(image, model, scratch):
    document = bench(model, scratch / "out", [*RUN, "-v", "{model}:/model:ro", image, "/bin/stoker", "lab", "engine", "/model",
                                              "--port", "{port}"])
    assert [(s["mode"], s["valid"], s["invalid_reason"]) for s in document["starts"]] == [
        ("cold", True, None), ("warm", True, None)]
    cold = document["starts"][0]
    assert cold["residency_before"] == 0 and cold["residency_after"] == 1
    assert cold["device_read_bytes"] >= 0.95 * cold["weight_bytes"]


def layer_of(image):
    """Where the image's one layer lies on the host: the files that the container's overlay reads through."""
    shown = podman("image", "inspect", image)
    driver = json.loads(shown.stdout)[0]["GraphDriver"]
    if driver["Name"] != "overlay":
        pytest.skip(f"podman's storage is {driver['Name']}: images are copied, not layered")
    return pathlib.Path(driver["Data"]["UpperDir"])


def test_weights_in_a_layer_of_the_image(image_with_model, scratch):
    layer = layer_of(image_with_model) / "model"
    document = bench(layer, scratch / "out", [*RUN, image_with_model, "/bin/stoker", "lab", "engine", "/model", "--port",
                                              "{port}"])
    assert [(s["mode"], s["valid"], s["invalid_reason"]) for s in document["starts"]] == [
        ("cold", True, None), ("warm", True, None)]


def test_container_that_dies(image, model, scratch):
    document = bench(model, scratch / "out", [*RUN, image, "/bin/stoker", "lab", "engine", "/gone", "--port", "{port}"], "--modes",
                     "warm", code=9)
    assert any("/gone" in line for line in document["starts"][0]["last_lines"])


def test_container_that_never_gets_ready(image, model, scratch):
    bench(model, scratch / "out", [*RUN, "-v", "{model}:/model:ro", image, "/bin/stoker", "lab", "engine", "/model", "--port",
                                   "{port}", "--init", "1000s"], "--modes", "warm", "--ready-timeout", "8s", code=10)


def test_named_container_is_stopped_too(image, model, scratch):
    name = f"stoker-scenario-{free_port()}"
    document = bench(model, scratch / "out", [*RUN, "--name", name, "-v", "{model}:/model:ro", image, "/bin/stoker", "lab",
                                              "engine", "/model", "--port", "{port}"], "--modes", "warm")
    assert document["starts"][0]["valid"] and podman("inspect", name).returncode != 0

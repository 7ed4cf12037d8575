"""`bench start` on what goes wrong: engines that fail, ports that are taken, input that is bad, a user who has enough."""
import signal
import socket
import subprocess
from pathlib import Path

import pytest

import weights
from conftest import (BIN, FAKE_ENGINE, alive, environment, free_port, running, stoker, tree_of_pids, wait_until)


def failing(model, scratch, behaviour, *more, code, port=None):
    """Runs the fake engine under bench start; afterwards none of its processes may be left."""
    pids = scratch / "pids"
    pids.mkdir()
    ran = stoker("--json", "bench", "start", model, "--runs", "1", "--cooldown", "0", "--modes", "warm", "--out",
                 scratch / "out", "--engine", "command", "--port", port or free_port(), *more, "--", *FAKE_ENGINE, pids,
                 port and free_port() or "{port}", behaviour, code=code)
    assert tree_of_pids(pids) and [pid for pid in tree_of_pids(pids) if alive(pid)] == []
    return ran


def test_engine_that_dies(model, scratch):
    ran = failing(model, scratch, "dies", code=9)
    start = ran.json["starts"][0]
    assert not start["valid"] and start["load_s"] is None and "3" in start["exit"]
    assert start["last_lines"][-1] == "fake engine: out of luck"
    assert "out of luck" in ran.err


def test_engine_that_cannot_be_found(model, scratch):
    ran = stoker("bench", "start", model, "--runs", "1", "--engine", "command", "--port", free_port(), "--out",
                 scratch / "out", "--", "/no/such/engine", "{model}", code=(5, 9))
    assert "/no/such/engine" in ran.err


@pytest.mark.parametrize("behaviour", ["never", "refuses", "deaf"])
def test_engine_that_never_gets_ready(model, scratch, behaviour):
    ran = failing(model, scratch, behaviour, "--ready-timeout", "6s", code=10)
    assert ran.json["starts"][0]["last_lines"][-1] == "fake engine: loading"
    assert "fake engine: loading" in ran.err


def test_engine_that_listens_on_another_port(model, scratch):
    failing(model, scratch, "ready", "--ready-timeout", "6s", code=10, port=free_port())


def test_taken_port(model, scratch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = stoker("--json", "bench", "start", model, "--engine", "lab", "--port", port, "--out", scratch / "out", code=6)
        assert str(port) in ran.err and ran.json
    assert not (scratch / "out").exists()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM], ids=lambda s: s.name)
@pytest.mark.parametrize("behaviour", ["never", "deaf"])
def test_interrupted(model, scratch, behaviour, sign):
    pids = scratch / "pids"
    pids.mkdir()
    with running([BIN, "bench", "start", model, "--engine", "command", "--port", free_port(), "--runs", "1", "--out",
                  scratch / "out", "--", *FAKE_ENGINE, pids, "{port}", behaviour], env=environment({}),
                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as ours:
        wait_until("the engine and its child run", lambda: len(tree_of_pids(pids)) == 2)
        ours.send_signal(sign)
        ours.communicate(timeout=120)
        assert ours.returncode == 130
    assert [pid for pid in tree_of_pids(pids) if alive(pid)] == []


def test_a_second_interrupt_ends_everything_at_once(model, scratch):
    pids = scratch / "pids"
    pids.mkdir()
    with running([BIN, "bench", "start", model, "--engine", "command", "--port", free_port(), "--runs", "1", "--out",
                  scratch / "out", "--", *FAKE_ENGINE, pids, "{port}", "deaf"], env=environment({}),
                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as ours:
        wait_until("the engine and its child run", lambda: len(tree_of_pids(pids)) == 2)
        ours.send_signal(signal.SIGINT)
        # The first is noticed when it is no longer pending; a second before that would be merged with it.
        wait_until("the first one is taken", lambda: "SigPnd:\t0000000000000000" in status_of(ours.pid) and "ShdPnd:\t0000000000000000" in status_of(ours.pid))
        ours.send_signal(signal.SIGINT)
        ours.communicate(timeout=15)
        assert ours.returncode == 130
    wait_until("nothing of the engine is left", lambda: not [pid for pid in tree_of_pids(pids) if alive(pid)])


def status_of(pid):
    return Path(f"/proc/{pid}/status").read_text()


def one_line(ran, *named):
    """The error is one line that names the file and the cause."""
    assert len(ran.err.splitlines()) == 1, ran.err
    assert ran.out == ""
    for word in named:
        assert str(word) in ran.err
    return ran.err


@pytest.mark.parametrize("make, codes, named", [row[1:] for row in weights.BROKEN], ids=weights.BROKEN_IDS)
def test_broken_model(scratch, make, codes, named):
    make(scratch / "model")
    ran = stoker("--quiet", "bench", "start", scratch / "model", "--engine", "lab", "--out", scratch / "out", code=codes)
    one_line(ran, named)
    assert not (scratch / "out").exists()


BAD_REQUESTS = [
    ("no engine", (), "--engine"),
    ("unknown engine", ("--engine", "vlm"), "vlm"),
    ("unknown mode", ("--engine", "lab", "--modes", "cold,hot"), "hot"),
    ("mode twice", ("--engine", "lab", "--modes", "cold,cold"), "cold"),
    ("no runs", ("--engine", "lab", "--runs", "0"), "--runs"),
    ("time that is none", ("--engine", "lab", "--cooldown", "soon"), "soon"),
    ("port out of range", ("--engine", "lab", "--port", "99999"), "--port"),
    ("unknown scope", ("--engine", "lab", "--cold-scope", "everything"), "everything"),
    ("unknown flag", ("--engine", "lab", "--frobnicate"), "--frobnicate"),
    ("command that nobody can compose", ("--engine", "command"), "command"),
]


@pytest.mark.parametrize("flags, named", [row[1:] for row in BAD_REQUESTS], ids=[r[0].replace(" ", "-") for r in BAD_REQUESTS])
def test_bad_request(model, scratch, flags, named):
    one_line(stoker("--quiet", "bench", "start", model, *flags, "--out", scratch / "out", code=2), named)
    assert not (scratch / "out").exists()


def test_out_that_is_a_file(model, scratch):
    (scratch / "out").write_text("mine")
    one_line(stoker("--quiet", "bench", "start", model, "--engine", "lab", "--out", scratch / "out", code=2), "out")
    assert (scratch / "out").read_text() == "mine"


def test_csv_of_somebody_else_is_left_alone(model, scratch):
    (scratch / "storage_load_bench.csv").write_text("a,b\n1,2\n")
    one_line(stoker("--quiet", "bench", "start", model, "--engine", "lab", "--out", scratch, code=2), "storage_load_bench.csv")
    assert (scratch / "storage_load_bench.csv").read_text() == "a,b\n1,2\n"
    assert [p.name for p in scratch.iterdir()] == ["storage_load_bench.csv"]


def test_nothing_is_written_when_no_model_is_named(scratch):
    one_line(stoker("--quiet", "bench", "start", "--engine", "lab", "--out", scratch / "out", code=2), "MODEL")

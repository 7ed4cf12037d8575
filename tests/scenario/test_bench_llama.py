"""A real llama-server on a GGUF of real shape: readiness by /health, phases, the loader that passes the cache by."""
import subprocess
import urllib.error
import urllib.request

import pytest

from conftest import engine, free_port, running, stoker, wait_until, weight_files

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def gguf(shelf):
    folder = shelf / "gguf"
    stoker("lab", "model", "qwen2.5-0.5b", folder, "--bytes", "256MiB", "--format", "gguf", timeout=600)
    return weight_files(folder)[0]


@pytest.fixture(scope="module")
def server():
    return engine("llama-server")


def bench(gguf, out, command, *flags, **how):
    return stoker("--json", "bench", "start", gguf, "--runs", "1", "--cooldown", "0", "--out", out, *flags, "--", *command,
                  timeout=900, **how).json


def command_of(server, *more):
    return [server, "-m", "{model}", "--host", "127.0.0.1", "--port", "{port}", "-c", "512", "-t", "2", "-lv", "4", *more]


def test_health_is_503_while_it_loads(gguf, server):
    port, seen = free_port(), []

    def status():
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
                code = answer.status
        except urllib.error.HTTPError as refused:
            code = refused.code
        except OSError:
            code = None
        seen.append(code)
        return code == 200

    stoker("evict", gguf)
    with running([server, "-m", gguf, "--host", "127.0.0.1", "--port", port, "-c", "512"], stdout=subprocess.DEVNULL,
                 stderr=subprocess.DEVNULL):
        wait_until("llama-server is ready", status)
    assert 503 in seen and seen[-1] == 200


def test_cold_and_warm(gguf, server, scratch):
    document = bench(gguf, scratch / "out", command_of(server))
    assert document["engine"] == "llama-server" and document["weight_format"] == "gguf"
    assert [(s["mode"], s["valid"], s["invalid_reason"]) for s in document["starts"]] == [
        ("cold", True, None), ("warm", True, None)]
    for start in document["starts"]:
        names = [p["name"] for p in start["phases"]]
        assert len(names) >= 3 and "unattributed" in names
        assert sum(p["seconds"] for p in start["phases"]) == pytest.approx(start["load_s"], abs=0.01)
        assert start["first_token_s"] > start["load_s"]
        assert start["residency_before"] == (0 if start["mode"] == "cold" else 1)


def test_direct_loading_is_warned_of(gguf, server, scratch):
    document = bench(gguf, scratch / "out", command_of(server, "--load-mode", "dio"), "--modes", "cold")
    assert any("page cache" in warning for warning in document["warnings"])
    start = document["starts"][0]
    assert start["valid"], start["invalid_reason"]
    assert start["residency_after"] < 0.5


def test_model_that_it_refuses(server, scratch):
    broken = scratch / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(60))
    ran = stoker("bench", "start", broken, "--runs", "1", "--out", scratch / "out", "--", *command_of(server), code=(4, 9))
    assert "broken.gguf" in ran.err

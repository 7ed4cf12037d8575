"""The reference engine: refuses until it has read every tensor, then answers."""
import json
import signal
import subprocess
import urllib.error
import urllib.request

import pytest

from conftest import BIN, environment, fincore, free_port, running, stoker, wait_until, weight_files


def get(port, path):
    """(status, body), or None while nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, ""
    except OSError:
        return None


@pytest.mark.parametrize("load", ["mmap", "read", "direct"])
def test_ready_then_ends_when_told(model, load):
    port = free_port()
    stoker("evict", model)
    with running([BIN, "lab", "engine", model, "--port", port, "--load", load], stderr=subprocess.PIPE, text=True,
                 env=environment({})) as engine:
        wait_until("/health answers 200", lambda: (get(port, "/health") or (0, ""))[0] == 200)
        listed = json.loads(get(port, "/v1/models")[1])
        assert len(listed["data"]) == 1
        assert get(port, "/no/such/page")[0] == 404
        cached = sum(fincore(p) for p in weight_files(model))
        assert cached < 1 << 20 if load == "direct" else cached > 32 << 20  # direct: the header's pages, a last odd block
        engine.send_signal(signal.SIGTERM)
        engine.wait(timeout=60)
        assert engine.returncode in (0, 130, 143)


def test_taken_port(model):
    port = free_port()
    with running([BIN, "lab", "engine", model, "--port", port], stderr=subprocess.DEVNULL):
        wait_until("the first one is ready", lambda: get(port, "/health"))
        assert str(port) in stoker("lab", "engine", model, "--port", port, code=6).err


def test_missing_model(scratch):
    assert "gone" in stoker("lab", "engine", scratch / "gone", "--port", free_port(), code=5).err

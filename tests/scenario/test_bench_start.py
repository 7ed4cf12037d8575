"""`bench start` on engines that behave: modes, proofs, files, figures."""
import csv
import json
import threading
import time
import urllib.request

import pytest

from conftest import BIN, FAKE_ENGINE, alive, free_port, holder, stoker, tree_of_pids, weight_files

HEADER = "run_id,mode,model,max_model_len,load_s,gpu_mem_used_mb,notes"


def bench(model, out, *more, runs=1, **how):
    return stoker("--json", "bench", "start", model, "--out", out, "--cooldown", "0", "--runs", runs, *more, **how)


def lab(model, out, *more, **how):
    return bench(model, out, "--engine", "lab", *more, **how)


def rows(out):
    with open(out / "storage_load_bench.csv", newline="") as file:
        return list(csv.DictReader(file))


def sums_up(start):
    total = sum(phase["seconds"] for phase in start["phases"])
    return total == pytest.approx(start["load_s"], abs=1e-6 * len(start["phases"]) + 1e-3)


def test_cold_and_warm(model, scratch):
    document = lab(model, scratch / "out", runs=2).json
    assert [s["mode"] for s in document["starts"]] == ["cold", "warm", "warm", "cold"]
    for start in document["starts"]:
        assert start["valid"] and start["invalid_reason"] is None and start["load_s"] > 0
        assert start["residency_before"] == (0 if start["mode"] == "cold" else 1)
        assert start["residency_after"] > 0.95  # a busy machine may reclaim some already
        assert sums_up(start) and "unattributed" in [p["name"] for p in start["phases"]]
        assert start["first_token_s"] is None  # it does not infer
    cold = [s for s in document["starts"] if s["mode"] == "cold"]
    assert all(s["device_read_bytes"] >= 0.95 * s["weight_bytes"] for s in cold)
    assert document["summary"]["modes"]["cold"]["valid"] == 2
    assert document["host"]["kernel"] and document["engine"] == "lab" and document["exit_code"] == 0


def test_files(model, scratch):
    out = scratch / "out"
    first = lab(model, out).json
    text = (out / "storage_load_bench.csv").read_text()
    assert text.splitlines()[0] == HEADER and len(text.splitlines()) == 3
    second = lab(model, out).json
    grown = (out / "storage_load_bench.csv").read_text()
    assert grown.startswith(text) and len(grown.splitlines()) == 5  # appended, never rewritten
    assert [r["run_id"] for r in rows(out)] == [s["run_id"] for s in first["starts"] + second["starts"]]
    for row, start in zip(rows(out), first["starts"] + second["starts"]):
        assert row["mode"] == start["mode"] and float(row["load_s"]) == pytest.approx(start["load_s"], abs=0.001)
    kept = json.loads((out / "storage_load_bench.json").read_text())
    assert [s["run_id"] for s in kept["starts"]] == [s["run_id"] for s in second["starts"]]
    markdown = (out / "storage_load_bench.md").read_text()
    assert "Cold in this guest" in markdown or "Cold on this machine" in markdown
    assert second["starts"][0]["run_id"] in markdown and first["starts"][0]["run_id"] not in markdown


@pytest.mark.parametrize("load", ["mmap", "read", "direct"])
def test_lab_flags_after_dashes(model, scratch, load):
    document = lab(model, scratch / "out", "--modes", "cold", "--", "--load", load).json
    start = document["starts"][0]
    assert start["valid"], start["invalid_reason"]
    assert document["command"][-2:] == ["--load", load]
    # Direct reads still leave the header's pages, and a tail shorter than a block.
    assert start["residency_after"] < 0.01 if load == "direct" else start["residency_after"] > 0.95


def test_prewarm_modes(model, scratch):
    starts = lab(model, scratch / "out", "--modes", "prewarm_cold,prewarm_warm").json["starts"]
    assert [s["valid"] for s in starts] == [True, True]
    assert all(s["warm_s"] >= 0 and s["residency_before"] == 1 for s in starts)


def test_environment_names_the_model_and_its_length(model, scratch):
    document = stoker("--json", "bench", "start", "--engine", "lab", "--runs", "1", "--modes", "warm", "--out", scratch / "out",
                      env={"MODEL_PATH": str(model), "MAX_MODEL_LEN": "4096"}).json
    assert document["model_path"] == str(model) and document["max_model_len"] == 4096
    assert rows(scratch / "out")[0]["max_model_len"] == "4096"


def test_dry_run_does_nothing(model, scratch):
    document = lab(model, scratch / "out", "--dry-run").json
    assert document["schema"] == "stoker.bench-start-plan/1" and str(model) in document["command"]
    assert not (scratch / "out").exists()


def test_text_is_a_table_and_where_the_files_are(model, scratch):
    said = stoker("bench", "start", model, "--engine", "lab", "--runs", "1", "--cooldown", "0", "--out", scratch / "out").out
    assert "cold" in said and "warm" in said and str(scratch / "out" / "storage_load_bench.md") in said


class Stopwatch(threading.Thread):
    """Asks /health by itself and notes when each start first answered; a start is over when it refuses again."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.url, self.ready, self.over = f"http://127.0.0.1:{port}/health", [], threading.Event()

    def run(self):
        up = False
        while not self.over.is_set():
            try:
                with urllib.request.urlopen(self.url, timeout=5) as answer:
                    healthy = answer.status == 200
            except OSError:
                healthy = False
            if healthy and not up:
                self.ready.append(time.time())
            up = healthy
            self.over.wait(0.005)


def test_load_s_against_an_outside_stopwatch(model, scratch):
    port = free_port()
    wrapper = scratch / "engine.sh"
    wrapper.write_text(f'#!/bin/sh\ndate +%s.%N >>{scratch}/began\n'
                       f'exec {BIN} lab engine "$1" --port "$2" --init 10s\n')
    watch = Stopwatch(port)
    watch.start()
    document = bench(model, scratch / "out", "--engine", "command", "--modes", "warm", "--port", port, "--", "/bin/sh", wrapper, "{model}", "{port}", runs=3).json
    watch.over.set()
    watch.join()
    began = [float(line) for line in (scratch / "began").read_text().split()]
    assert len(began) == len(watch.ready) == len(document["starts"]) == 3
    off = [abs(start["load_s"] / (ready - begin) - 1)
           for start, begin, ready in zip(document["starts"], began, watch.ready)]
    # The best one: what is wrong with our clock is wrong each time, while a busy machine holds up either by chance.
    assert min(off) < 0.01, off
    assert all(sums_up(start) for start in document["starts"])


def test_holder_is_refused_by_pid(model, scratch):
    with holder(weight_files(model)[0]) as pid:
        ran = lab(model, scratch / "out", code=6)
        assert str(pid) in ran.json["error"]["message"] and str(pid) in ran.err
    assert not (scratch / "out").exists()


def test_shared_node_goes_on_but_cold_runs_are_invalid(model, scratch):
    with holder(weight_files(model)[0]) as pid:
        document = lab(model, scratch / "out", "--shared-node", code=3).json
        cold, warm = document["starts"]
        assert not cold["valid"] and f"pid {pid}" in cold["invalid_reason"] and cold["load_s"] is None
        assert warm["valid"] and document["summary"]["modes"]["cold"]["valid"] == 0
        assert rows(scratch / "out")[0]["load_s"] == ""
        assert rows(scratch / "out")[0]["notes"].startswith("invalid:") and str(pid) in rows(scratch / "out")[0]["notes"]
        only_cold = lab(model, scratch / "out", "--shared-node", "--modes", "cold", code=4).json
        assert not only_cold["starts"][0]["valid"]


def test_whole_tree_is_ended_after_each_start(model, scratch):
    pids = scratch / "pids"
    pids.mkdir()
    document = bench(model, scratch / "out", "--modes", "warm", "--engine", "command", "--port",
                     free_port(), "--", *FAKE_ENGINE, pids, "{port}", "ready", runs=2).json
    assert len(document["starts"]) == 2 and len(tree_of_pids(pids)) == 4
    assert [pid for pid in tree_of_pids(pids) if alive(pid)] == []

#!/bin/bash
# How long `stoker --help` takes, as a whole process: median, and the ratio to `true` beside it.
# usage: bench/help_startup.sh [STOKER] [RUNS]
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
stoker=${1:-$here/build/release/bin/stoker}
runs=${2:-101}
python3 - "$stoker" "$runs" <<'PYTHON'
import os, platform, statistics, subprocess, sys, time

stoker, runs = sys.argv[1], int(sys.argv[2])


def once(argv):
    begun = time.perf_counter()
    subprocess.run(argv, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - begun) * 1e3


pairs = [(once([stoker, "--help"]), once(["true"])) for _ in range(runs)]
ours, floor = (statistics.median(column) for column in zip(*pairs))
print(f"| {time.strftime('%Y-%m-%d')} | {platform.release()}, {os.cpu_count()} cores | stoker --help {ours:.2f} ms"
      f" | true {floor:.2f} ms | ours alone {ours - floor:.2f} ms | {runs} pairs |")
PYTHON

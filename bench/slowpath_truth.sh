#!/usr/bin/env bash
# Whether `stoker lab slowpath` is as slow as it says: bandwidth against its cap, latency against what was asked,
# the page cache above it, and depth. Prints Markdown; medians of the runs; ends with 4 when a target is missed.
#
#   bench/slowpath_truth.sh [--bytes 1GiB] [--runs 5] [--stoker PROGRAM] [--folder FOLDER]
#
# The source lies in FOLDER (default /dev/shm: memory), so that its own reads add nothing.
set -euo pipefail

bytes=1GiB runs=5
stoker="$(dirname "$0")/../build/release/bin/stoker"
folder=/dev/shm
while [ $# -gt 0 ]; do
  case "$1" in
    --bytes) bytes="$2" ;;
    --runs) runs="$2" ;;
    --stoker) stoker="$2" ;;
    --folder) folder="$2" ;;
    *) sed -n '2,7p' "$0" >&2; exit 2 ;;
  esac
  shift 2
done
for tool in "$stoker" fio numfmt python3; do
  command -v "$tool" >/dev/null || { echo "missing: $tool (fio, coreutils, python3)" >&2; exit 1; }
done
size="$(numfmt --from=auto --suffix=B "${bytes%B}B")"; size="${size%B}"

work="$(mktemp -d "$folder/slowpath-truth-XXXXXX")"
trap 'rm -rf "$work"' EXIT
mkdir "$work/source" "$work/mount"
head -c "$size" /dev/urandom > "$work/source/data"

python3 - "$stoker" "$work" "$size" "$runs" <<'PYTHON'
import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import time

stoker, work, size, runs = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
source, mount = f"{work}/source", f"{work}/mount"
data = f"{mount}/data"
MIB = 1 << 20
missed = []


@contextlib.contextmanager
def path(bandwidth, latency_ms):
    argv = [stoker, "--json", "lab", "slowpath", source, mount, "--bandwidth", str(bandwidth), "--latency", f"{latency_ms}ms"]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as child:
        try:
            if not child.stderr.readline().startswith("slow path: "):
                sys.exit(f"not mounted: {child.stderr.read()}")
            yield
        finally:
            child.terminate()
            child.wait()


def fio(*options, file=data):
    """The read side of one fio job."""
    done = subprocess.run(["fio", "--name=truth", f"--filename={file}", "--readonly", "--output-format=json", *options],
                          check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["jobs"][0]["read"]


def direct(file=data, seconds=1.5):
    """Bytes a second of sequential direct reads, 1 MiB by 32 in flight."""
    return fio("--rw=read", "--bs=1M", "--direct=1", "--ioengine=libaio", "--iodepth=32", "--time_based", f"--runtime={seconds}",
               f"--size={size}", file=file)["bw_bytes"]


def median(sample):
    return statistics.median(sample() for _ in range(runs))


def evict():
    subprocess.run([stoker, "--quiet", "evict", data], check=True, stdout=subprocess.DEVNULL)


def buffered():
    """Bytes a second of one cold `cat`, of as much as 2 s of the cap."""
    fd = os.open(data, os.O_RDONLY)
    begun, left = time.perf_counter(), buffered.bytes
    while left > 0 and (got := len(os.read(fd, min(MIB, left)))):
        left -= got
    took = time.perf_counter() - begun
    os.close(fd)
    return (buffered.bytes - left) / took


def verdict(what, good):
    if not good:
        missed.append(what)
    return "yes" if good else "**no**"


print(f"## Slow path: is it as slow as it says\n\n{platform.release()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; source of "
      f"{size // MIB} MiB in {os.path.dirname(work)}; medians of {runs}\n")

with path(0, 0):
    ceiling = median(direct)
print(f"Without cap and latency the view itself gives {ceiling / MIB:.0f} MiB/s (direct, 1 MiB, 32 in flight).\n")
print("| cap MiB/s | latency | read | measured MiB/s | of the cap | within 5 % |\n|---:|---:|---|---:|---:|---|")
for cap in (50 * MIB, 200 * MIB, 2048 * MIB):
    for latency in (0, 2, 5):
        with path(cap, latency):
            rate = median(direct)
        reached = verdict(f"cap {cap // MIB} at {latency} ms", abs(rate / cap - 1) <= 0.05) if cap * 1.05 < ceiling else "beyond this machine"
        print(f"| {cap // MIB} | {latency} ms | direct, 32 × 1 MiB | {rate / MIB:.1f} | {rate / cap:.3f} | {reached} |", flush=True)
    buffered.bytes = min(size, 2 * cap)
    samples = []
    with path(cap, 0):
        for _ in range(runs):
            evict()
            samples.append(buffered())
    rate = statistics.median(samples)
    reached = verdict(f"cap {cap // MIB}, buffered", abs(rate / cap - 1) <= 0.05) if cap * 4 < ceiling else "one reader's speed"
    print(f"| {cap // MIB} | 0 ms | buffered, cold, one reader | {rate / MIB:.1f} | {rate / cap:.3f} | {reached} |", flush=True)

print("\n| latency | request | measured, median | less the FUSE trip | within 10 % |\n|---:|---:|---:|---:|---|")
trip = {}
for latency in (0, 2, 5):
    with path(0, latency):
        for kib in (4, 128):
            took = median(lambda k=kib: fio("--rw=randread", f"--bs={k}k", "--direct=1", "--ioengine=psync", "--time_based", "--runtime=1",
                                            f"--size={size}")["clat_ns"]["percentile"]["50.000000"] / 1e6)
            trip.setdefault(kib, took)
            rest = took - trip[kib]
            good = "the trip" if latency == 0 else verdict(f"latency {latency} ms, {kib} KiB", abs(rest / latency - 1) <= 0.1)
            print(f"| {latency} ms | {kib} KiB | {took:.3f} ms | {rest:.3f} ms | {good} |", flush=True)

with path(200 * MIB, 5):
    buffered.bytes = min(size, 400 * MIB)
    cold, warm = buffered(), median(buffered)
print(f"\nAt 200 MiB/s and 5 ms: cold {cold / MIB:.0f} MiB/s, read again {warm / MIB:.0f} MiB/s: "
      f"{warm / cold:.0f} × (from the page cache: {verdict('page cache', warm > 10 * cold)}).")
with path(0, 5):
    one, many = (median(lambda n=n: fio("--rw=randread", "--bs=128k", "--direct=1", "--ioengine=psync", f"--numjobs={n}", "--group_reporting",
                                        "--time_based", "--runtime=1.5", f"--size={size}", "--thread")["bw_bytes"]) for n in (1, 64))
print(f"At 5 ms without cap, direct reads of 128 KiB: one reader {one / MIB:.1f} MiB/s, 64 readers {many / MIB:.0f} MiB/s: "
      f"{many / one:.1f} × (more than 10: {verdict('64 readers', many > 10 * one)}).")
if missed:
    print(f"\nMissed: {'; '.join(missed)}")
    sys.exit(4)
PYTHON

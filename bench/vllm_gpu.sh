#!/bin/bash
# Cold and warm starts of a real vLLM on an NVIDIA card, by `stoker bench start`.
#
# usage: bench/vllm_gpu.sh [--shape qwen2.5-7b] [--runs 5] [--work DIR] [--out DIR] [--python PYTHON] [--scope weights]
#                          [--prepare-only | --measure-only]
#
# PYTHON must have vLLM importable. Prepared first, since they are no part of what is compared: the model, the
# bytecode of every package, and vLLM's compile and JIT caches, which converge only at the second start.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
stoker=${STOKER_BIN:-$here/build/release/bin/stoker}
shape=qwen2.5-7b runs=5 work=/var/tmp/stoker-gpu out="" python=python3 scope=weights prepare=yes measure=yes
while [ $# -gt 0 ]; do
  case $1 in
    --shape) shape=$2; shift ;;
    --runs) runs=$2; shift ;;
    --work) work=$2; shift ;;
    --out) out=$2; shift ;;
    --python) python=$2; shift ;;
    --scope) scope=$2; shift ;;
    --prepare-only) measure=no ;;
    --measure-only) prepare=no ;;
    *) echo "vllm_gpu.sh: unknown option $1" >&2; exit 2 ;;
  esac
  shift
done
out=${out:-$work/results}
model=$work/$shape
mkdir -p "$work" "$out"
export HF_HUB_OFFLINE=1 VLLM_NO_USAGE_STATS=1 MAX_MODEL_LEN=${MAX_MODEL_LEN:-4096}
engine=("$python" -m vllm.entrypoints.cli.main serve '{model}' --host 127.0.0.1 --port '{port}' --max-model-len "$MAX_MODEL_LEN")

if [ "$prepare" = yes ]; then
  [ -d "$model" ] || "$stoker" lab model "$shape" "$model"
  unset PYTHONDONTWRITEBYTECODE
  # Every folder on the interpreter's path that may be written gets its bytecode. (A few files of any
  # distribution do not compile, tests of syntax errors among them: no reason to stop.)
  mapfile -t folders < <("$python" -c 'import os, sys; print("\n".join(p for p in sys.path if os.path.isdir(p) and os.access(p, os.W_OK)))')
  "$python" -m compileall -qq -j 0 "${folders[@]}" || true
  "$stoker" bench start "$model" --modes warm --runs 2 --cooldown 2s --out "$work/prepare" -- "${engine[@]}"
fi
if [ "$measure" = yes ]; then
  "$stoker" bench start "$model" --modes cold,warm --runs "$runs" --cooldown 5s --cold-scope "$scope" --out "$out" -- "${engine[@]}"
  cat "$out/storage_load_bench.md"
fi

#!/usr/bin/env bash
# How fast `stoker lab model` writes, against what dd reaches on the same disk: pairs in turn, medians, their
# ratio. Prints one Markdown table.
#
#   bench/lab_model_rate.sh [FOLDER]       on that folder's disk (default: here); needs SIZE bytes free
#   SIZE=4000000000 PAIRS=5 SHAPE=qwen2.5-7b STOKER=build/release/bin/stoker
set -euo pipefail

folder=$(realpath "${1:-.}")
size=${SIZE:-4000000000}
pairs=${PAIRS:-5}
shape=${SHAPE:-qwen2.5-7b}
stoker=$(realpath "${STOKER:-$(dirname "$0")/../build/release/bin/stoker}")

work=$(mktemp -d "$folder/lab-model-rate-XXXXXX")
trap 'rm -rf "$work"' EXIT

now() { date +%s.%N; }
rate() { awk -v b="$1" -v s="$2" -v e="$3" 'BEGIN { printf "%.3f\n", b / (e - s) / 1e9 }'; }
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

one_dd() {
  local start; start=$(now)
  dd if=/dev/zero of="$work/zero" bs=4M count=$(((size + 4194303) / 4194304)) oflag=direct conv=fsync status=none
  rate "$(stat -c %s "$work/zero")" "$start" "$(now)"
  rm "$work/zero"
}

one_model() {
  local start end; start=$(now)
  "$stoker" --quiet lab model "$shape" "$work/model" --bytes "$size" --seed "$1" >/dev/null
  end=$(now)
  rate "$(find "$work/model" -type f -printf '%s\n' | awk '{ s += $1 } END { print s }')" "$start" "$end"
  rm -r "$work/model"
}

for i in $(seq "$pairs"); do
  one_dd >>"$work/dd.rates"
  one_model "$i" >>"$work/model.rates"
  echo "pair $i: dd $(tail -1 "$work/dd.rates") GB/s, lab model $(tail -1 "$work/model.rates") GB/s" >&2
done

dd_median=$(median <"$work/dd.rates")
model_median=$(median <"$work/model.rates")
cpu=$(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)
filesystem=$(df --output=fstype "$folder" | tail -1)
echo "| bytes | pairs | dd GB/s (median, all) | lab model GB/s (median, all) | ratio | machine |"
echo "|---|---|---|---|---|---|"
printf '| %s | %s | %s (%s) | %s (%s) | %s | %s, %s cores, %s, Linux %s |\n' "$size" "$pairs" "$dd_median" "$(paste -sd' ' "$work/dd.rates")" \
  "$model_median" "$(paste -sd' ' "$work/model.rates")" "$(awk -v a="$model_median" -v b="$dd_median" 'BEGIN { printf "%.2f", a / b }')" \
  "$cpu" "$(nproc)" "$filesystem" "$(uname -r)"

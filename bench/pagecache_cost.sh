#!/usr/bin/env bash
# What `stoker residency` and `stoker evict` cost on many resident files, against fincore and vmtouch.
# Prints Markdown. Pairs are interleaved, the order alternates; ratios are medians of the ratios within pairs.
#
#   bench/pagecache_cost.sh [--bytes 16GiB] [--files 1000] [--pairs 5] [--stoker PROGRAM] [--folder FOLDER]
set -euo pipefail

bytes=16GiB files=1000 pairs=5
stoker="$(dirname "$0")/../build/release/bin/stoker"
folder="${TMPDIR:-/var/tmp}"
while [ $# -gt 0 ]; do
  case "$1" in
    --bytes) bytes="$2" ;;
    --files) files="$2" ;;
    --pairs) pairs="$2" ;;
    --stoker) stoker="$2" ;;
    --folder) folder="$2" ;;
    *) sed -n '2,5p' "$0" >&2; exit 2 ;;
  esac
  shift 2
done
for tool in "$stoker" fincore vmtouch numfmt; do
  command -v "$tool" >/dev/null || { echo "missing: $tool (util-linux-extra, vmtouch, coreutils)" >&2; exit 1; }
done
bytes="$(numfmt --from=auto --suffix=B "${bytes%B}B")"; bytes="${bytes%B}"
each=$((bytes / files / 4096 * 4096))
total=$((each * files))

available=$(awk '/^MemAvailable:/ {printf "%.0f", $2 * 1024}' /proc/meminfo)
if [ "$total" -gt "$available" ]; then echo "$total bytes do not fit into the $available bytes of available memory" >&2; exit 7; fi

work="$(mktemp -d "$folder/pagecache-cost-XXXXXX")"
trap 'rm -rf "$work"' EXIT
data="$work/data"
mkdir "$data"
head -c "$each" /dev/urandom > "$data/file-00001"
for ((i = 2; i <= files; i++)); do cp --reflink=never "$data/file-00001" "$(printf '%s/file-%05d' "$data" "$i")"; done
sync -f "$data"

# Memory reclaim may take a page back while we read; so until all are there, a few times.
warm() {
  for _ in 1 2 3 4; do
    cat "$data"/* > /dev/null
    if [ "$(resident)" = "$total" ]; then return; fi
  done
  echo "only $(resident) of $total bytes stay resident: too little memory?" >&2; exit 7
}
resident() { fincore --bytes --noheadings --output RES "$data"/* | awk '{sum += $1} END {printf "%.0f", sum}'; }
# Seconds of a command; its output goes away, its failure ends the benchmark.
seconds() {
  local begin="$EPOCHREALTIME" end
  "$@" > /dev/null
  end="$EPOCHREALTIME"
  awk -v a="$begin" -v b="$end" 'BEGIN {printf "%.6f\n", b - a}'
}
expect() { # what, is, should be
  [ "$2" = "$3" ] || { echo "$1: $2 bytes resident, expected $3" >&2; exit 4; }
}

# sample NAME: one time of one contestant, from all files resident; appended to $work/NAME.
sample() {
  case "$1" in
    residency-stoker) seconds "$stoker" residency "$data" ;;
    residency-fincore) seconds fincore "$data"/* ;;
    residency-vmtouch) seconds vmtouch -m 1024G "$data" ;;
    evict-stoker) seconds "$stoker" evict "$data" ;;
    evict-vmtouch) seconds vmtouch -m 1024G -e "$data" ;;
  esac >> "$work/$1"
}
pair() { # two contestants, order by the pair's number; eviction starts from a full cache and is proved by fincore
  local order=("$1" "$2")
  if (($3 % 2)); then order=("$2" "$1"); fi
  for name in "${order[@]}"; do
    warm
    sample "$name"
    case "$name" in evict-*) expect "after $name" "$(resident)" 0 ;; esac
  done
}

median() { sort -g | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }
row() { # what, ours, theirs' name
  local ours="$work/$1-stoker" theirs="$work/$1-$2" ratios
  ratios="$(paste "$ours" "$theirs" | awk '{print $2 / $1}')"
  printf '| %s | %s | %.1f ms | %.1f ms | %.2f | %.2f-%.2f |\n' "$1" "$2" \
    "$(median < "$ours" | awk '{print $1 * 1000}')" "$(median < "$theirs" | awk '{print $1 * 1000}')" "$(median <<< "$ratios")" \
    "$(sort -g <<< "$ratios" | head -1)" "$(sort -g <<< "$ratios" | tail -1)"
}

rows=""
for contest in "residency fincore" "residency vmtouch" "evict vmtouch"; do
  read -r what peer <<< "$contest"
  : > "$work/$what-stoker"
  for ((p = 0; p < pairs; p++)); do pair "$what-stoker" "$what-$peer" "$p"; done
  rows+="$(row "$what" "$peer")"$'\n'
done

cat <<MARKDOWN
## Page cache: $(numfmt --to=iec-i --suffix=B "$total") in $files files, all resident

$(uname -sr), $(nproc) cores, $(stat -f -c %T "$data"), $(fincore --version), vmtouch $(vmtouch -h 2>&1 | awk '/vmtouch v/ {print $2; exit}'); $pairs pairs, order alternating.
Command: \`bench/pagecache_cost.sh --bytes $bytes --files $files --pairs $pairs\`

| what | against | stoker, median | peer, median | peer ÷ stoker | range |
|---|---|---:|---:|---:|---:|
${rows}
Above 1 stoker is faster. After each eviction fincore saw 0 bytes resident.
MARKDOWN

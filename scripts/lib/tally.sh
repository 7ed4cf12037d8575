# shellcheck shell=bash
# Sections with their seconds, and one sum of all tests at the end. Sourced by scripts/test.

passed=0
failed=0
skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# step TITLE COMMAND…: something that must work but is no test itself.
step() {
  local title=$1 began=$SECONDS
  shift
  printf '\n== %s\n' "$title"
  if "$@" 2>&1; then
    printf '== %s: %d s\n' "$title" $((SECONDS - began))
  else
    printf '== %s: FAILED after %d s\n' "$title" $((SECONDS - began))
    failed=$((failed + 1))
    return 1
  fi
}

# counted TITLE KIND COMMAND…: tests; KIND says how their output counts them: ctest, pytest, or one.
counted() {
  local title=$1 kind=$2 began=$SECONDS status
  shift 2
  printf '\n== %s\n' "$title"
  "$@" 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  local before=$failed
  "tally_$kind" "$status"
  # A runner that ends badly without naming a failed test has failed as a whole.
  [ "$status" -ne 0 ] && [ "$failed" -eq "$before" ] && failed=$((failed + 1))
  printf '== %s: %s, %d s\n' "$title" "$([ "$status" -eq 0 ] && echo passed || echo FAILED)" $((SECONDS - began))
}

tally_one() {
  if [ "$1" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

# "98% tests passed, 2 tests failed out of 120"; skipped ones are "Not Run" or "***Skipped".
tally_ctest() {
  local bad all skip
  read -r bad all < <(sed -nE 's/.*tests passed, ([0-9]+) tests? failed out of ([0-9]+).*/\1 \2/p' "$log" | tail -1)
  skip=$(grep -c '\*\*\*Skipped' "$log")
  failed=$((failed + ${bad:-0}))
  skipped=$((skipped + skip))
  passed=$((passed + ${all:-0} - ${bad:-0} - skip))
}

# "1 failed, 40 passed, 2 skipped, 1 error in 12.3s"
tally_pytest() {
  local last
  last=$(grep -E '(passed|failed|error|skipped).* in [0-9.]+s' "$log" | tail -1)
  passed=$((passed + $(figure passed "$last")))
  failed=$((failed + $(figure failed "$last") + $(figure 'errors?' "$last")))
  skipped=$((skipped + $(figure skipped "$last")))
}

# figure WORD LINE: the number in front of WORD, or 0.
figure() {
  local number
  number=$(grep -oE "[0-9]+ $1" <<<"$2" | grep -oE '^[0-9]+' | head -1)
  echo "${number:-0}"
}

finish() {
  printf '\n%d passed, %d failed, %d skipped in %d s\n' "$passed" "$failed" "$skipped" "$SECONDS"
  [ "$failed" -eq 0 ]
  exit
}

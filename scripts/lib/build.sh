# shellcheck shell=bash
# Configure and build one preset of CMakePresets.json. Sourced by the scripts beside it, from the root of the tree.

# build_preset PRESET [TARGET…]
build_preset() {
  local preset=$1
  shift
  local targets=()
  [ $# -gt 0 ] && targets=(--target "$@")
  cmake --preset "$preset" >&2 && cmake --build --preset "$preset" -j "$(nproc)" "${targets[@]}" >&2
}

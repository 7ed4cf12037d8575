# shellcheck shell=bash
# Where real engines are installed, outside the tree, and how that happens exactly once. Sourced by scripts/engines/*.

# engine_folder NAME: sets ENGINE (the folder) and STAMP (the file that says the installation is complete).
engine_folder() {
  local base=${STOKER_ENGINES:-${XDG_CACHE_HOME:-$HOME/.cache}/stoker-engines}
  mkdir -p "$base"
  ENGINE=$(cd "$base" && pwd)/$1
  STAMP=$ENGINE/.complete
}

# engine_once FUNCTION: runs it unless the stamp is there; whoever comes at the same time waits for the first.
engine_once() {
  [ -e "$STAMP" ] && return 0
  exec 9>"$ENGINE.lock"
  flock 9
  if [ ! -e "$STAMP" ]; then
    echo "installing into $ENGINE" >&2
    "$1"
  fi
  exec 9>&-
}

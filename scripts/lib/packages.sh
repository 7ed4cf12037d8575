# shellcheck shell=bash disable=SC2034
# The one list of Debian packages, and how they get onto a machine. Sourced by the scripts beside it.

STOKER_BUILD_PACKAGES=(
  g++ cmake ninja-build ccache
  libcli11-dev nlohmann-json3-dev libfmt-dev libspdlog-dev libexpected-dev libcpp-httplib-dev libssl-dev libfuse3-dev fuse3 pkg-config
)
# Without these nothing can be tested.
STOKER_TEST_PACKAGES=(git libgtest-dev libgmock-dev python3 python3-pytest python3-jsonschema)
# Without one of these its tests are skipped: fincore, shell scripts, fuzzers, containers (of the unit tests too).
STOKER_EXTRA_PACKAGES=(util-linux-extra shellcheck clang-16 libclang-rt-16-dev podman runc busybox-static)
# What the installers of real engines need.
STOKER_VLLM_PACKAGES=(python3 python3-venv ca-certificates g++ libnuma1)
STOKER_LLAMA_PACKAGES=(patchelf)

# missing_packages NAME…: those of them that are not installed, a line each.
missing_packages() {
  local name
  for name in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || echo "$name"
  done
}

# install_packages NAME…: installs what is missing; without root says in one line what to install, and fails.
install_packages() {
  local missing
  command -v dpkg-query >/dev/null || { echo "no dpkg here: install by hand: $*" >&2; return 1; }
  mapfile -t missing < <(missing_packages "$@")
  [ "${#missing[@]}" -eq 0 ] && return 0
  if [ "$(id -u)" -ne 0 ]; then
    echo "packages are missing and only root can install them: apt-get install ${missing[*]}" >&2
    return 1
  fi
  echo "installing ${missing[*]}" >&2
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq -o Acquire::Retries=3 update >&2 &&
    apt-get -qq -y -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}" >&2
}

# debian_archives: the archives that this machine's own apt uses for its release, "URI SUITE" a line, the main one first.
debian_archives() {
  local codename
  codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
  # shellcheck disable=SC2016 # the format is apt's, not ours
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk -v codename="$codename" '$3 == "main" && index($2, codename) == 1 {print $1, $2}' | sort -u -k2,2
}

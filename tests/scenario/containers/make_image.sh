#!/bin/sh
# Makes a container image of 2 MB that serves /health and /v1/models by busybox httpd, and imports it.
#
#     make_image.sh NAME:TAG [RUNTIME]
#
# An image of that name that exists already is kept: count the tag up when this script changes.
# Needs no registry and no daemon: the root is a folder, `podman import` takes it as a tar file.
# Packages: busybox-static, and podman with runc for the default runtime. Ends with 77 when one is missing.
set -eu

image=${1:?usage: make_image.sh NAME:TAG [RUNTIME]}
runtime=${2:-podman}

missing() {
    echo "make_image.sh: $1 is missing: apt-get install $2" >&2
    exit 77
}
command -v "$runtime" >/dev/null || missing "$runtime" "podman runc"
if "$runtime" image inspect "$image" >/dev/null 2>&1; then exit 0; fi
busybox=$(command -v busybox) || missing busybox busybox-static
# A dynamic busybox would ask for libraries that the image does not have.
if ldd "$busybox" >/dev/null 2>&1; then missing "a static busybox" busybox-static; fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/bin" "$root/dev" "$root/etc" "$root/proc" "$root/sys" "$root/tmp" "$root/www/v1"
cp "$busybox" "$root/bin/busybox"
for applet in cat dd echo httpd setsid sh sleep; do ln -s busybox "$root/bin/$applet"; done
echo '{"status":"ok"}' >"$root/www/health"
echo '{"object":"list","data":[{"id":"tiny","object":"model"}]}' >"$root/www/v1/models"

tar -C "$root" -c . | "$runtime" import - "$image" >/dev/null

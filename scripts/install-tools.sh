#!/bin/sh
# Installs what is missing of the named Debian packages; Node must be there.   usage: install-tools.sh chromium wrk …
set -eu
has() {
    command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || ls /usr/lib/"$1"/*/bin/ >/dev/null 2>&1
}
missing=""
for package in "$@"; do
    has "$package" || missing="$missing $package"
done
has node || { echo "Node 20 or newer is needed for the tests in a browser" >&2; exit 1; }
[ -z "$missing" ] && exit 0
has apt-get || { echo "please install:$missing" >&2; exit 1; }
[ "$(id -u)" = 0 ] && sudo="" || sudo="sudo"
# Services that packages bring are not started here: tests and benchmarks start their own.
$sudo apt-get update -qq
# shellcheck disable=SC2086  # a list of packages on purpose
RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null

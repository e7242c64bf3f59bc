#!/bin/sh
# What the end-to-end tests need beside Python: Debian's Chromium and ffmpeg, nginx and openssl for TLS.
set -eu
missing=""
for tool in chromium ffmpeg nginx openssl; do
    command -v "$tool" >/dev/null 2>&1 || [ -x "/usr/sbin/$tool" ] || missing="$missing $tool"
done
command -v node >/dev/null 2>&1 || { echo "Node 20 or newer is needed for the end-to-end tests" >&2; exit 1; }
[ -z "$missing" ] && exit 0
command -v apt-get >/dev/null 2>&1 || { echo "please install:$missing" >&2; exit 1; }
[ "$(id -u)" = 0 ] && sudo="" || sudo="sudo"
# Services that packages bring are not started here: the tests start their own.
$sudo apt-get update -qq
# shellcheck disable=SC2086  # a list of packages on purpose
RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null

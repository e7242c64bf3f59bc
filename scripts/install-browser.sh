#!/bin/sh
# What the end-to-end tests drive and make media with: Debian's Chromium and ffmpeg.
set -eu
missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v ffmpeg >/dev/null 2>&1 || missing="$missing ffmpeg"
command -v node >/dev/null 2>&1 || { echo "Node 20 or newer is needed for the end-to-end tests" >&2; exit 1; }
[ -z "$missing" ] && exit 0
command -v apt-get >/dev/null 2>&1 || { echo "please install:$missing" >&2; exit 1; }
[ "$(id -u)" = 0 ] && sudo="" || sudo="sudo"
$sudo apt-get update -qq
# shellcheck disable=SC2086  # a list of packages on purpose
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null

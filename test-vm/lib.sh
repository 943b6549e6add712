# shellcheck shell=sh
# What the scripts here share.

say() { echo "== $*"; }
die() { echo "${0##*/}: $*" >&2; exit 1; }

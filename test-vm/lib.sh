# shellcheck shell=sh
# Functions for the scripts of this directory.

say() { echo "== $*"; }
die() { echo "${0##*/}: $*" >&2; exit 1; }

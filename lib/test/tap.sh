# shellcheck shell=sh
# Sourced by test scripts: TAP lines and a scratch directory that is removed at the end.
# A script ends with `tap_done`; its exit status is then non-zero if a test failed. With TAP_FIRST=1 it ends
# after the first that fails.

tap_n=0 tap_bad=0
T=$(mktemp -d) || exit 1
export T
export SHELL=/bin/bash # script(1) runs its command by it, and dash drops the functions that bash exports
trap 'chmod -R u+rwX "$T" 2>/dev/null; rm -rf "$T"' EXIT
trap 'exit 1' INT TERM HUP

# ok NAME COMMAND…: passes if the command does; its output is shown only when it fails.
ok() {
    tap_what=$1
    shift
    if "$@" >"$T/.out" 2>&1; then pass "$tap_what"; else fail "$tap_what" "$T/.out"; fi
}

# fails_with STATUS NAME COMMAND…: passes if the command exits with STATUS; output is left in $T/.out.
fails_with() {
    tap_status=$1 tap_what=$2
    shift 2
    "$@" >"$T/.out" 2>&1
    tap_rc=$?
    if [ "$tap_rc" -eq "$tap_status" ]; then
        pass "$tap_what"
    else
        echo "exit status $tap_rc, expected $tap_status" >>"$T/.out"
        fail "$tap_what" "$T/.out"
    fi
}

# says NAME TEXT: passes if the last output held TEXT.
says() {
    if grep -F -q -- "$2" "$T/.out"; then pass "$1"; else fail "$1" "$T/.out"; fi
}

# is NAME GOT WANTED
is() {
    if [ "$2" = "$3" ]; then
        pass "$1"
    else
        printf 'got:    %s\nwanted: %s\n' "$2" "$3" >"$T/.is"
        fail "$1" "$T/.is"
    fi
}

pass() {
    tap_n=$((tap_n + 1))
    echo "ok $tap_n - $1"
}

# fail NAME [FILE]: FILE's lines are the diagnosis.
fail() {
    tap_n=$((tap_n + 1)) tap_bad=$((tap_bad + 1))
    echo "not ok $tap_n - $1"
    [ -z "${2-}" ] || sed 's/^/# /' "$2" | head -n 40
    [ -z "${TAP_FIRST-}" ] || exit 1
}

# skip NAME REASON
skip() {
    tap_n=$((tap_n + 1))
    echo "ok $tap_n - $1 # SKIP $2"
}

tap_done() {
    echo "1..$tap_n"
    exit $((tap_bad > 0))
}

# shellcheck shell=sh
# Sourced by the agent's test scripts, after tap.sh: a share, a client, and commands for both. The
# caller is in $T.

# Runs sync their file system: in memory they do not wait for what others write to the disk. A TMPDIR is kept to.
shm=$(mktemp -d -p /dev/shm 2>/dev/null) && printf '#!/bin/sh\n' >"$shm/x" && chmod +x "$shm/x"
if [ -z "${TMPDIR-}" ] && [ -n "$shm" ] && "$shm/x" &&
    [ "$(df -k --output=avail "$shm" | tail -n 1)" -gt 1000000 ]; then
    rm -r "$T"
    T=$shm
else
    rm -rf "$shm"
fi

UUID=01234567-89ab-cdef-0123-456789abcdef
export UUID

# new_share: an empty share with its key, and a blank root.
new_share() {
    rm -rf share root state
    mkdir -p share/gen share/manifest root
    [ -e key ] || xf-manifest keygen -o key
}

# tree N: the directory of generation N, begun as a copy of N-1.
tree() {
    [ -d "share/gen/$1" ] || if [ -d "share/gen/$(($1 - 1))" ]; then
        cp -a "share/gen/$(($1 - 1))" "share/gen/$1"
    else
        mkdir -p "share/gen/$1/etc"
    fi
    echo "share/gen/$1"
}

publish() { # N: with the delta from N-1, if that was published
    former=share/manifest/$(($1 - 1)).mtree.gz
    [ -e "$former" ] || former=
    xf-manifest create "share/gen/$1" -o "share/manifest/$1.mtree.gz" --key key --generation "$1" \
        --share "$UUID" ${former:+--previous $(($1 - 1))} >/dev/null &&
        { [ -z "$former" ] || xf-manifest delta "$former" "share/manifest/$1.mtree.gz" -o "share/manifest/$1.delta.gz" --key key; } &&
        echo "$1" >share/current
}

agent() { xf-agent "$@" --root root --state state --pub key.pub --source share; }

# reconciles STATUS NAME: by that exit status.
reconciles() { fails_with "$1" "$2" agent reconcile --again; }

# quietly STATUS COMMAND…: true if it ends with that status; for use inside of ok.
quietly() {
    wanted=$1
    shift
    "$@" >"$T/.quiet" 2>&1
    [ $? -eq "$wanted" ] || { cat "$T/.quiet"; return 1; }
}

# snapshot DIRECTORY: names, kinds, owners, modes and contents of all in it, to be compared.
snapshot() {
    (cd "$1" && find . -path ./var/lib/xenfarm -prune -o -printf '%p %y %m %u %g %l\n' -type f \
        -exec sha256sum {} + | sort)
}

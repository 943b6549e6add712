# shellcheck shell=sh
# Sourced by tests of xf-agentd after tap.sh: namespaces of its own, with all ports, and with a /run and a /var/lib that are not
# the machine's; a client web7 with 127.0.0.9, whose servers are 127.0.0.2 and 127.0.0.1.
top=$(cd "${0%/*}/../../.." && pwd)
B=${B:-$top/build}

if [ -z "${XF_INSIDE-}" ]; then
    mapped=-r
    [ "$(id -u)" -ne 0 ] || mapped=
    # shellcheck disable=SC2086
    if ! unshare $mapped -mn mount -t tmpfs none /run 2>"$T/err"; then
        skip "xf-agentd" "no namespaces here: $(cat "$T/err")"
        tap_done
    fi
    rm -rf "$T"
    # shellcheck disable=SC2086
    XF_INSIDE=1 exec unshare $mapped -mnp --fork --kill-child --mount-proc "$0"
fi
cd "$T" || exit 1
mount -t tmpfs none /run && mount -t tmpfs none /var/lib && ip link set lo up || exit 1
mkdir -p /run/xenfarm/agent /run/xenfarm/agentd bin

cat >/run/xenfarm/boot <<END
version=1
name=web7
client=127.0.0.9
servers=127.0.0.2,127.0.0.1
server=127.0.0.2
tree=/mroot/live
END

# start: as systemd does, on the first connection; sets $agentd.
start() {
    systemd-socket-activate -l 127.0.0.9:8650 xf-agentd serve 2>>activate.log &
    # shellcheck disable=SC2034 # for who sources this
    agentd=$!
    until [ -n "$(ss -Hltn 'sport = :8650')" ]; do sleep 0.05; done
}
call() { "$B/test/fleet-call" "$@"; }
ask() { call 127.0.0.9 web7 "$@"; }
# stand_in PROGRAM SCRIPT: in place of what it runs
stand_in() { mkdir -p bin && printf '#!/bin/sh\n%s\n' "$2" >"bin/$1" && chmod +x "bin/$1"; }

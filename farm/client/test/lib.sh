# shellcheck shell=bash
# What the tests of clients share; sourced after tap.sh. A libvirtd of this test's own, without root and without
# virtual machines: libvirt's test driver, whose domains live as long as one connection is open.

# shellcheck disable=SC2034 # read by the tests
virt_bad=$(for p in libvirtd virsh unshare setpriv; do command -v "$p" >/dev/null || printf ' %s' "$p"; done)

# as_nobody COMMAND…: without root's rights, so that libvirtd uses nothing of the machine, and without its network where
# that can be had
as_nobody() {
    local drop=() network=()
    if [ "$(id -u)" -eq 0 ]; then
        drop=(setpriv --reuid=65534 --regid=65534 --clear-groups)
        ! unshare -n true 2>/dev/null || network=(unshare -n)
    elif unshare -Un --map-current-user true 2>/dev/null; then
        network=(unshare -Un --map-current-user)
    fi
    "${network[@]}" "${drop[@]}" "$@"
}

# virt_start: sets $URI; conf gets all settings of clients.
virt_start() {
    mkdir -p "$T/virt/home" "$T/images" "$T/boot"
    chmod 711 "$T"
    chmod -R 777 "$T/virt"
    printf '%s\n' "unix_sock_dir = \"$T/virt\"" 'auth_unix_rw = "none"' "log_outputs = \"3:file:$T/virt/log\"" >"$T/virt.conf"
    XDG_RUNTIME_DIR=$T/virt HOME=$T/virt/home as_nobody libvirtd -f "$T/virt.conf" -p "$T/virt/pid" >"$T/virt/out" 2>&1 &
    SOCKET=$T/virt/libvirt-sock
    URI="test+unix:///default?socket=$SOCKET"
    until_true test -S "$SOCKET"
    virt_hold
}

# The domains of the test driver go with its last connection.
virt_hold() {
    mkfifo "$T/virt/hold"
    virsh -q -c "$URI" <"$T/virt/hold" >/dev/null 2>&1 &
    exec 8>"$T/virt/hold"
    until_true v list
}

virt_stop() {
    exec 8>&-
    [ ! -s "$T/virt/pid" ] || kill "$(cat "$T/virt/pid")"
    wait
}

until_true() {
    local n=0
    until "$@" >/dev/null 2>&1; do
        [ $((n += 1)) -le 200 ] || return 1
        sleep 0.05
    done
}

v() { virsh -q -c "$URI" "$@" 8>&-; }

# settings [LINE…]: ./conf
settings() {
    printf '%s\n' "share = $T/share" "key = $T/key" "uri = $URI" "network = default" "address = 10.77.0.1/16" "disks = $T/images" \
        "boot = $T/boot" "log = $T/log" "run = $T/run" "disk = 64" "$@" >conf
}

# a_share: with one generation, whose kernel and initrd are texts
a_share() {
    mkdir -p bin master/{boot,etc,usr/lib/modules/6.1.0-1}
    # A publish asks the xf-mkinitrd that is beside xenfarm.
    cp "$(command -v xenfarm)" bin/
    cat >bin/xf-mkinitrd <<'END'
#!/bin/sh
while [ $# -gt 1 ]; do
    [ "$1" = --root ] && root=$2
    shift
done
echo "initrd $1" >"$root/boot/xf-initrd-$1.img"
END
    chmod +x bin/xf-mkinitrd
    PATH=$T/bin:$PATH
    echo kernel >master/boot/vmlinuz-6.1.0-1
    echo one >master/etc/one
    xenfarm share init --config conf share >/dev/null && publish >/dev/null
}
# shellcheck disable=SC2120
publish() { xenfarm share publish --config conf --from master "$@"; }

# xc COMMAND…: xenfarm client
xc() {
    local command=$1
    shift
    xenfarm client "$command" --config conf "$@" 8>&-
}
record() { v metadata --config "$1" urn:xenfarm:domain:1; }

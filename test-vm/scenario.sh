# shellcheck shell=sh
# Variables and functions for the host side of a scenario. It may set these, and define drive():
master=debian12              # whose share and kernel
client=10.0.0.11             # the client's address, and what xfnet= says
xfnet=10.0.0.11/24:10.0.0.1
root=UUID=00000000-0000-4000-8000-0000000c11e4
disk=root.img                # the client's own disk, an image of the master's (a blank one) or a path
kernel=vmlinuz
initrd=initrd.img            # initrd-all.img has the drivers of all file systems
append=                      # more of the client's command line
# Units that systemd need not start where only the share matters: half of the time of an emulated boot. And the agent's
# timer, which the package enables: a scenario says when it runs.
spare="systemd.show_status=no$(printf ' systemd.mask=%s' xf-agent.timer e2scrub_reap.service e2scrub_all.timer apt-daily.timer \
    apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer modprobe@configfs.service modprobe@dm_mod.service \
    modprobe@drm.service modprobe@efi_pstore.service modprobe@fuse.service modprobe@loop.service \
    sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount dev-hugepages.mount dev-mqueue.mount)"
vers=4.2                     # what the client is expected to mount with
name=                        # what it is expected to be called, if not by its address
limit=600                    # seconds for all of it
hand_over="$V/hand-over.tar" # the scenario's sides, for the guests

# The two machines are on one network. A machine's second NIC is not connected.
nic() { # ID MAC [PEER-SOCKET OWN-SOCKET]
    if [ $# -gt 2 ]; then
        echo "-netdev dgram,id=$1,local.type=unix,local.path=../$4,remote.type=unix,remote.path=../$3"
    else
        echo "-netdev hubport,id=$1,hubid=1"
    fi
    echo "-device virtio-net-pci,netdev=$1,mac=$2,romfile="
}

volume() { # ID OPTIONS: a virtio disk with a serial number
    echo "-drive if=none,id=$1,cache=unsafe,$2 -device virtio-blk-pci,drive=$1,serial=$1"
}

# server_start [QEMU-OPTION…]
server_start() {
    server=$B/images/server
    vm_start server "$server/vmlinuz" "$server/initrd" "" \
        $(volume system "file=$server/server.img,format=raw,snapshot=on") \
        $(volume farm "file=$B/images/$master/farm.img,format=raw,snapshot=on") \
        $(volume scenario "file=$hand_over,format=raw,snapshot=on") \
        $(nic net 52:54:00:00:00:01 client.nic server.nic) "$@"
    wait_for 90 grep -q -s '^ready' "$V/server/channel.log" || bail "the server VM did not start"
}

# ask MACHINE COMMAND: one that answers each command with its output and a line "done STATUS"
ask() {
    ask_n=$(grep -c '^done ' "$V/$1/channel.log")
    ask_from=$(wc -l <"$V/$1/channel.log")
    printf '%s\n' "$2" >"$V/$1/channel.in"
    wait_for 120 answered "$1"
}
answered() { [ "$(grep -c '^done ' "$V/$1/channel.log")" -gt "$ask_n" ]; }
answer() { tail -n "+$((ask_from + 1))" "$V/$1/channel.log" | tr -d '\r' | sed '$d'; }
status() { tr -d '\r' <"$V/$1/channel.log" | sed -n 's/^done //p' | tail -n 1; }

# server COMMAND: run it on the server; its output is in $V/server/channel.log; fails as the command does
server() {
    ask server "$1" || bail "the server does not answer"
    [ "$(status server)" = 0 ]
}

# server_long COMMAND: for a command that may take long on a busy machine. Fails as the command does.
server_long() {
    server "{ $1; echo \"ended \$? $1\"; } </dev/null &"
    wait_for "${server_patience:-900}" grep -q "^ended [0-9]* $1\$" "$V/server/channel.log" ||
        bail "the server: $1: takes too long"
    grep -q "^ended 0 $1\$" "$V/server/channel.log"
}

# pack_root DIRECTORY PROGRAM…: to the guests, with their libraries, in a separate root, as a guest's libraries may differ
# from this machine's
pack_root() {
    pack_into=$T/$1
    shift
    mkdir -p "$pack_into/bin"
    for file; do
        cp "$file" "$pack_into/bin/" || return
        ldd "$file" | grep -o '/[^ ]*'
    done | sort -u | (cd "$pack_into" && xargs cp -L --parents -t .) || return
    tar -C "$T" -rf "$hand_over" "./${pack_into##*/}"
}

# agentd_checks: the client's xf-agentd answers the server. Before the machines start: pack_root call "$B/test/fleet-call"
agentd_checks() {
    call="chroot /run/scenario/call /bin/fleet-call -t 30 $client $name"
    ok "xf-agentd answers the server" server "$call status"
    is "with the generation" "$(answer server | sed -n 's/^generation=//p')" 2
    ok "it takes a wish" server "$call reconcile"
    ok "which is done, and no wish any more" wait_for 120 server "$call reconcile | grep -q ': ok'"
    ok "from a port that anyone can have it does not answer" server "! chroot /run/scenario/call /bin/fleet-call -t 5 -P 1024 \
        $client $name null"
    ok "the client's rpcbind shows it" server "rpcinfo -p $client | grep -q '^ *542664193  *1  *tcp  *8650'"
}

# Its disk lives as long as the scenario, however often the client is started.
client_disk() {
    [ ! -e "$V/disk.qcow2" ] || return 0
    case $disk in /*) ;; *) disk=$B/images/$master/$disk ;; esac
    qemu-img create -q -f qcow2 -F raw -b "$disk" "$V/disk.qcow2"
}

# client_start [QEMU-OPTION…]
client_start() {
    client_disk
    vm_start client "$B/images/$master/$kernel" "$B/images/$master/$initrd" \
        "xfnet=$xfnet root=$root panic=5 $append $spare" \
        $(volume root "file=$V/disk.qcow2,format=qcow2") \
        $(volume scenario "file=$hand_over,format=raw,snapshot=on") \
        $(nic net 52:54:00:00:00:0b server.nic client.nic) "$@"
}

# client_fill: the client's first boot, as far as its disk is filled
client_fill() {
    fill_append=$append
    append="$append init=/usr/lib/xf-scenario/mark"
    client_start
    append=$fill_append
    ends guest-shutdown 180
}

# The result of the guest: its TAP lines become ours. Its plan line says that it is complete.
guest_done() { # [SECONDS]
    if wait_for "${1:-300}" guest_said '^1\.\.'; then
        pass "the guest came to the end of its checks"
    else
        tail -n 25 "$V/client/console.log" >"$T/console"
        fail "the guest came to the end of its checks" "$T/console"
    fi
    grep -s -E '^(not )?ok |^#' "$V/client/channel.log" | tr -d '\r' | sed -E 's/^((not )?ok) [0-9]+/\1/'
    ! grep -s -q '^not ok' "$V/client/channel.log" || tap_bad=$((tap_bad + 1))
}
guest_said() { grep -s -q -E "$1" "$V/client/channel.log"; }

# guest_reboots SECONDS: the guest comes to that end twice, while QEMU, which would end with a reset, runs on.
guest_reboots() {
    wait_for "$1" guest_ended_twice || fail "the client reboots, and is not reset"
}
guest_ended_twice() { [ "$(grep -c '^1\.\.' "$V/client/channel.log")" -eq 2 ]; }

# tell LINE: to the guest side, which reads it from its standard input
tell() { echo "$1" >"$V/client/channel.in"; }

# type LINE: on the client's console
type_in() { printf '%s\r' "$1" >"$V/client/console.in"; }

# shows TEXT [SECONDS]: the client's console shows it in time
shows() {
    if wait_for "${2:-60}" grep -s -q -F -- "$1" "$V/client/console.log"; then
        pass "the console says \"$1\""
    else
        tail -n 25 "$V/client/console.log" >"$T/console"
        fail "the console says \"$1\"" "$T/console"
    fi
}

# ends HOW SECONDS: the client ends so (guest-reset, guest-shutdown), or still runs after that time (running)
ends() {
    ends_start=$(date +%s)
    ends_how=$(vm_end client "$2")
    is "the client: $1 within $2 s ($(($(date +%s) - ends_start)) s)" "$ends_how" "$1"
    [ "$ends_how" = "$1" ] || tail -n 25 "$V/client/console.log" | sed 's/^/# /'
}

bail() {
    fail "$1"
    tap_done
}

# Preparation before the machines start.
before() { :; }

# Most scenarios: a client boots, and its checks pass.
drive() {
    server_start
    client_start
    guest_done
}

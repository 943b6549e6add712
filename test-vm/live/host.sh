# shellcheck shell=sh
# For scenarios that change the share under a client that runs from it. They set:
#   change    publish, rollback or rsync: how live/ gets from one state to the next
# What the guests need goes to them in the scenario's archive.
versions="3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23" # the share of the image has 1 and 2
share=$V/share.img

# 20 changes; version 3 is there when the client starts
live_sequence() {
    case $change in
    rollback) echo 3 7 4 6 3 5 7 4 3 6 4 7 5 3 6 5 4 7 6 3 ;;
    *) echo "${versions#3 }" ;;
    esac
}

# The image's has no room for so many folders.
live_disk() {
    cp --sparse=always "$B/images/$master/share.img" "$share" && truncate -s 2G "$share"
}

# Program and library of each version (proof.c).
live_programs() {
    live=$T/live
    mkdir -p "$live"
    cp "$here/live/guest.sh" "$live/"
    for v in $versions; do
        mkdir -p "$live/versions/$v" || return
        cc -O1 -DVERSION="$v" -DLIBRARY -fPIC -shared -s -Wl,-soname,libxf-proof.so -o "$live/versions/$v/libxf-proof.so" "$here/live/proof.c" &&
            cc -O1 -DVERSION="$v" -s -o "$live/versions/$v/xf-proof" "$here/live/proof.c" \
                "$live/versions/$v/libxf-proof.so" || return
    done
    echo "change=$change" >"$live/live-params"
    tar -C "$live" -rf "$hand_over" .
}

# xenfarm and rsync.
live_farm() {
    pack_root farm "$B/bin/xenfarm" "$(command -v rsync)" && tar -C "$here/live" -rf "$hand_over" ./server.sh
}

# live_server COMMAND…
live_server() {
    server_long "sh -e /run/scenario/server.sh $*" || bail "the server: $*: see $V/server/channel.log"
}

live_changes() {
    n=0
    for v in $(live_sequence); do
        n=$((n + 1))
        seen=$(grep -c "^runs $v $v" "$V/client/channel.log")
        live_server "$change" "$v" "$n"
        wait_for 15 live_seen || :
        [ "$n" -ne 10 ] || server "nfs_stop; sleep 3; nfs_start" || bail "the NFS server does not start again"
    done
}
live_seen() { [ "$(grep -c "^runs $v $v" "$V/client/channel.log")" -gt "$seen" ]; }

drive() {
    live_disk || bail "no room for a share"
    live_programs && live_farm || bail "no programs to change"
    server_start
    live_server prepare "$change"
    client_start
    wait_for 400 guest_said '^ready' || bail "the guest is not ready"
    live_changes
    [ "$change" = rsync ] || server "sh -e /run/scenario/server.sh gc" || fail "gc"
    tell over
    guest_done 300
    grep -h '^window' "$V/server/channel.log" | sed 's/^/# /'
    vm_kill server
    rm -f "$share"
}

# shellcheck shell=sh
# For scenarios that change the share under a client that runs from it. They set:
#   change    publish, rollback or rsync: how live/ gets from one state to the next
# LIVE_CHANGES (20) is how many changes there are. What the guests need goes to them in the scenario's archive.
changes=${LIVE_CHANGES:-20}

# Generation 3, or what has become of the image's 2, is there when the client starts; of rollbacks all five that they
# are among.
live_sequence() {
    case $change in
    rollback) echo 3 7 4 6 3 5 7 4 3 6 4 7 5 3 6 5 4 7 6 3 | cut -d ' ' -f "1-$changes" ;;
    *) seq 4 $((3 + changes)) ;;
    esac
}
live_versions() { case $change in rollback) seq 3 7 ;; *) seq 3 $((3 + changes)) ;; esac; }

# Program and library of each version (proof.c).
live_programs() {
    live=$T/live
    mkdir -p "$live"
    cp "$here/live/guest.sh" "$here/live/server.sh" "$live/"
    echo "most=$(live_versions | wc -l)" >"$live/live-params"
    for v in $(live_versions); do
        mkdir -p "$live/versions/$v" || return
        cc -O1 -DVERSION="$v" -DLIBRARY -fPIC -shared -s -Wl,-soname,libxf-proof.so -o "$live/versions/$v/libxf-proof.so" "$here/live/proof.c" &&
            cc -O1 -DVERSION="$v" -s -o "$live/versions/$v/xf-proof" "$here/live/proof.c" \
                "$live/versions/$v/libxf-proof.so" || return
    done
    tar -C "$live" -rf "$hand_over" .
}

# live_server COMMAND…
live_server() {
    server_long "sh -e ./server.sh $*" || bail "the server: $*: see $V/server/channel.log"
}

live_changes() {
    n=0
    for v in $(live_sequence); do
        n=$((n + 1))
        seen=$(grep -c "^runs $v $v" "$V/client/channel.log")
        live_server "$change" "$v" "$n"
        wait_for 30 live_seen || :
        [ "$n" -ne $((changes / 2)) ] || server "nfs_stop; sleep 3; nfs_start" || bail "the NFS server does not start again"
    done
}
live_seen() { [ "$(grep -c "^runs $v $v" "$V/client/channel.log")" -gt "$seen" ]; }

drive() {
    live_programs || bail "no programs to change"
    server_start
    live_server prepare "$change"
    client_start
    wait_for 400 guest_said '^ready' || bail "the guest is not ready"
    live_changes
    [ "$change" = rsync ] || server "sh -e ./server.sh gc" || fail "gc"
    tell over
    guest_done 300
    grep -h '^window' "$V/server/channel.log" | sed 's/^/# /'
    vm_kill server
}

# shellcheck shell=sh
# For scenarios of power cuts: each run is on a disk of its own, whose writes and flushes QEMU records; then the disk as it
# would be after a cut at any flush, and with any of the writes of the next one. POWER_POINTS of the flushes are tried for
# each run; "all" for all.
limit=3000
power_size=24M

# power_disk NAME DIR: what NAME starts with
power_disk() { mkfs.ext4 -q -b 4096 -J size=4 -d "$2" "$V/$1.img" $power_size; }

power_pack() { # PROGRAM…
    pack_root programs "$@" && cc -O1 -static -o "$T/replay" "$here/power/replay.c" &&
        tar -C "$T" -rf "$hand_over" ./replay && tar -C "$here/power" -rf "$hand_over" ./server.sh
}

power_record() { # NAME: the disk, whose writes go to NAME.log, too
    cp "$V/$1.img" "$V/$1.run"
    : >"$V/$1.log"
    echo "-blockdev driver=blklogwrites,node-name=$1,file.driver=file,file.filename=$V/$1.run,log.driver=file,log.filename=$V/$1.log"
    echo "-device virtio-blk-pci,drive=$1,serial=$1"
}

# power_drive POINTS RUN…: record them, then try the cuts
power_drive() {
    points=$1
    shift
    # shellcheck disable=SC2046
    server_start $(for run; do power_record "$run"; done)
    for run; do
        server_long "sh -e ./power-server record $run" || bail "no record of a $run: see $V/server/channel.log"
    done
    vm_kill server
    truncate -s $power_size "$V/scratch.img"
    # shellcheck disable=SC2046
    server_start $(for run; do
        volume "$run" "file=$V/$run.img,format=raw,snapshot=on"
        volume "$run.log" "file=$V/$run.log,format=raw,snapshot=on"
    done) $(volume scratch "file=$V/scratch.img,format=raw")
    server_patience=$limit
    for run; do
        server_long "sh ./power-server replay $run ${POWER_POINTS:-$points}" || :
        grep -h '^#' "$V/server/channel.log"
        is "a $run: $(sed -n "s/^$run: \(.* tried\).*/\1/p" "$V/server/channel.log"), none of them went wrong" \
            "$(sed -n "s/^$run: .* tried, \(.*\) wrong/\1/p" "$V/server/channel.log")" 0
    done
    vm_kill server
}

# shellcheck shell=sh
# Sourced by a scenario's power-server, record RUN | replay RUN POINTS, on the server, which has these disks. It defines
# power_run RUN, the run itself, and power_wrong RUN, which says what is wrong after a cut in it and after the run that
# follows; the disk is at $disk then. Programs are in a root of their own, where the disk is /disk.
export LC_ALL=C
disk=/run/scenario/programs/disk
mkdir -p $disk programs/proc programs/dev programs/tmp
mountpoint -q programs/proc || mount --bind /proc programs/proc
mountpoint -q programs/dev || mount --bind /dev programs/dev
inside() { chroot /run/scenario/programs "$@"; }

device() { # SERIAL
    basename "$(dirname "$(grep -l -x "$1" /sys/block/*/serial)")"
}

record() {
    mount -t ext4 "/dev/$(device "$1")" $disk
    rc=0
    power_run "$1" || rc=$?
    echo "$1 ended with $rc"
    umount $disk
    sync
}

wrong() { # RUN
    mount -t ext4 "/dev/$scratch" $disk || { echo "cannot be mounted"; return; }
    # What is written to look at it goes here, not to the disk.
    (mkdir -p /run/look && cd /run/look && power_wrong "$1")
    umount $disk
    e2fsck -fn "/dev/$scratch" >/run/fsck 2>&1 || cat /run/fsck
}

try() { # RUN POINT [SEED]
    dd if="/dev/$base" of="/dev/$scratch" bs=1M conv=notrunc 2>/dev/null
    tried=$((tried + 1))
    problem=$(./replay "/dev/$log" "/dev/$scratch" "$2" ${3:+"$3"} 2>&1; wrong "$1" 2>&1)
    [ -z "$problem" ] && return
    bad=$((bad + 1))
    echo "$1, cut at flush $2${3:+, and some writes by seed $3}: $problem" | head -n 30 | sed 's/^/# /'
}

replay() {
    base=$(device "$1") log=$(device "$1.log") scratch=$(device scratch)
    flushes=$(./replay "/dev/$log")
    step=1 tried=0 bad=0
    [ "$2" = all ] || step=$(((flushes + $2 - 1) / $2))
    point=0
    while [ "$point" -le "$flushes" ]; do
        try "$1" $point
        try "$1" $point $((point + 1))
        point=$((point + step))
    done
    echo "$1: $flushes flushes, $tried cuts tried, $bad wrong"
}

# shellcheck shell=sh
# Sourced after lib.sh by tests of what xf-agent does on the system that runs: client/ is the root of one, in a mount
# namespace, with this machine's /usr, whose share is at /mroot.

# A test that sources this begins in namespaces of its own: processes of this machine are none of its client.
running_enter() {
    [ -z "${OWN_MOUNTS-}" ] || return 0
    unshare -m true 2>/dev/null && running_user= || running_user=-Ur
    exec unshare -mp --fork --kill-child --mount-proc $running_user env OWN_MOUNTS=1 "$0"
}

# running_start: a client/ that is blank but for what every system has. False if nothing can be mounted here.
running_start() {
    new_share
    # On a file system of its own: none of this machine's programs is the share's.
    mount -t tmpfs none share && mkdir share/gen share/manifest || return
    rm -rf client
    mkdir -p client/usr client/proc client/dev client/run client/tmp client/mroot client/boot client/bin.here \
        client/etc/xenfarm client/var/lib
    for running_dir in bin sbin lib lib64; do
        [ ! -L "/$running_dir" ] || cp -P "/$running_dir" client/
    done
    cp key.pub client/etc/xenfarm/share.pub
    mount --rbind /usr client/usr && mount --rbind /proc client/proc && mount --rbind /dev client/dev &&
        mount --bind "$B/bin" client/bin.here && mount --bind share client/mroot
}

running_stop() {
    for running_dir in usr proc dev bin.here mroot; do umount -R -l "client/$running_dir" 2>/dev/null; done
    umount -l share 2>/dev/null
}

# running COMMAND…: in the client
running() { chroot client env PATH="/bin.here:$PATH" TMPDIR=/tmp "$@"; }

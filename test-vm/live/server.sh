# shellcheck shell=sh
# server.sh COMMAND…: what the server does to the share in these scenarios, on the share's own disk.
share=/srv/xenfarm/share
master=$share/master
farm=/run/scenario/farm

xf() {
    command=$1
    shift
    chroot $farm /bin/xenfarm share "$command" --share /srv/share --key /srv/key "$@"
}

# renew FILE FROM: another inode, as a package manager makes it
renew() {
    cp "$2" "$master/$1.new"
    mv "$master/$1.new" "$master/$1"
}

# The programs of a version; and, but for rsync, which the client would not survive, some that it lives on.
version() {
    renew usr/bin/xf-proof "/run/scenario/versions/$1/xf-proof"
    renew usr/lib/x86_64-linux-gnu/libxf-proof.so "/run/scenario/versions/$1/libxf-proof.so"
    [ "$2" != rsync ] || return 0
    echo "$1" >/run/version
    renew usr/lib/xf-scenario/generation /run/version
    for file in usr/lib/x86_64-linux-gnu/libc.so.6 usr/lib/systemd/systemd usr/bin/dash usr/bin/sleep usr/bin/cat; do
        renew $file $master/$file
    done
}

publish() {
    version "$1" publish
    xf publish --from /srv/share/master --no-initrd >/run/published
    sed -n 's/^live.*within/window/p' /run/published >/dev/ttyS1
}

change_rsync() {
    version "$1" rsync
    chroot $farm /bin/rsync -aHAX --delay-updates --delete-delay /srv/share/master/ /srv/share/live/
}

prepare() {
    resize2fs /dev/vdb
    mkdir -p $farm/srv/share $farm/proc $farm/dev
    mount --bind $share $farm/srv/share
    mount --bind /proc $farm/proc
    mount --bind /dev $farm/dev
    cp -al $share/gen/2 $master
    chroot $farm /bin/xenfarm share init /srv/share --key /srv/key
    case $1 in
    rsync) change_rsync 3 ;;
    rollback) for v in 3 4 5 6 7; do publish $v; done; xf rollback 3 ;;
    publish) publish 3 ;;
    esac
}

case $1 in
prepare) prepare "$2" ;;
publish) publish "$2" ;;
rollback) xf rollback "$2" | sed -n 's/.*within/window/p' >/dev/ttyS1 ;;
rsync) change_rsync "$2" ;;
kernel)
    # As apt does it; and autoremove, with the kernel that its clients run.
    tar -C $master -xf /run/scenario/kernel.tar
    rm -rf "$master/usr/lib/modules/$2" $master/boot/*"-$2"*
    echo 3 >/run/version
    renew usr/lib/xf-scenario/generation /run/version
    xf publish --from /srv/share/master --in-use-kernel "$2" --no-initrd
    ;;
gc) ! xf gc --in-use 3 3 && xf verify ;;
esac

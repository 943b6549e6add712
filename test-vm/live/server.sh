# shellcheck shell=sh
# server.sh COMMAND…: what the server does to the share in these scenarios.
. ./master.sh
share=/srv/xenfarm/share

# The programs of a version; and, but for rsync, which the client would not survive, some that it lives on.
version() {
    renew usr/bin/xf-proof "versions/$1/xf-proof"
    renew usr/lib/x86_64-linux-gnu/libxf-proof.so "versions/$1/libxf-proof.so"
    [ "$2" != rsync ] || return 0
    for file in usr/lib/x86_64-linux-gnu/libc.so.6 usr/lib/systemd/systemd usr/bin/dash usr/bin/sleep usr/bin/cat; do
        renew $file $master/$file
    done
}

publish() {
    version "$1" publish
    new_generation "$1" --no-initrd
    sed -n 's/^live.*within/window/p' /run/published >/dev/ttyS1
}

change_rsync() {
    version "$1" rsync
    rsync -aHAX --delay-updates --delete-delay $master/ $share/live/
}

prepare() {
    case $1 in
    rsync) change_rsync 3 ;;
    rollback) for v in 3 4 5 6 7; do publish $v; done ;;
    publish) publish 3 ;;
    esac
}

case $1 in
prepare) prepare "$2" ;;
publish) publish "$2" ;;
rollback) xenfarm share rollback "$2" | sed -n 's/.*within/window/p' >/dev/ttyS1 ;;
rsync) change_rsync "$2" ;;
kernel)
    # As apt does it; and autoremove, with the kernel that its clients run.
    tar -C $master -xf kernel.tar
    rm -rf "$master/usr/lib/modules/$2" $master/boot/*"-$2"*
    new_generation 3 --in-use-kernel "$2"
    ;;
gc) ! xenfarm share gc --in-use 3 3 && xenfarm share verify ;;
esac

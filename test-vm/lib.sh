# shellcheck shell=sh
# Functions for the scripts of this directory.

say() { echo "== $*"; }
die() { echo "${0##*/}: $*" >&2; exit 1; }

# suite_of ROOT: the name of the release of Debian that is installed there
suite_of() { sed -n 's/^VERSION_CODENAME=//p' "$1/etc/os-release"; }

# our_packages_for SUITE: for another Debian than this machine's our packages are built in a tree, by root, once.
our_packages_for() {
    [ "$1" = "$(suite_of /)" ] || DEB_BUILD_OPTIONS=nocheck "$here/../packaging/deb-for" "$1" \
        "$B/dist/xenfarm-$(cat "$here/../VERSION").tar.gz" "$B/deb-$1" >&2
}

# our_package NAME [SUITE]: the file of xenfarm-NAME, for this machine's Debian or another one
our_package() {
    [ "${2-}" != "$(suite_of /)" ] || set -- "$1"
    ls "$B/deb${2:+-$2}/xenfarm-$1"_*.deb 2>/dev/null || die "xenfarm-$1 is not built: make deb"
}

# in_root DIRECTORY COMMAND…: in it as root, with /proc and /dev
in_root() {
    # shellcheck disable=SC2016 # for the inner shell
    unshare --mount sh -c 'mount --rbind /proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"' "$@"
}

# install_packages DIRECTORY NAME…: our packages, by dpkg in that installation of Debian; what they need is there.
install_packages() {
    install_root=$1
    shift
    our_packages_for "$(suite_of "$install_root")" || return
    mkdir "$install_root/tmp/xenfarm" || return
    for install_name; do
        cp "$(our_package "$install_name" "$(suite_of "$install_root")")" "$install_root/tmp/xenfarm/" || return
    done
    in_root "$install_root" sh -c 'DEBIAN_FRONTEND=noninteractive dpkg --install /tmp/xenfarm/*.deb' || return
    rm -r "$install_root/tmp/xenfarm"
}

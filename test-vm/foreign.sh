# shellcheck shell=sh
# For scenarios whose client boots with the initrd of another tool, made by that tool in a separate tree:
#   tool     dracut, dracut-plain (without systemd), initramfs-tools, or apt: a kernel package's installation
#   with     hooks: ours are installed in the tree; exchange: the tool's initrd is exchanged
#   packages to be installed in the tree before
# and may define in_tree(), which changes the tree then.
packages=
in_tree() { :; }

foreign_tree() { # the images' tree that has the tool
    case $tool:$master in
    dracut*:debian12) echo dracut ;;
    dracut*:debian13) echo dracut13 ;;
    *) echo "$master" ;;
    esac
}

# ifcfg: Debian's package wants it, but it needs what Debian does not have.
foreign_command() {
    case $tool in
    dracut) echo "dracut --force --no-hostonly --omit ifcfg /tmp/initrd $version" ;;
    dracut-plain) echo "dracut --force --no-hostonly --omit 'ifcfg systemd systemd-initrd dracut-systemd' /tmp/initrd $version" ;;
    apt)
        # INITRD=No is for the kernel's hook of initramfs-tools, which would take long.
        echo "export INITRD=No DEBIAN_FRONTEND=noninteractive
            apt-get -q update &&
            apt-get -q -y --reinstall install linux-image-$version && mv /boot/xf-initrd-$version.img /tmp/initrd"
        ;;
    initramfs-tools) echo "mkinitramfs -o /tmp/initrd $version" ;;
    esac
}

chroot_tree() { # SHELL-COMMAND
    unshare -m sh -c "mount --bind /proc '$V/tree/proc' && mount --bind /dev '$V/tree/dev' &&
        exec chroot '$V/tree' sh -c \"$1\""
}

# The share's key goes with the initrd: each hook takes it from here.
foreign_hooks() {
    # dracut's own trigger makes an initrd, too: see foreign_command.
    [ ! -d "$V/tree/etc/dracut.conf.d" ] || echo 'omit_dracutmodules+=" ifcfg "' >"$V/tree/etc/dracut.conf.d/ifcfg.conf"
    install_packages "$V/tree" common initramfs &&
        mkdir -p "$V/tree/etc/xenfarm" && cp "$B/images/$master/share.key.pub" "$V/tree/etc/xenfarm/share.pub" &&
        echo 'XF_MKINITRD_OPTIONS="--pub /etc/xenfarm/share.pub"' >"$V/tree/etc/xenfarm/mkinitrd.conf"
}

foreign_make() {
    foreign=$(foreign_tree) version=$(cat "$B/images/$master/version")
    "$here/image" "$foreign" || return
    cp -al "$B/images/$foreign/tree" "$V/tree" || return
    [ "$with" != hooks ] || foreign_hooks || return
    # For apt. Unlinked first: they are hard links to the image's files.
    cp --remove-destination /etc/resolv.conf "$V/tree/etc/" || return
    cp -r --remove-destination /etc/apt/apt.conf.d "$V/tree/etc/apt/" || return
    [ -z "$packages" ] ||
        chroot_tree "export INITRD=No DEBIAN_FRONTEND=noninteractive
            apt-get -q update && apt-get -q -y --no-install-recommends install $packages" || return
    chroot_tree "$(foreign_command)" && in_tree || return
    mv "$V/tree/tmp/initrd" "$V/initrd.img" || return
    rm -rf "$V/tree"
    [ "$with" != exchange ] ||
        "$B/bin/xf-mkinitrd" exchange --root "$B/images/$master/tree" --pub "$B/images/$master/share.key.pub" --kernel "$version" "$V/initrd.img"
}

before() {
    foreign_make >"$V/foreign.log" 2>&1 || {
        tail -n 30 "$V/foreign.log" >"$T/foreign"
        fail "$tool, $with: an initrd" "$T/foreign"
        tap_done
    }
    pass "$tool, $with: an initrd of $(stat -c %s "$V/initrd.img") bytes"
    initrd=../../vm/${V##*/}/initrd.img
}

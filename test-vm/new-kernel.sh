# shellcheck shell=sh
# For scenarios whose master gets another kernel. `new` is the beginning of its version, `master` whose it is;
# `own_initrd` is not empty if the master itself boots, from its own disk: then both kernels get an initrd of Debian's.
own_initrd=

# install_kernel: by apt in a copy of the master's tree, whose hook makes the initrd. $V/kernel.tar has what the package
# brought, `version` is the kernel's.
install_kernel() {
    cp -al "$B/images/$master/tree" "$V/tree" || return
    install_packages "$V/tree" common initramfs || return
    mkdir -p "$V/tree/etc/xenfarm" && cp "$B/images/$master/share.key.pub" "$V/tree/etc/xenfarm/share.pub" &&
        echo 'XF_MKINITRD_OPTIONS="--pub /etc/xenfarm/share.pub"' >"$V/tree/etc/xenfarm/mkinitrd.conf" || return
    # For apt. Unlinked first: they are the images' own.
    cp --remove-destination /etc/resolv.conf "$V/tree/etc/" || return
    cp -r --remove-destination /etc/apt/apt.conf.d "$V/tree/etc/apt/" || return
    unshare -m sh -c "mount --bind /proc '$V/tree/proc' && mount --bind /dev '$V/tree/dev' &&
        exec chroot '$V/tree' sh -c 'export INITRD=No DEBIAN_FRONTEND=noninteractive
            apt-get -q update && apt-get -q -y install linux-image-$new-cloud-amd64 ${own_initrd:+initramfs-tools} || exit
            [ -z \"$own_initrd\" ] || cd /usr/lib/modules || exit
            for v in ${own_initrd:+*}; do mkinitramfs -o /boot/initrd.img-\$v \$v || exit; done'" ||
        return
    version=$(cd "$V/tree/boot" && echo vmlinuz-"$new"*)
    version=${version#vmlinuz-}
    [ -e "$V/tree/boot/xf-initrd-$version.img" ] &&
        tar -C "$V/tree" -cf "$V/kernel.tar" boot "usr/lib/modules/$version" && rm -rf "$V/tree"
}

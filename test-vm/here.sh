# shellcheck shell=sh
# Sourced by a script that needs a hypervisor: a server on this machine, in mount, network, PID, IPC and UTS namespaces
# of its own. libvirtd and virtlogd run in it, with emulated domains, and nfs-ganesha in place of the kernel's NFS server.
#
#   . "$here/here.sh"           # $here: the directory of here.sh; B: the build directory
#   here_enter "$@"             # the script is run again in the namespaces; outside of them it goes no further
#   here_start                  # libvirtd: virsh, xenfarm and all others reach it as qemu:///system
#   …                           # xenfarm init, or any other network; a share
#   here_nfs 10.77.0.1 DIR      # an NFS server on that address, once the server has it; DIR is called DIR by clients
#
# Or without a script: test-vm/here COMMAND.
#
# Nothing of the machine is touched, and nothing stays behind. /etc and /var are overlays; /run, /dev, /sys, /srv and
# /var/{log,lib/libvirt,lib/nfs,lib/xenfarm} are its own, as are all addresses and bridges. There is no /dev/kvm: one that
# does not work costs libvirt 12 seconds a domain. When the script ends, however it ends, its processes are killed and
# $HERE is removed: its directory in $B, on which all lies that may be large. No packet leaves: there is only lo, unless
# HERE_UPLINK=yes asks for tap0, by which the server (and who is behind a NAT of it) reaches what this machine reaches.
#
# It needs root; for guests the packages of `lib/test/install-deps vm`, without them those of check. here_missing says
# what keeps it from running.

# here_missing [guests]: why there can be no such server on this machine, or none with guests, in words; nothing if there
# can be one.
here_missing() {
    [ "$(id -u)" -eq 0 ] || {
        echo "it needs root"
        return
    }
    for here_program in libvirtd virtlogd virsh dnsmasq ip nft ${1:+qemu-system-x86_64 ganesha.nfsd}; do
        command -v $here_program >/dev/null || echo "$here_program is not installed"
    done
    unshare --mount --net --pid --fork true 2>/dev/null || echo "it needs mount, network and PID namespaces"
    grep -q overlay /proc/filesystems || modprobe -q overlay || echo "this kernel has no overlayfs"
    [ -c /dev/net/tun ] || echo "there is no /dev/net/tun"
}

# here_enter ARGUMENT…, those of the script: returns in the namespaces.
here_enter() {
    if [ -n "${HERE_INSIDE-}" ]; then
        unset HERE_INSIDE
        return
    fi
    HERE=$(mktemp -d "$B/here.XXXXXX") || exit 1
    export HERE here B
    trap 'here_forget_cgroup; rm -rf --one-file-system "$HERE"' EXIT
    trap 'exit 1' INT TERM HUP
    [ "${HERE_UPLINK-}" != yes ] || here_uplink &
    # Process 1 is a shell that waits for the script: it reaps those whose parents have ended. Without it, libvirt takes
    # a guest that it killed for one that cannot be killed.
    HERE_INSIDE=1 sh -c 'echo $$ >"$HERE/pid"; exec "$@"' here unshare --mount --propagation private --net --pid --ipc --uts --fork --kill-child --mount-proc \
        sh -c '. "$here/here.sh"; here_mounts || exit 1; "$@"; exit $?' here "$(realpath "$0")" "$@"
    exit
}

# What is in control groups (of version 2) is in one of that name, which goes, too.
here_cgroup() { echo "xf-${HERE##*/}"; }
here_forget_cgroup() {
    here_cgroup=$(here_cgroup) unshare --mount sh -c 'mount -t cgroup2 none /sys/fs/cgroup &&
        find "/sys/fs/cgroup/$here_cgroup" -depth -type d -exec rmdir {} +' 2>/dev/null
}

# A network of user space, as QEMU's: it opens connections for the server, as any program of this machine would.
here_uplink() {
    here_wait 20 test -s "$HERE/pid" || return
    here_pid=$(cat "$HERE/pid")
    until [ "$(readlink "/proc/$here_pid/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
    slirp4netns --configure --mtu=1500 --disable-host-loopback "$here_pid" tap0 >"$HERE/uplink.log" 2>&1 &
    while [ -e "/proc/$here_pid" ]; do sleep 1; done
    kill $!
}

# here_own MODE DIRECTORY…: they are empty, and lie in $HERE
here_own() {
    here_mode=$1
    shift
    for here_path; do
        mkdir -p "$HERE$here_path" "$here_path" && chmod "$here_mode" "$HERE$here_path" &&
            mount --bind "$HERE$here_path" "$here_path" || return
    done
}

here_mounts() {
    chmod 755 "$HERE"
    mkdir "$HERE/changed"
    mount -t tmpfs -o mode=755 tmpfs "$HERE/changed" || return
    for here_path in /etc /var; do
        mkdir -p "$HERE/changed$here_path" "$HERE/changed/work$here_path"
        mount -t overlay -o "lowerdir=$here_path,upperdir=$HERE/changed$here_path,workdir=$HERE/changed/work$here_path" \
            overlay "$here_path" || return
    done
    here_own 755 /srv /var/log /var/lib/libvirt /var/lib/nfs /var/lib/xenfarm &&
        mount -t tmpfs -o mode=755 tmpfs /run && mount -t sysfs sysfs /sys && here_dev || return
    install -d -m 1777 /run/lock
    ln -sfn ../proc/self/mounts /etc/mtab
    rm -rf /etc/xenfarm /etc/exports /etc/exports.d /etc/libvirt/qemu
    hostname server
    ip link set lo up
    if [ "${HERE_UPLINK-}" = yes ]; then
        here_wait 20 sh -c 'ip -o address show tap0 | grep -q inet' || { cat "$HERE/uplink.log"; return 1; }
        echo 'nameserver 10.0.2.3' >/etc/resolv.conf
    fi
    PATH=$B/bin:$PATH:/usr/sbin:/sbin
    export PATH
}

# Few devices, and no kvm among them.
here_dev() {
    mkdir "$HERE/dev"
    mount -t tmpfs -o mode=755 tmpfs "$HERE/dev" || return
    mkdir "$HERE/dev/pts" "$HERE/dev/shm" "$HERE/dev/net"
    cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/fd /dev/stdin /dev/stdout /dev/stderr "$HERE/dev"
    cp -a /dev/net/tun "$HERE/dev/net"
    cp -a /dev/loop* "$HERE/dev" 2>/dev/null
    mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$HERE/dev/pts" || return
    ln -s pts/ptmx "$HERE/dev/ptmx"
    mount -t tmpfs -o mode=1777 tmpfs "$HERE/dev/shm" && mount --rbind "$HERE/dev" /dev
}

# here_wait SECONDS COMMAND…: until it succeeds
here_wait() {
    here_left=$(($1 * 10))
    shift
    until "$@" >/dev/null 2>&1; do
        here_left=$((here_left - 1))
        [ $here_left -gt 0 ] || return 1
        sleep 0.1
    done
}

# As a server has it after the package was installed, but for what needs more of a machine than namespaces are.
here_start() {
    mkdir -p /etc/libvirt/qemu/networks/autostart /run/libvirt /var/log/libvirt/qemu /var/lib/libvirt/boot /var/lib/libvirt/dnsmasq
    install -d -m 711 /var/lib/libvirt/images
    install -d -m 750 /var/lib/libvirt/qemu
    ! getent passwd libvirt-qemu >/dev/null || chown libvirt-qemu: /var/lib/libvirt/qemu
    # With namespaces of its own for each guest, libvirtd enters one and writes to the /dev of another.
    printf '%s\n' 'namespaces = []' 'security_driver = "none"' 'cgroup_controllers = []' >>/etc/libvirt/qemu.conf
    virtlogd -d && libvirtd -d && here_wait 60 virsh -q -c qemu:///system version
}

# here_packages DIRECTORY: installed is what is not the machine's, so /usr is an overlay, too. Our packages lie in DIRECTORY
# as they are called without a version.
here_packages() {
    mkdir -p "$HERE/changed/usr" "$HERE/changed/work/usr" "$1"
    mount -t overlay -o "lowerdir=/usr,upperdir=$HERE/changed/usr,workdir=$HERE/changed/work/usr" overlay /usr || return
    for here_name in common server client initramfs; do
        cp "$B/deb/xenfarm-$here_name"_*.deb "$1/xenfarm-$here_name.deb" || return
    done
}

here_stop() {
    for here_program in libvirtd virtlogd; do kill "$(cat /run/$here_program.pid)"; done
}

# here_nfs ADDRESS DIRECTORY: NFSv4, read-only, root is root. MDCACHE, NFSV4: see "nfs-ganesha" in docs/CAVEATS.md.
here_nfs() {
    mkdir -p /run/ganesha /var/lib/nfs/ganesha /var/log/ganesha /etc/ganesha
    cat >/etc/ganesha/here.conf <<-end
	NFS_CORE_PARAM { Bind_addr = $1; Protocols = 4; mount_path_pseudo = true; Enable_NLM = false; Enable_RQUOTA = false; }
	NFSV4 { Graceless = true; RecoveryBackend = fs; Only_Numeric_Owners = true; Minor_Versions = 0, 1; }
	EXPORT { Export_Id = 1; Path = $2; Pseudo = $2; Access_Type = RO; Squash = None; SecType = sys;
	    PrivilegedPort = true; FSAL { Name = VFS; } }
	MDCACHE { Dir_Chunk = 0; }
	LOG { Default_Log_Level = EVENT; }
	end
    here_nfs_start
}
here_nfs_start() {
    ganesha.nfsd -f /etc/ganesha/here.conf -L /var/log/ganesha.log -p /run/ganesha.pid &&
        here_wait 30 sh -c 'ss -H -l -n -t "sport = :2049" | grep -q .'
}
here_nfs_stop() {
    here_nfs_pid=$(cat /run/ganesha.pid)
    kill "$here_nfs_pid" && here_wait 30 sh -c "! kill -0 $here_nfs_pid" && rm -f /run/ganesha.pid
}

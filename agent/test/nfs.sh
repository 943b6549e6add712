# shellcheck shell=sh disable=SC2034,SC2154
# Sourced after lib.sh: an NFS server, nfs-ganesha, on loopback. As root only, as it opens files by
# their handles; in a network of its own, so that nobody else's ports are in the way.

# own_network SCRIPT [ARGUMENT…]: run the script again in its own network, if it is not yet.
own_network() {
    [ -z "${XF_NETWORK-}" ] || return 0
    if [ "$(id -u)" = 0 ] && unshare -nm true 2>/dev/null; then
        XF_NETWORK=own exec unshare -nm sh "$@"
    fi
    if unshare -rn true 2>/dev/null; then XF_NETWORK=user exec unshare -rn sh "$@"; fi
}

# Why there can be no server, in $why; false if there can be one.
no_server() {
    why=
    if [ "${XF_NETWORK-}" != own ]; then
        why="nfs-ganesha needs root and a network namespace"
    elif ! command -v ganesha.nfsd >/dev/null; then
        why="nfs-ganesha is not installed"
    elif ! [ -e /usr/lib/ganesha/libfsalvfs.so ] && ! ls /usr/lib/*/ganesha/libfsalvfs.so >/dev/null 2>&1; then
        why="nfs-ganesha-vfs is not installed"
    elif ! [ -e /etc/mtab ]; then
        why="no /etc/mtab, which nfs-ganesha knows the file systems by"
    fi
    [ -n "$why" ]
}

# start_server NAME PORT DIRECTORY: exports DIRECTORY as /share. Its pid is left in $server.
start_server() {
    cat >"$1.conf" <<-end
	NFS_CORE_PARAM { NFS_Port = $2; Bind_addr = 127.0.0.1; Protocols = 4; mount_path_pseudo = true;
	    Enable_NLM = false; Enable_RQUOTA = false; }
	NFSV4 { Graceless = true; RecoveryBackend = fs; Minor_Versions = 0; }
	EXPORT { Export_Id = 1; Path = $3; Pseudo = /share; Access_Type = RO; Squash = None;
	    SecType = sys; PrivilegedPort = true; FSAL { Name = VFS; } }
	LOG { Default_Log_Level = FATAL; }
	end
    ganesha.nfsd -F -f "$PWD/$1.conf" -L "$PWD/$1.log" -p "$PWD/$1.pid" >/dev/null 2>&1 &
    server=$!
    wait_for_port ":$2"
}

wait_for_port() { # ADDRESS:PORT, as ss prints it
    i=0
    while [ $i -lt 150 ] && ! ss -H -l -n -t | grep -q -F "$1 "; do
        sleep 0.1
        i=$((i + 1))
    done
    [ $i -lt 150 ]
}

stop_server() {
    kill -KILL "$1"
    wait "$1" 2>/dev/null || :
}

# start_proxy ADDRESS:PORT SERVER MODE [NUMBER]: nfs-proxy; its pid in $proxy, its counts in file calls.
start_proxy() {
    "$proxy_program" "$@" >calls 2>&1 &
    proxy=$!
    wait_for_port "$1"
}

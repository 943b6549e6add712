# shellcheck shell=sh
# The story of a farm, from nothing to its end, by the commands that an administrator would type: a server, a master, two
# clients and their administrators. What is shown is checked, too. Sourced by a script that runs on the server, as root,
# once libvirtd runs. It says these:
#
#   V                   a directory for logs and answers
#   patience            how many times longer than usual all may take, if not 1
#   app_pause           how many seconds the clients' application rests after a run, if not 1
#   nfs3                not empty: clients reach the server by NFS 3, too
#
# and then, once it was sourced, these functions, and calls story, or story_until_a_client:
#
#   serve               there is an NFS server, after `xenfarm init`
#   stop_serving, serve_again
#   install_server      installs the server's packages, by `on`
#   install_master      makes the master, debian
#   console_log         prints the command that prints what web1 said on its console, if it is another one
#   bail MESSAGE        if it is to end in another way

# Seconds. Two emulated clients that start at once take two minutes of an idle machine.
patience=${patience:-1}
SHORT=$((180 * patience))
LIMIT=$SHORT
INSTALL_LIMIT=$((1800 * patience))
START_LIMIT=$((900 * patience))
# Of commands themselves.
answers=$((60 * patience)) starts=$((600 * patience)) stops=$((170 * patience))

bail() { die "$1: see $V"; }
console_log() { echo "xenfarm client console web1 --log"; }

# chapter TITLE: begins a chapter, whose seconds are counted
chapter() {
    now=$(date +%s)
    [ -z "${title-}" ] || printf '%5d s  %s\n' $((now - since)) "$title" >>"$V/chapters"
    title=$1 since=$now
    [ -z "$1" ] || printf '\n== %s\n' "$1"
}

# remark TEXT
remark() { echo "        $1"; }

# ended STATUS WANTED: show the answer of a command that ended so; it must be the status that is wanted (0)
ended() {
    sed "s/^/    /; s/ *\$//" "$V/answer"
    [ "$1" -ne 124 ] || bail "that command did not end in time"
    [ "$1" -eq "${2-0}" ] || bail "that command ended with status $1"
}

# on MACHINE COMMAND [STATUS]: show the command, and what it prints; it must end with the status (0). MACHINE is the
# server, or a client, by ssh. Through a file: a terminal would get colours and progress.
on() {
    printf '%s# %s\n' "$1" "$2"
    if [ "$1" = server ]; then
        timeout "$LIMIT" sh -c "$2" >"$V/answer" 2>&1 </dev/null
    else
        timeout "$LIMIT" xenfarm client ssh "$1" "$2" >"$V/answer" 2>&1 </dev/null
    fi
    ended $? "${3-0}"
}

# shown TEXT: the last answer held it; hidden TEXT: it did not
shown() { grep -q -F -- "$1" "$V/answer" || bail "\"$1\" was to be seen"; }
hidden() { ! grep -q -F -- "$1" "$V/answer" || bail "\"$1\" was not to be seen"; }

# on_within SECONDS MACHINE COMMAND TEXT: as on, once its answer holds the text
on_within() {
    until_then=$(($(date +%s) + $1 * patience))
    until (LIMIT=$((30 * patience)) on "$2" "$3") 2>/dev/null | grep -q -F -- "$4"; do
        [ "$(date +%s)" -lt $until_then ] || break
        sleep 2
    done
    on "$2" "$3"
    shown "$4"
}

# watch CLIENT: keep what it says on its console, from its start on
watch() {
    until console=$(virsh -q ttyconsole "$1" 2>/dev/null) && [ -n "$console" ]; do sleep 0.2; done
    exec cat "$console" >"$V/$1.console" 2>/dev/null
}

# tries CLIENT ADDRESS PORT
tries() { on "$1" "timeout $((5 * patience)) bash -c 'exec 3<>/dev/tcp/$2/$3' && echo an answer || echo NO ANSWER"; }

# works CLIENT: its application has never failed, and still runs; and no program has crashed
works() {
    on "$1" "echo \"\$(systemctl is-active app), \$(wc -l </srv/app/runs) runs, \$(wc -l </srv/app/failed) failed\"; journalctl -k -q -g 'segfault|SIGBUS|[Ss]tale file'" 1
    shown "active, "
    shown ", 0 failed"
}

# --- the chapters ---

a_server() {
    chapter "Packages are installed, and a server becomes that of a farm"
    install_server
    on server "xenfarm init"
    serve || bail "no NFS server"
    on server "xenfarm doctor"
}

a_master() {
    chapter "A master is installed and published"
    LIMIT=$INSTALL_LIMIT
    install_master
    # As if it had been installed before a security update.
    on server "xenfarm master shell debian -- sh -c 'apt-get -qq update;
        apt-get -qq install --allow-downgrades openssl=\$(apt-cache madison openssl | awk \"{ print \\\$3 }\" | sort -V | head -n 1) >/dev/null 2>&1
        dpkg-query -W openssl'"
    on server "xenfarm master publish debian --note first"
    LIMIT=$SHORT
    on server "xenfarm share list"
    shown "first"
    on server "xenfarm share channel create canary"
}

two_clients() {
    chapter "Two clients with blank disks start from the share"
    watch web1 &
    watch web2 &
    LIMIT=$START_LIMIT
    # What xf-init says on the consoles, as it appears.
    touch "$V/web1.console"
    tail -n +1 -F "$V/web1.console" 2>/dev/null |
        sed -u -n -E 's/\r$//; /xf-init/s/^/    web1: /p' &
    on server "xenfarm client create web1 --admin ann@example.org"
    # Xen gives its scripts 40 seconds, which is little beside another's first boot where all is emulated.
    [ "$patience" -eq 1 ] || on server "xenfarm client wait web1 --timeout $starts"
    on server "xenfarm client create web2 --channel canary"
    on server "xenfarm client wait web1 web2 --timeout $starts"
    LIMIT=$SHORT
    on server "xenfarm client list"
    shown "web2"
    on server "xenfarm client show web1"
    on web1 "systemctl is-system-running --wait"
    on web1 "findmnt -l -n -o TARGET,SOURCE,FSTYPE / ; findmnt -l -n -o TARGET,SOURCE,FSTYPE /usr"
    on server "$(console_log) | grep 'xf-init: .* ms' | tail -n 3"
    shown "xf-init"
    on web1 "touch /usr/bin/mine" 1
    on web1 "df -h --output=target,size,used / /usr"
    on web1 "xf-agent status"
    shown "generation 1"
    on server "xenfarm status --timeout $answers"
    shown "2 clients, 2 answered"
}

isolation() {
    chapter "No client can reach another"
    on web2 "ping -c 1 -W 2 10.77.0.2" 1
    shown "100% packet loss"
    tries web2 10.77.0.2 22
    shown "NO ANSWER"
    remark "nor the server with an address that is not its own:"
    on web2 "ip addr add 10.77.0.9/32 dev lo; ping -c 1 -W 2 -I 10.77.0.9 10.77.0.1; ip addr del 10.77.0.9/32 dev lo"
    shown "100% packet loss"
    tries web2 10.77.0.1 22
    shown "NO ANSWER"
    tries web2 10.77.0.1 2049
    shown "an answer"
    on server "xenfarm doctor --columns check,state,finding --filter check=isolated"
}

# app CLIENT: one that is a shell script, and runs programs of the share all the time.
app() {
    on "$1" "mkdir -p /srv/app; cat >/usr/local/bin/app <<'end'
#!/bin/sh
# Runs programs of the share again and again, and keeps count of the runs and of what failed.
while :; do
    find /usr/bin -type f -name 'b*' | sort | xargs sha256sum >/dev/null && perl -e1 || date >>/srv/app/failed
    echo >>/srv/app/runs
    sleep ${app_pause:-1}
done
end
chmod +x /usr/local/bin/app
printf '[Service]\nExecStart=/usr/local/bin/app\n[Install]\nWantedBy=multi-user.target\n' >/etc/systemd/system/app.service
>/srv/app/failed; systemctl -q enable --now app; systemctl is-active app"
}

administrators() {
    chapter "The clients' administrators make them their own"
    on web1 "echo 'of web1' >/etc/issue; echo 'alias ll=\"ls -l\"' >>/etc/bash.bashrc; useradd -m ann"
    on web2 "useradd -m bob; id bob"
    app web1
    app web2
}

an_update() {
    chapter "The master is updated: a library, a program, an account, a kernel"
    LIMIT=$INSTALL_LIMIT
    on server "xenfarm master update debian --offline --no-publish"
    on server "xenfarm master shell debian -- sh -c 'apt-get -qq --no-install-recommends install hello uuid-runtime linux-image-6.12-cloud-amd64 >/dev/null 2>&1; hello; id uuidd; dpkg-query -W openssl'"
    shown "Hello, world!"
    on server "xenfarm master shell debian -- sh -c 'echo of generation 2 | tee /etc/motd >/etc/issue;
        sed -i \"1s/.*/# System-wide, of generation 2/\" /etc/bash.bashrc'"
    on server "xenfarm share publish --from debian --stage --note 'hello, and a kernel'"
    LIMIT=$SHORT
    on server "xenfarm share diff 1 2 | grep -v -e /locale/ -e /doc/ -e lib/modules/ | head -n 40"
    remark "Nobody has it yet. What would it do to each client?"
    on server "xenfarm share preview 2 --timeout $answers" 10
    shown "etc/issue"
}

in_stages() {
    chapter "One client gets it first, while both run"
    on server "xenfarm share promote 2 --to canary"
    on_within 90 web2 "hello" "Hello, world!"
    on web1 "hello" 127
    on web2 "xf-agent reconcile"
    on web2 "cat /etc/motd; id uuidd; xf-agent restarts"
    shown "of generation 2"
    shown "uuidd"
    works web2
    remark "It does well there. Now for all:"
    on server "xenfarm share promote canary --to live"
    on server "xenfarm message --timeout $answers --all 'There is a program hello now, and a kernel for your next reboot.'"
}

what_followed() {
    chapter "What followed, and what was kept"
    on_within 90 web1 "hello" "Hello, world!"
    remark "The read-only part is there at once. The writeable part follows at the next boot, or when the timer calls:"
    on web1 "cat /run/motd.d/*"
    shown "There is a program hello"
    on web1 "xf-agent plan" 10
    on web1 "xf-agent reconcile" 10
    on web1 "cat /etc/motd"
    shown "of generation 2"
    on web1 "head /etc/issue /etc/issue.xennew; grep ann: /etc/passwd; id uuidd"
    shown "of web1"
    shown "ann:"
    works web1
}

conflicts() {
    chapter "What both have changed is decided by the client's administrator"
    on server "xenfarm conflicts --timeout $answers" 10
    shown "web1"
    on web1 "xf-agent conflicts" 10
    on web1 "xf-agent resolve /etc/bash.bashrc --merge; head -n 1 /etc/bash.bashrc; tail -n 1 /etc/bash.bashrc"
    shown "of generation 2"
    shown "alias ll"
    on web1 "xf-agent resolve /etc/issue --mine; cat /etc/issue; xf-agent conflicts"
    shown "of web1"
    on server "xenfarm conflicts --timeout $answers"
}

a_kernel() {
    chapter "One client reboots into the new kernel, the other keeps its own"
    LIMIT=$START_LIMIT
    on server "xenfarm status --timeout $answers --columns name,generation,kernel,reboot"
    on server "xenfarm client reboot web1 --timeout $stops"
    on server "xenfarm client wait web1 --timeout $starts"
    LIMIT=$SHORT
    on web1 "uname -r; grep ann: /etc/passwd; cat /etc/issue"
    shown "6.12"
    shown "of web1"
    on web2 "uname -r; modprobe dummy && lsmod | grep dummy"
    shown "6.1.0"
    works web1
    works web2
}

# reads CLIENT NAME FILE: FILEs, which it has hardly read before; how long that took since NFS stopped, if it did
reads() {
    timeout "$LIMIT" xenfarm client ssh "$1" "cat $3 >/dev/null" >"$V/reads-$2" 2>&1 </dev/null &&
        echo $(($(date +%s) - stopped)) >"$V/reads-$2"
}

an_outage() {
    chapter "The NFS server is away for a minute"
    on web1 "findmnt -n -o OPTIONS /usr | grep -o -w 'vers=[0-9.]*'"
    if [ -n "${nfs3-}" ]; then
        # By the kernel alone: mount.nfs(8) wants more of a system than a small one has.
        on web2 "mount -i -t nfs -o ro,vers=3,proto=tcp,mountproto=tcp,nolock,addr=10.77.0.1 10.77.0.1:/srv/xenfarm/share /mnt; findmnt -n -o SOURCE,FSTYPE /mnt"
        shown " nfs"
    fi
    stop_serving || bail "the NFS server does not stop"
    remark "It is stopped. Both clients read programs of the share now."
    stopped=$(date +%s) readers=
    for client in web1 web2 ${nfs3:+web2-by-NFS-3}; do
        files="/usr/sbin/*"
        [ "$client" = "${client%-3}" ] || files="/mnt/live/usr/sbin/*"
        reads "${client%%-*}" "$client" "$files" &
        readers="$readers $!"
    done
    sleep 60
    serve_again || bail "the NFS server does not start again"
    away=$(($(date +%s) - stopped))
    remark "It is back, after $away s."
    # shellcheck disable=SC2086 # process ids
    wait $readers
    for client in web1 web2 ${nfs3:+web2-by-NFS-3}; do
        after=$(cat "$V/reads-$client")
        [ "$after" -ge 60 ] || bail "$client did not wait: $after"
        remark "$client has read them after $after s: $((after - away)) s after the server was back."
    done
    works web1
    works web2
    [ -z "${nfs3-}" ] || on web2 "umount /mnt"
}

a_rollback() {
    chapter "The update was a mistake: the share goes back, and the clients follow"
    on server "xenfarm share rollback 1"
    on server "xenfarm share promote live --to canary"
    on server "xenfarm share list"
    on server "xenfarm reconcile --all --timeout $answers"
    # A client caches names for up to a minute.
    on web2 "while hello >/dev/null 2>&1; do sleep 5; done; hello" 127
    on_within 90 web2 "xf-agent status" "generation 3"
    on web1 "xf-agent reconcile" 10
    on web1 "head -n 3 /etc/motd; head -n 1 /etc/issue; tail -n 1 /etc/bash.bashrc"
    shown "Debian"
    shown "of web1"
    shown "alias ll"
    works web1
}

an_end() {
    chapter "A clean end"
    on server "xenfarm client stop --all --timeout $stops"
    on server "xenfarm client list"
    hidden "running"
    on server "xenfarm client destroy web1 web2 --yes"
    on server "xenfarm master destroy debian --yes"
    on server "xenfarm init --undo --yes"
    virsh -q list --all --name | grep -v '^Domain-0$' >"$V/answer"
    virsh -q net-list --all --name | grep xenfarm >>"$V/answer"
    { nft list tables; ip -br link; } | grep -e xenfarm -e xf- >>"$V/answer"
    find /var/lib/libvirt/images -type f >>"$V/answer"
    ! grep -q . "$V/answer" || bail "something is left: $(xargs <"$V/answer")"
    chapter ""
}

story() {
    beginning=$(date +%s)
    a_server
    a_master
    two_clients
    isolation
    administrators
    an_update
    in_stages
    what_followed
    conflicts
    an_outage
    a_kernel
    a_rollback
    an_end
    printf '\n== What was shown\n\n'
    cat "$V/chapters"
    printf '%5d s  in all\n\n' $(($(date +%s) - beginning))
}

story_until_a_client() {
    a_server
    a_master
    chapter "A client"
    LIMIT=$START_LIMIT
    on server "xenfarm client create web1 --wait"
    # As nobody but you is at its console.
    on web1 "passwd --delete root"
    say "its console: log in as root. Ctrl-] leaves it, and all ends."
    xenfarm client console web1
}

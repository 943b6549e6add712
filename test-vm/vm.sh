# shellcheck shell=sh
# Virtual machines under plain QEMU. Each has a directory, $V/NAME:
#   console.log          what its first serial port printed; console.in types into it
#   channel.log          the same for the second port, over which it talks to the host
#   qmp.log qmp          QEMU's monitor: its events, and a pipe for commands
#   earlier/             such logs of its earlier starts
#   qemu.log pid         QEMU's own messages, and its process id
# Machines die with the script that started them.

# vm_start NAME KERNEL INITRD APPEND QEMU-OPTION…
vm_start() {
    vm=$V/$1 vm_kernel=$2 vm_initrd=$3 vm_append=$4
    shift 4
    mkdir -p "$vm/earlier"
    rm -f "$vm"/*.in "$vm"/*.out "$vm/qmp"
    for vm_log in "$vm"/*.log; do
        [ ! -e "$vm_log" ] || mv --backup=numbered "$vm_log" "$vm/earlier/"
    done
    mkfifo "$vm/qmp" "$vm/console.in" "$vm/console.out" "$vm/channel.in" "$vm/channel.out"
    cat <"$vm/console.out" >"$vm/console.log" &
    cat <"$vm/channel.out" >"$vm/channel.log" &
    # Paths relative to the directory: the name of a Unix socket has room for 107 bytes only. no_timer_check: on a busy
    # host the kernel finds too few interrupts of an emulated timer in time, and panics.
    (
        cd "$vm" && exec setpriv --pdeathsig KILL qemu-system-x86_64 -nodefaults -no-user-config \
            -display none -no-reboot -accel "$(cat "$B/vm/accel")" -cpu qemu64,-svm -m 512 -qmp stdio \
            -kernel "$vm_kernel" -initrd "$vm_initrd" -append "console=ttyS0 no_timer_check $vm_append" \
            -chardev pipe,id=console,path=console -serial chardev:console \
            -chardev pipe,id=channel,path=channel -serial chardev:channel \
            -device virtio-rng-pci "$@" <>qmp >qmp.log 2>qemu.log
    ) &
    echo $! >"$vm/pid"
    # Events are sent only to a monitor that has sent a command.
    vm_monitor "${vm##*/}" qmp_capabilities
}

# vm_monitor NAME COMMAND: a QMP command without arguments
vm_monitor() { echo "{\"execute\":\"$2\"}" >"$V/$1/qmp"; }

# A zombie has ended, too.
vm_runs() { [ -e "$V/$1/pid" ] && grep -q -s '^State:.[^Z]' "/proc/$(cat "$V/$1/pid")/status"; }

# vm_kill NAME: as if its power was cut
vm_kill() {
    vm_runs "$1" || return 0
    kill -9 "$(cat "$V/$1/pid")"
    wait "$(cat "$V/$1/pid")" 2>/dev/null || :
}

# wait_for SECONDS COMMAND…: until the command succeeds; fails when the time is over
wait_for() {
    wait_left=$(($1 * 5))
    shift
    until "$@"; do
        wait_left=$((wait_left - 1))
        [ "$wait_left" -gt 0 ] || return 1
        sleep 0.2
    done
}

vm_is_over() { ! vm_runs "$1"; }

# vm_end NAME SECONDS: how it ended, in QEMU's words: guest-reset, guest-shutdown, … or "running"
vm_end() {
    wait_for "$2" vm_is_over "$1" || { echo running; return; }
    sed -n 's/.*"SHUTDOWN".*"reason": "\([a-z-]*\)".*/\1/p' "$V/$1/qmp.log"
}


# A kernel under KVM must reach its first process soon, otherwise KVM does not work here.
vm_probe_kvm() {
    [ -s "$B/vm/accel" ] && return
    mkdir -p "$B/vm"
    echo tcg >"$B/vm/accel"
    [ -w /dev/kvm ] || return 0
    say "KVM: trying it"
    probe_log=$(timeout 10 qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot -accel kvm \
        -m 256 -serial stdio -kernel "$B/images/server/vmlinuz" -append "console=ttyS0 panic=-1" 2>&1 || :)
    case $probe_log in
    *"Unable to mount root"*) echo kvm >"$B/vm/accel" ;;
    esac
    say "KVM: $(cat "$B/vm/accel") it is"
}

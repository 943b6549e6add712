# shellcheck shell=bash
# Sourced after tap.sh: a command that is killed at one of its system calls, and what must hold then. The working
# directory is the test's own; there is strace.
#
# Tried are some of the calls that change something, others in every run (CRASH_FROM=N begins at the Nth);
# CRASH_POINTS=N tries N for each command, CRASH_POINTS=all every one. CRASH_CALLS=libvirt: those by which it speaks to
# libvirt, and no others; CRASH_CALLS=all: any system call; CRASH_CALLS=clone, or another name: those. CRASH_ONLY=TEXT: only
# what begins with it, such as "create".

changing='^(mkdir|rename|link|symlink|unlink|rmdir|fchmod|fchown|ftruncate|write|pwrite|sendfile|sendto|sendmsg|fsync|flock'
changing+='|clone|fork|vfork|wait4|poll|connect|exit_group)|O_CREAT'

# crash_list: of the calls in ./calls, those to try, as NAME N: the Nth of its name
crash_list() {
    awk -v what="$changing" -v which="${CRASH_CALLS-}" '{ call = $0; sub(/\(.*/, "", call) }
        call !~ /^[a-z0-9_]+$/ { next }
        { n[call]++ }
        call == "connect" && /libvirt-sock/ { fd = $0; sub(/^connect\(/, "", fd); sub(/,.*/, "", fd) }
        which == "all" || which == call ||
            (which == "libvirt" && fd != "" && index($0, "(" fd ",") == length(call) + 1) ||
            (which == "libvirt" && fd != "" && index($0, "poll([{fd=" fd ",")) ||
            (which == "" && $0 ~ what) { print call, n[call] }' calls
}

# crash NAME WORLD POINTS AFTER COMMAND…: WORLD makes what the command begins with; AFTER prints what is wrong after a kill,
# and so does untouched, which the test defines. POINTS: how many are tried.
crash() {
    local name=$1 world=$2 wanted=$3 after=$4 total step first tried=0 killed=0 bad=0 call n
    shift 4
    case $name in
    "${CRASH_ONLY-}"*) ;;
    *) return ;;
    esac
    $world
    strace -o calls "$@" >out 2>&1 8>&- </dev/null
    crash_list >list
    total=$(wc -l <list)
    case ${CRASH_POINTS-} in
    all) wanted=$total ;;
    ?*) wanted=$CRASH_POINTS ;;
    esac
    step=$(((total + wanted - 1) / wanted))
    first=$((${CRASH_FROM:-$((RANDOM % step + 1))}))
    while read -r call n; do
        $world
        # The shell would tell of each kill.
        { strace -o calls -e "trace=$call" -e "inject=$call:signal=KILL:when=$n" "$@" >out 2>&1 8>&- </dev/null; } 2>killed ||
            killed=$((killed + 1))
        $after >problem
        untouched >>problem
        tried=$((tried + 1))
        [ -s problem ] || continue
        bad=$((bad + 1))
        echo "# killed at $call $n:"
        sed 's/^/# /' problem | head -n 20
    done < <(awk -v f="$first" -v s="$step" 'NR >= f && (NR - f) % s == 0' list)
    is "$name, killed at $tried of $total points (from $first)" "$bad" 0
    ok "  indeed killed" test "$killed" -ge $((tried * 8 / 10)) -a "$killed" -gt 0
}

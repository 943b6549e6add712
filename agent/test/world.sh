# shellcheck shell=sh
# Sourced by tests that cut off a run at some point: a client and a share with everything that can happen in a
# run, and what has to hold after the cut. In the current directory; `agent` is the caller's.

# A run that installs, replaces, removes, offers, merges accounts, sets metadata, changes types both
# ways, builds a directory and re-links.
make_world() {
    new_share
    g=$(tree 1)
    for f in replace remove edited meta todirectory link1; do echo "A $f" >"$g/etc/$f"; done
    ln "$g/etc/link1" "$g/etc/link2"
    mkdir -p "$g/etc/tofile/sub" "$g/etc/gone/sub" "$g/etc/cron.d"
    echo A >"$g/etc/tofile/sub/f"
    echo A >"$g/etc/gone/sub/f"
    echo A >"$g/etc/cron.d/edited"
    echo 'root:x:0:0:root:/root:/bin/sh' >"$g/etc/passwd"
    echo 'root:x:0:' >"$g/etc/group"
    echo 'root:*:1::::::' >"$g/etc/shadow"
    # What stays, so that a delta is shorter than the manifest.
    mkdir "$g/etc/same"
    for i in 1 2 3 4 5 6 7 8 9; do for j in 0 1 2 3 4 5 6 7 8 9; do echo $i$j >"$g/etc/same/$i$j"; done; done
    publish 1
    agent reconcile --quiet || return 1
    for f in edited cron.d/edited; do echo "L $f" >root/etc/$f; done
    echo 'ann:x:1001:1001::/home/ann:/bin/sh' >>root/etc/passwd
    echo mine >root/etc/stranger
    g=$(tree 2)
    # A file of gen/1 that is a hard link would change there, too.
    mv "$g/etc/same" same
    rm -rf "${g:?}/etc"
    mkdir "$g/etc"
    mv same "$g/etc"
    mkdir -p "$g/etc/todirectory/sub" "$g/etc/new/sub" "$g/etc/cron.d"
    for f in replace edited cron.d/edited link1 todirectory/sub/f new/sub/f tofile; do
        echo "B $f" >"$g/etc/$f"
    done
    ln "$g/etc/link1" "$g/etc/link2"
    echo "A meta" >"$g/etc/meta"
    chmod 600 "$g/etc/meta"
    printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'lp:x:7:7:::' >"$g/etc/passwd"
    printf '%s\n' 'root:x:0:' 'lp:x:7:' >"$g/etc/group"
    printf '%s\n' 'root:*:1::::::' 'lp:x:1::::::' >"$g/etc/shadow"
    publish 2
}

# What the paths are, in lines; a run that was cut off must leave every one as in old or as in new.
words() {
    (cd "$1" && find . -mindepth 1 ! -name .pwd.lock -printf '%p %y %m %U %G %l\n' -type f \
        -exec cksum {} + | sort)
}

# each_is_old_or_new: every line of now is one of old or new.
each_is_old_or_new() {
    sort -u old new >either
    words root >now
    ! grep -v -x -F -f either now
}

# Nothing of a transaction is left, nothing stray, and no command calls that unfinished.
nothing_left() {
    [ ! -e state/transaction ] || echo "transaction left"
    [ -z "$(find root/ state/ -name '.xf-*')" ] || echo "stray files: $(find root/ state/ -name '.xf-*')"
    agent status --json | grep -q '"unfinished":false' || echo "status: $(agent status --json)"
}

# runs STATUS COMMAND…: what is wrong if it does not end with that status
runs() {
    wanted=$1
    shift
    agent "$@" --quiet >.rerun 2>&1
    rc=$?
    [ $rc -eq "$wanted" ] || echo "$* ended with $rc: $(cat .rerun)"
}

# is_like FILE: what is wrong if the root is not as FILE has it
is_like() {
    words root >now
    cmp -s now "$1" || echo "differs from $1: $(diff "$1" now)"
}

# What is wrong after a cut in the run from old to new, and after the next ordinary run; nothing, if all is well.
wrong_after_cut() {
    each_is_old_or_new >stray || echo "neither old nor new: $(cat stray)"
    runs 10 reconcile
    is_like new
    nothing_left
    agent plan --json >plan.json 2>&1
    ! grep -q -E '"(INSTALL|REMOVE|ADOPT|MERGE-ROWS|DROP-BASE|DEFER)"' plan.json ||
        echo "the base does not agree: $(cat plan.json)"
}

# The same of a rollback, that goes from new to old. Every second time (tried is the caller's) by the next ordinary
# run, that finds the one or the other, whole; else by rollback, which completes it and never goes further back.
wrong_after_cut_rollback() {
    each_is_old_or_new >stray || echo "neither old nor new: $(cat stray)"
    if [ $((${tried:-0} % 2)) -eq 1 ]; then
        agent reconcile --quiet >.rerun 2>&1
        words root >now
        cmp -s now old || is_like new
    else
        agent rollback --quiet >.rerun 2>&1
        is_like old
    fi
    nothing_left
    runs 10 reconcile --again
    is_like new
}

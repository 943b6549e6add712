# shellcheck shell=sh
# The client's side: programs of the share run and are started while the share changes.
P=/run/proof
. ./live-params

# The page cache is dropped, a program started to look once, and each new version to run until the end.
load() {
    pids='' last='' n=0
    while [ ! -e $P/end ]; do
        status=0
        version=$(/usr/bin/xf-proof once 2>&1) || status=$?
        echo "$status $version" >>$P/starts
        if [ "$version" != "$last" ]; then
            n=$((n + 1))
            /usr/bin/xf-proof >$P/$n.out 2>&1 &
            pids="$pids $!"
            last=$version
            echo "runs $version"
        fi
        echo 3 >/proc/sys/vm/drop_caches
        sleep 1
    done
    for pid in $pids; do
        kill "$pid" 2>/dev/null
        status=0
        wait "$pid" 2>/dev/null || status=$?
        echo "$status" >>$P/ends
    done
}

live_load() {
    mkdir $P
    : >$P/starts
    load &
    echo "ready"
    read -r _
    : >$P/end
    wait $!
    echo "# $(wc -l <$P/starts) short runs; $(wc -l <$P/ends) long ones of versions $(cat $P/*.out | cut -d' ' -f1 | sort -nu | xargs)"
    echo "# $(awk '{ n += $3 } END { print n }' $P/*.out) looks of the long ones; ends: $(sort $P/ends | uniq -c | xargs)"
    echo "# starts with program and library of different versions: $(awk '$1 == 0 && $2 != $3' $P/starts | wc -l)"
}

live_unharmed() {
    is "no long run came to harm (135: SIGBUS, 3: mixed, 4: ESTALE)" "$(grep -v -x 0 $P/ends | sort | uniq -c | xargs)" ""
    is "no start failed" "$(grep -v '^0 [0-9]' $P/starts | sort | uniq -c)" ""
    ok "half of all versions ran side by side" \
        test "$(cat $P/*.out | cut -d' ' -f1 | sort -u | wc -l)" -ge $((most / 2))
    fails_with 1 "the kernel says nothing of lost pages" sh -c "dmesg | grep -i 'sigbus\|stale'"
    echo 3 >/proc/sys/vm/drop_caches
    ok "the share answers" cat /mroot/current
}

live_harmed() {
    grep -v -x 0 $P/ends | sort | uniq -c | sed 's/^ */# long runs that ended with status: /'
    ok "long runs came to harm: SIGBUS (135) or ESTALE (4)" grep -q -x -e 135 -e 4 $P/ends
}

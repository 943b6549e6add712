# shellcheck shell=bash
# A farm whose page has something of all to show, and texts that try to be HTML; sourced after farm/fleet/test/lib.sh.

hostile='</script><script>document.title="caught"</script><img src=x onerror=alert(1)>&lt;'

# page COUNT [KIND=N…]: makes ./page.html; the share has three generations
page() {
    fleet_settings
    a_share
    echo two >master/etc/one
    publish --note "${note-$hostile}" >/dev/null
    echo three >master/etc/one
    publish --note "July updates" >/dev/null
    # The agents say 11 and 12.
    for n in 3 2; do
        mv "share/gen/$n" "share/gen/$((n + 9))"
        for f in share/manifest/"$n".*; do mv "$f" "share/manifest/$((n + 9)).${f#share/manifest/*.}"; done
    done
    echo 12 >share/current
    echo "$SHARE_UUID" >share/etc/uuid
    # shellcheck disable=SC2034 # of lib.sh
    admin=$(printf %s "${who-$hostile}" | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g')
    agents "$@"
    xf status --html page.html --quiet --timeout 1
}

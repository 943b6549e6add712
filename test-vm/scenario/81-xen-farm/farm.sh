# In dom0: for the stories of farms on Xen.
. ./tap.sh
. ./master.sh
. ./told
cd "$T" || exit 1
scenario=/run/scenario
share=/srv/xenfarm/share
xc() { xenfarm client "$@"; }
# guest NAME COMMAND…
guest() { xc ssh "$@"; }
v() { virsh -q -c xen:///system "$@"; }
# within SECONDS COMMAND…: until it succeeds
within() {
    end=$(($(date +%s) + $1))
    shift
    until "$@" >"$T/within" 2>&1; do
        [ "$(date +%s)" -lt $end ] || { cat "$T/within"; return 1; }
        sleep 2
    done
}
# chapter TITLE: its seconds are told, too
began=$(date +%s)
chapter() {
    [ -z "${title-}" ] || echo "# $(($(date +%s) - began)) s: $title"
    title=$1 began=$(date +%s)
}
# Owners, modes, times, contents and attributes of what is in the share.
generations() { (
    cd "$share" && find gen live -printf '%p %y %m %U %G %T@ %s %n\n' | sort
    getfattr -R -d -m - --absolute-names "$share/live/boot" 2>/dev/null
); }
# What clients need not start here: see scenario.sh; and sessions of those who log in take half a minute each.
spare_units() {
    for word in $spare systemd.mask=systemd-logind.service systemd.mask=user@.service; do
        case $word in systemd.mask=*) ln -sf /dev/null "$master/etc/systemd/system/${word#*=}" ;; esac
    done
}
create_clients() {
    bad=$tap_bad
    ok "create" xc create web1 web2 --memory 320 --disk 300 --wait --timeout 1200
    [ "$tap_bad" = "$bad" ] || { tail -n 20 /var/log/libvirt/libxl/libxl-driver.log | sed 's/^/# /'; tap_done; }
    is "both are domains of Xen" "$(xl list | awk '$1 ~ /web/ { print $1 }' | sort | xargs)" "web1 web2"
}

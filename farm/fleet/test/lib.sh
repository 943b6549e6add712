# shellcheck shell=bash
# What the tests of the fleet share; sourced after farm/client/test/lib.sh. Agents that are not there (many-agents), in a
# network of their own, and their domains in libvirt's test driver.

SHARE_UUID=5e0f2c1e-1b1b-4a4a-9c9c-0123456789ab # that many-agents tells

# What is missing for these tests.
fleet_missing() {
    # shellcheck disable=SC2154 # of farm/client/test/lib.sh
    echo "$virt_bad" | xargs -r echo not installed:
    [ -x "$B/test/many-agents" ] || echo "many-agents is not built"
    if [ "$(id -u)" -eq 0 ]; then unshare -n true 2>/dev/null; else unshare -Urn true 2>/dev/null; fi ||
        echo "no network namespace can be made"
}

# domain NAME UUID ADDRESS: libvirt's XML; $admin is escaped; $host_key
domain() {
    cat <<END
<domain type='test'><name>$1</name><uuid>$2</uuid><title>$1: generation 1, ready</title>
<metadata><x:client xmlns:x='urn:xenfarm:domain:1' share='$SHARE_UUID' address='$3' pin='' channel='live'
 admin='${admin-Ann}' state='ready' created='2026-11-01T12:00:00Z' hostkey='${host_key-}'/></metadata>
<memory>65536</memory><os><type>hvm</type></os></domain>
END
}

# agents COUNT [KIND=N…]: client1 … are defined and run; sets $agents
agents() {
    local enter=(unshare -n)
    [ "$(id -u)" -eq 0 ] || enter=(unshare -Urn)
    "${enter[@]}" sh -c 'ip link set lo up && exec "$0" "$@"' "$B/test/many-agents" "$@" >agents.list 2>agents.log 8>&- &
    agents=$!
    until_true grep -q '^ready$' agents.list
    define
}
agents_stop() {
    kill "$agents"
    wait "$agents"
} 2>/dev/null

# The domains of agents.list, by one connection; those that are there stay as they are.
define() {
    local name address n=0
    mkdir -p xml
    while read -r name address _; do
        n=$((n + 1))
        [ "$name" != ready ] && [ ! -e "xml/$name" ] || continue
        domain "$name" "$(printf '00000000-0000-4000-8000-%012x' $n)" "$address" >"xml/$name"
        printf 'define %s\nstart %s\n' "$PWD/xml/$name" "$name"
    done <agents.list >commands
    v <commands >/dev/null
}

# xf WORD…: xenfarm where the agents are, who answer to root alone
xf() {
    local enter=(nsenter -t "$agents" -n)
    [ "$(id -u)" -eq 0 ] || enter+=(-U --preserve-credentials)
    "${enter[@]}" xenfarm --config conf "$@" 8>&-
}
fleet_settings() { settings "fleet = $T/fleet" "$@"; }

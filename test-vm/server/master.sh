# shellcheck shell=sh
# For what a scenario does to the master, on the server. The master's files are hard links into the share: each change
# makes another inode, as a package manager does.
master=/srv/xenfarm/master

# put FILE: from standard input, with the mode that it had
put() {
    mkdir -p "$master/${1%/*}"
    cat >"$master/$1.new"
    chmod --reference="$master/$1" "$master/$1.new" 2>/dev/null || chmod 644 "$master/$1.new"
    mv "$master/$1.new" "$master/$1"
}

# renew FILE FROM: with the mode that FROM has
renew() {
    cp "$2" "$master/$1.new"
    mv "$master/$1.new" "$master/$1"
}

# new_generation N [OPTION…]: publish the master, which says of itself that it is N. What is said goes by way of a
# file, as for a terminal there would be progress, at the speed of a serial port.
new_generation() {
    echo "$1" | put usr/lib/xf-scenario/generation
    shift
    status=0
    xenfarm share publish --from $master "$@" >/run/published 2>&1 || status=$?
    cat /run/published
    return $status
}

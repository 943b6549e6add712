# shellcheck shell=bash
# What the tests of xenfarm share; sourced after tap.sh.

# xf COMMAND…: with the settings in ./conf
xf() {
    local command=$1
    shift
    xenfarm share "$command" --config conf "$@"
}

inode() { stat -c %i "$1"; }

# picture TREE: all that it shows: names, types, owners, modes, times, links, attributes, contents
picture() { (
    cd "$1" || exit
    find . -mindepth 1 \( -type d -printf '%p %y %m %U %G %T@\n' \) -o -printf '%p %y %m %U %G %T@ %s %l\n' | LC_ALL=C sort
    find . -type f -exec sha256sum {} + | LC_ALL=C sort
    getfattr -R -P -h -d -m - . 2>/dev/null
    :
); }

# same NAME A B: two trees show the same
same() {
    picture "$2" >"$T/.a"
    picture "$3" >"$T/.b"
    ok "$1" diff -a "$T/.a" "$T/.b"
}

# unchanged NAME TREE PICTURE: a tree shows what it did when the picture was taken
unchanged() {
    picture "$2" >"$T/.a"
    ok "$1" diff -a "$3" "$T/.a"
}

# until_exists FILE: wait for it, not for ever
until_exists() {
    local n=0
    while [ ! -e "$1" ] && [ $((n += 1)) -le 200 ]; do sleep 0.05; done
}

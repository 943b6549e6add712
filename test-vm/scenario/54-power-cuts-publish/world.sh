# shellcheck shell=sh
# Sourced on the server; `sh world.sh make` makes the disks' contents in the current directory: publish/ and rollback/, with
# a share, its key and a master; and what live/ may show: RUN.old.lines, RUN.new.lines, .names.
names() { (cd "$1" && find . -mindepth 1 | LC_ALL=C sort); }
lines() { (
    cd "$1" || exit
    find . ! -type d -printf '%p %y %m %U %G %T@ %s %l\n'
    find . -type f -exec sha256sum {} +
) | LC_ALL=C sort; }

whole_seconds() { find master -exec touch -h -d @1700000000 {} +; }
publish() { xenfarm share publish --share share --key key --from master --quiet; }

make() {
    mkdir -p master/usr/bin master/usr/lib/deep/er master/etc/tofile/sub master/etc/gone/sub master/etc/mode
    for f in usr/bin/program usr/lib/library.so.1 etc/replace etc/remove etc/meta etc/todirectory etc/tolink etc/one \
        etc/tofile/sub/f etc/gone/sub/f; do
        echo "first $f" >master/$f
    done
    chmod 755 master/usr/bin/program
    ln master/etc/one master/etc/two
    ln -s library.so.1 master/usr/lib/library.so
    echo 'root:!:1::::::' >master/etc/shadow
    whole_seconds
    xenfarm share init share --key key --quiet || return
    publish || return
    for f in usr/bin/program usr/lib/library.so.2 etc/replace etc/one etc/new; do
        echo "second $f" >master/$f.x
        mv master/$f.x master/$f
    done
    chmod 755 master/usr/bin/program
    ln -sfn library.so.2 master/usr/lib/library.so
    rm -r master/etc/remove master/etc/todirectory master/etc/tolink master/etc/tofile master/etc/gone master/usr/lib/deep
    mkdir -p master/etc/todirectory/sub master/etc/directory/sub
    echo file >master/etc/tofile
    ln -s one master/etc/tolink
    for f in todirectory directory; do echo second >master/etc/$f/sub/f; done
    chmod 600 master/etc/meta
    chmod 700 master/etc/mode
    whole_seconds
    mkdir publish rollback
    cp -a share master key key.pub publish/ || return
    publish || return
    cp -a share master key key.pub rollback/ || return
    for show in lines names; do
        $show share/gen/1 >publish.old.$show
        $show share/gen/2 >publish.new.$show
        cp publish.new.$show rollback.old.$show
        cp publish.old.$show rollback.new.$show
    done
}

# is_whole RUN STATE NUMBER: live/ is in that state, as current says
is_whole() { lines $disk/share/live | cmp -s - "/run/scenario/$1.$2.lines" || echo "current is $3, but live is not that"; }

# check_current RUN OLD NEW: what current names is there; while etc/flip is, live may be on its way
check_current() {
    now=$(cat $disk/share/current)
    case $now in
    "$2") [ -e $disk/share/etc/flip ] || is_whole "$1" old "$now" ;;
    "$3") is_whole "$1" new "$now" ;;
    *) echo "current is '$now'" ;;
    esac
    [ -d "$disk/share/gen/$now" ] || echo "no generation $now"
}

between() { # RUN
    lines $disk/share/live >seen
    names $disk/share/live >there
    sort -u /run/scenario/$1.*.lines | comm -23 seen - | sed 's/^/of neither state: /'
    comm -12 /run/scenario/$1.old.names /run/scenario/$1.new.names | comm -13 there - | sed 's/^/missing: /'
}

after_rerun() { # RUN NEW
    [ "$(cat $disk/share/current)" = "$2" ] || echo "current is $(cat $disk/share/current) after the rerun"
    is_whole "$1" new "$2"
    [ "$(echo $disk/share/gen/*)" = "$(seq -f "$disk/share/gen/%g" "$2" | xargs)" ] || echo "gen/ has $(ls $disk/share/gen)"
    find $disk/share \( -name '.xf-*' -o -name .flip -o -path $disk/share/etc/flip \) -printf 'left: %p\n'
    for n in $(seq "$2"); do xf verify "$n" >verified 2>&1 || cat verified; done
}

[ "${1-}" != make ] || make

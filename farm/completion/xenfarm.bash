# shellcheck shell=bash
# Completion for xenfarm(8).

# What is in a directory of a share.
__xenfarm_in_share() { # DIRECTORY PATTERN
    local i share config=/etc/xenfarm/xenfarm.conf
    for ((i = 1; i + 1 < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --share | -s) share=${COMP_WORDS[i + 1]} ;;
        --config | -c) config=${COMP_WORDS[i + 1]} ;;
        esac
    done
    [[ $share ]] || share=$(sed -n 's/^[[:space:]]*share[[:space:]]*=[[:space:]]*//p' "$config" 2>/dev/null)
    find "${share:-/srv/xenfarm/share}/$1" -mindepth 1 -maxdepth 1 -name "$2" ! -name '*.*' -printf '%f ' 2>/dev/null
}

__xenfarm_generations() { __xenfarm_in_share gen '[1-9]*'; }
__xenfarm_channels() { echo "live $(__xenfarm_in_share channel '*')"; }

# A function for each group of commands, _xenfarm_GROUP: the words for cur into words, or file names into COMPREPLY.
_xenfarm_share() {
    if ((COMP_CWORD == 2)); then
        words="init publish preview promote channel list diff verify rollback rekey gc push receive --help"
    elif [[ $prev == --@(note|partition|in-use-kernel|keep|timeout|columns|sort|filter) || $prev == -t ]]; then
        return
    elif [[ $prev == --format ]]; then
        words="table raw json"
    elif [[ $prev == --in-use ]]; then
        words=$(__xenfarm_generations)
    elif [[ $prev == --unless ]]; then
        words=conflicts
    elif [[ $prev == --after ]]; then
        words="30m 2h 1d"
    elif [[ $prev == --to ]]; then
        words=$(__xenfarm_channels)
    elif [[ $prev == --@(from|layout|new-key) ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    elif [[ $cur == -* ]]; then
        case ${COMP_WORDS[2]} in
        init) words="--key --config --dry-run --json --quiet --help" ;;
        publish)
            words="$common --from --partition --note --layout --in-use-kernel --no-initrd --checksum
                --strict --stage --to --dry-run --json"
            ;;
        preview)
            words="--share --config --timeout --quiet --json --format --columns --sort --filter --no-header --help"
            ;;
        promote) words="$common --to --after --unless --pending --cancel --dry-run --json" ;;
        list | diff | verify) words="$common --json" ;;
        channel) words="$common --dry-run --json" ;;
        rollback) words="$common --note --to --dry-run --json" ;;
        rekey) words="$common --new-key --dry-run --json" ;;
        gc) words="$common --keep --in-use --dry-run --json" ;;
        push) words="--share --config --checksum --dry-run --json --quiet --help" ;;
        receive) words="--share --config --quiet --help" ;;
        esac
    else
        case ${COMP_WORDS[2]} in
        init) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
        diff | verify | rollback | gc | preview) words=$(__xenfarm_generations) ;;
        promote) words="$(__xenfarm_generations) $(__xenfarm_channels)" ;;
        channel)
            words="list create destroy"
            ((COMP_CWORD == 3)) || words=$(__xenfarm_channels)
            ;;
        receive) words="ask begin take switch" ;;
        push) words=$(__xenfarm_sections server) ;;
        esac
    fi
}

# The file that --config names, or the one that is always read.
__xenfarm_config() {
    local i config=/etc/xenfarm/xenfarm.conf
    for ((i = 1; i + 1 < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} != --config && ${COMP_WORDS[i]} != -c ]] || config=${COMP_WORDS[i + 1]}
    done
    echo "$config"
}

# __xenfarm_sections KIND [PREFIX]: the names of the settings' sections of that kind
__xenfarm_sections() {
    sed -n "s/^[[:space:]]*\[[[:space:]]*$1[[:space:]]\{1,\}\([a-z0-9-]*\)[[:space:]]*\].*/${2-}\1/p" "$(__xenfarm_config)" 2>/dev/null | tr '\n' ' '
}

# The names of clients, by their disks: libvirt is not asked.
__xenfarm_clients() {
    local disks config
    config=$(__xenfarm_config)
    disks=$(sed -n 's/^[[:space:]]*disks[[:space:]]*=[[:space:]]*//p' "$config" 2>/dev/null)
    find "${disks:-/var/lib/libvirt/images}" -mindepth 1 -maxdepth 1 -name '[a-z0-9]*.xenfarm.img' -printf '%f ' 2>/dev/null |
        sed 's/\.xenfarm\.img / /g'
}

_xenfarm_client() {
    local several="--config --all --batch --max-failures --retry-failed --dry-run --json --quiet --help"
    if ((COMP_CWORD == 2)); then
        words="create list ls show start stop reboot rename pin unpin set destroy rm wait console ssh host-key events --help"
    elif [[ $prev == --for ]]; then
        words="answering running off"
    elif [[ $prev == --generation || $prev == -g ]]; then
        words=$(__xenfarm_generations)
    elif [[ $prev == --channel ]]; then
        words=$(__xenfarm_channels)
    elif [[ $prev == --format ]]; then
        words="table raw json"
    elif [[ $prev == --servers ]]; then
        words=spread
    elif [[ $prev == --host ]]; then
        words="local $(__xenfarm_sections host)"
    elif [[ $prev == --@(address|memory|cpus|disk|admin|batch|max-failures|timeout|columns|sort|filter) || $prev == -[abt] ]]; then
        return
    elif [[ $cur == -* ]]; then
        case ${COMP_WORDS[2]} in
        create)
            words="--share --config --address --host --channel --servers --memory --cpus --disk --admin --wait --timeout --dry-run --json --yes --quiet --help"
            ;;
        list | ls) words="--config --json --format --columns --sort --filter --no-header --help" ;;
        show) words="--config --all --json --quiet --help" ;;
        start) words="$several --wait --timeout" ;;
        stop | reboot) words="$several --force --timeout" ;;
        rename) words="--config --dry-run --json --quiet --help" ;;
        pin) words="$several --share --generation" ;;
        unpin) words="$several --share" ;;
        set) words="$several --share --channel --servers" ;;
        destroy | rm) words="--config --max-failures --dry-run --json --yes --quiet --help" ;;
        wait) words="--config --all --for --timeout --json --quiet --help" ;;
        console) words="--config --force --log --help" ;;
        ssh) words="--config --help" ;;
        host-key) words="--config --dry-run --json --quiet --help" ;;
        events) words="--config --json --help" ;;
        esac
    elif [[ ${COMP_WORDS[2]} == create ]]; then
        return
    else
        [[ $prev != @ ]] || cur=@$cur # bash makes two words of @NAME
        words="$(__xenfarm_clients) $(__xenfarm_sections group @)"
    fi
}

_xenfarm_init() {
    words="$common --undo --yes --dry-run --json"
}

_xenfarm_doctor() {
    _xenfarm_log
    [[ -z $words || $prev == --format ]] || words="$words --share --key --here --quiet"
}

_xenfarm_status() {
    if [[ $prev == --@(prometheus|html) ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    elif [[ $cur == -* || $prev == --@(format|columns|sort|filter|timeout|interval) || $prev == -t ]]; then
        _xenfarm_log
        [[ -z $words || $prev == --format ]] ||
            words="$words --timeout --fast --watch --interval --ssh --prometheus --html --quiet"
    else
        words=$(__xenfarm_clients)
    fi
}

__xenfarm_round() {
    if [[ $cur == -* || $prev == --@(format|columns|sort|filter|timeout) || $prev == -t ]]; then
        _xenfarm_log
        [[ -z $words || $prev == --format ]] || words="$words --timeout --quiet"
    else
        words=$(__xenfarm_clients)
    fi
}

_xenfarm_conflicts() {
    __xenfarm_round
    [[ $cur != -* || -z $words || $prev == --format ]] || words="$words --ssh"
}

_xenfarm_orders() {
    __xenfarm_round
    [[ $cur != -* || -z $words || $prev == --format ]] || words="$words --all"
}

_xenfarm_reconcile() {
    _xenfarm_orders
    [[ $cur != -* || -z $words || $prev == --format ]] || words="$words --wait"
}

_xenfarm_message() { _xenfarm_orders; }

_xenfarm_exec() {
    if [[ $cur == -* ]]; then
        words="--config --all --help"
    elif ((COMP_CWORD == 2)); then
        words=$(__xenfarm_clients)
    fi
}

_xenfarm_inventory() {
    if [[ $cur == -* ]]; then
        words="--config --ansible --clush --help"
    else
        words=$(__xenfarm_clients)
    fi
}

_xenfarm_log() {
    if [[ $prev == --format ]]; then
        words="table raw json"
    elif [[ $prev != --@(columns|sort|filter|timeout|interval) && $prev != -t ]]; then
        words="--config --json --format --columns --sort --filter --no-header --help"
    fi
}

# The names of masters, without asking libvirt.
__xenfarm_masters() {
    find /var/lib/xenfarm/boot/master -mindepth 1 -maxdepth 1 -type d ! -name '*.new' -printf '%f ' 2>/dev/null
}

_xenfarm_master() {
    local publish="--note --layout --in-use-kernel --no-initrd --checksum --strict"
    if ((COMP_CWORD == 2)); then
        words="create list ls show start stop console ssh shell update publish destroy rm --help"
    elif [[ $prev == --format ]]; then
        words="table raw json"
    elif [[ $prev == --@(packages|memory|cpus|disk|note|in-use-kernel|timeout|columns|sort|filter) ]]; then
        return
    elif [[ $prev == --from || $prev == -f ]]; then
        mapfile -t COMPREPLY < <(compgen -W "debian12 debian13" -f -- "$cur")
    elif [[ $prev == --@(client-root|client-package|ssh-key|layout) ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    elif [[ $cur == -* ]]; then
        case ${COMP_WORDS[2]} in
        create)
            words="$common --from --packages --client-root --client-package --ssh-key --in-place
                --memory --cpus --disk --dry-run --json"
            ;;
        list | ls) words="--config --json --format --columns --sort --filter --no-header --help" ;;
        show) words="--config --json --quiet --help" ;;
        start) words="--config --dry-run --json --quiet --help" ;;
        stop) words="--config --force --timeout --dry-run --json --quiet --help" ;;
        console | ssh | shell) words="--config --help" ;;
        update) words="$common $publish --offline --no-publish --timeout --dry-run --json" ;;
        publish) words="$common $publish --dry-run --json" ;;
        destroy | rm) words="--config --dry-run --json --quiet --yes --help" ;;
        esac
    elif [[ ${COMP_WORDS[2]} != @(create|list|ls) ]]; then
        words=$(__xenfarm_masters)
    fi
}

_xenfarm() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words=
    local common="--share --key --config --quiet --help"
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        words="init doctor client master share status conflicts reconcile message exec inventory log --help --version"
    elif ((COMP_CWORD > 2)) && [[ $prev == --@(share|key|config) || $prev == -[skc] ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    elif declare -F "_xenfarm_${COMP_WORDS[1]}" >/dev/null; then
        "_xenfarm_${COMP_WORDS[1]}"
    fi
    [[ -n $words ]] || return 0
    compopt +o filenames 2>/dev/null # a name of a file has @ quoted
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -o filenames -F _xenfarm xenfarm

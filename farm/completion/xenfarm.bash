# shellcheck shell=bash
# Completion for xenfarm(8).

# The numbers of a share's generations.
__xenfarm_generations() {
    local i share config=/etc/xenfarm/xenfarm.conf
    for ((i = 1; i + 1 < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --share | -s) share=${COMP_WORDS[i + 1]} ;;
        --config | -c) config=${COMP_WORDS[i + 1]} ;;
        esac
    done
    [[ $share ]] || share=$(sed -n 's/^[[:space:]]*share[[:space:]]*=[[:space:]]*//p' "$config" 2>/dev/null)
    find "${share:-/srv/xenfarm/share}/gen" -mindepth 1 -maxdepth 1 -name '[1-9]*' ! -name '*.*' -printf '%f ' 2>/dev/null
}

# A function for each group of commands, _xenfarm_GROUP: the words for cur into words, or file names into COMPREPLY.
_xenfarm_share() {
    if ((COMP_CWORD == 2)); then
        words="init publish list diff verify rollback rekey gc --help"
    elif [[ $prev == --@(note|partition|in-use-kernel|keep) ]]; then
        return
    elif [[ $prev == --in-use ]]; then
        words=$(__xenfarm_generations)
    elif [[ $prev == --@(from|layout|new-key) ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    elif [[ $cur == -* ]]; then
        case ${COMP_WORDS[2]} in
        init) words="--key --config --quiet --help" ;;
        publish)
            words="$common --from --partition --note --layout --in-use-kernel --no-initrd --checksum
                --strict --dry-run --json"
            ;;
        list | diff | verify) words="$common --json" ;;
        rollback) words="$common --note --dry-run --json" ;;
        rekey) words="$common --new-key" ;;
        gc) words="$common --keep --in-use --dry-run --json" ;;
        esac
    else
        case ${COMP_WORDS[2]} in
        init) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
        diff | verify | rollback | gc) words=$(__xenfarm_generations) ;;
        esac
    fi
}

_xenfarm_init() {
    words="$common --undo --yes --dry-run"
}

_xenfarm_doctor() {
    _xenfarm_log
    [[ -z $words || $prev == --format ]] || words="$words --share --key --quiet"
}

_xenfarm_log() {
    if [[ $prev == --format ]]; then
        words="table raw json"
    elif [[ $prev != --@(columns|sort|filter) ]]; then
        words="--config --json --format --columns --sort --filter --no-header --help"
    fi
}

_xenfarm() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words=
    local common="--share --key --config --quiet --help"
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        words="init doctor share log --help --version"
    elif ((COMP_CWORD > 2)) && [[ $prev == --@(share|key|config) || $prev == -[skc] ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    elif declare -F "_xenfarm_${COMP_WORDS[1]}" >/dev/null; then
        "_xenfarm_${COMP_WORDS[1]}"
    fi
    [[ -z $words ]] || mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -o filenames -F _xenfarm xenfarm

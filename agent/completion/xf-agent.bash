# shellcheck shell=bash
# Completion for xf-agent(8).

_xf_agent() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words=
    local common="--root --state --pub --source --json --quiet --help --version"
    COMPREPLY=()
    case $prev in
    --root | --state) mapfile -t COMPREPLY < <(compgen -d -- "$cur") && return ;;
    --pub | --source | --tool) mapfile -t COMPREPLY < <(compgen -f -- "$cur") && return ;;
    esac
    if ((COMP_CWORD == 1)); then
        words="status plan reconcile boot conflicts diff resolve verify rollback restarts
            --help --version"
    elif [[ $cur == -* ]]; then
        words=$common
        case ${COMP_WORDS[1]} in
        resolve) words+=" --mine --theirs --merge --tool" ;;
        status) words+=" --monitor" ;;
        reconcile) words+=" --again" ;;
        plan) words+=" --generation" ;;
        restarts) words="--state --pub --source --generation --batch --json --quiet --help --version" ;;
        esac
    elif [[ ${COMP_WORDS[1]} == diff || ${COMP_WORDS[1]} == resolve ]]; then
        words=$(xf-agent conflicts 2>/dev/null | sed -n 's/^[a-z]\+ *\([^ ]*\)  since.*/\1/p')
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _xf_agent xf-agent

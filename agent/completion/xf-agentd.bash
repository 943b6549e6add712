# shellcheck shell=bash
# Completion for xf-agentd(8).

_xf_agentd() {
    local cur=${COMP_WORDS[COMP_CWORD]} words="--help --version"
    ((COMP_CWORD > 1)) || words+=" serve listen work register unregister"
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _xf_agentd xf-agentd

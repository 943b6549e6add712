# shellcheck shell=bash
# Completion for xfnet(1).

_xfnet() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words=
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        words="check explain compose --help --version"
    else
        case ${COMP_WORDS[1]}:$prev in
        explain:--cmdline)
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return
            ;;
        compose:--agent) words="on off" ;;
        compose:--fail) words="shell reboot poweroff wait" ;;
        compose:--debug) words="net share root agent init" ;;
        compose:--root) words="tmpfs UUID= LABEL= PARTUUID= /dev/" ;;
        compose:--interface) words=$(ls /sys/class/net 2>/dev/null) ;;
        compose:--help | explain:--help | check:--help) return ;;
        compose:--[a-z]*) return ;;
        check:*) words="--help xfnet=" ;;
        explain:*) words="--cmdline --json --sh --help xfnet=" ;;
        compose:*)
            words="--client --prefix --server --gateway --broadcast --interface --mtu --vlan
                --share --gen --name --agent --timeout --fail --debug --root --rootfstype
                --rootflags --init --help"
            ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    [[ ${COMPREPLY[*]} == *= ]] && compopt -o nospace
}
complete -F _xfnet xfnet

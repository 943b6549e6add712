# shellcheck shell=bash
# Completion for xf-manifest(1).

_xf_manifest() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words=
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        words="create verify diff delta show check sign keygen --help --version"
    elif [[ $prev == --@(generation|previous|share|threads) ]]; then
        return
    elif [[ $cur == -* ]]; then
        case ${COMP_WORDS[1]} in
        create)
            words="--output --key --exclude-from --cache --generation --share --previous
                --threads --one-file-system"
            ;;
        verify) words="--pub --exclude-from --cache --time --threads --one-file-system --json" ;;
        diff) words="--pub --time --json" ;;
        delta) words="--output --pub --key" ;;
        show | check) words="--pub --json" ;;
        sign) words="--key" ;;
        keygen) words="--output" ;;
        esac
        words+=" --help"
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -o filenames -F _xf_manifest xf-manifest

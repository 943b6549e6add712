# shellcheck shell=bash
# Completion for xf-mkinitrd(8).

_xf_mkinitrd() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words=
    local making="--output --root --platform --fs --add --firmware --tree --pub --init --shutdown
        --busybox --compress --level --keep-compressed --dry-run --json --quiet --verbose --help"
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        words="build exchange list extract info verify --help --version"
    else
        case $prev in
        -o | --output | --pub | --init | --shutdown | --busybox)
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return
            ;;
        --root | --tree)
            mapfile -t COMPREPLY < <(compgen -d -- "$cur")
            return
            ;;
        --platform) words="xen kvm all" ;;
        --fs) words="ext4 xfs btrfs" ;;
        --compress) words="gzip xz zstd lz4 none" ;;
        --kernel) words=$(ls /lib/modules 2>/dev/null) ;;
        --level | --add) return ;;
        *)
            case ${COMP_WORDS[1]}:$cur in
            build:-*) words=$making ;;
            build:*) words=$(ls /lib/modules 2>/dev/null) ;;
            exchange:-*) words="$making --kernel" ;;
            list:-*) words="--long --help" ;;
            info:-*) words="--json --help" ;;
            extract:-* | verify:-*) words="--help" ;;
            *)
                mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                return
                ;;
            esac
            ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -o filenames -F _xf_mkinitrd xf-mkinitrd

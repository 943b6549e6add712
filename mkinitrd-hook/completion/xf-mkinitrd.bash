# bash completion for xf-mkinitrd(8)                                       -*- shell-script -*-
_xf_mkinitrd()
{
    # shellcheck disable=SC2034 # _init_completion fills in all four
    local cur prev words cword making='--output --root --platform --fs --add --firmware --tree --pub --init --shutdown
        --busybox --compress --level --keep-compressed --dry-run --json --quiet --verbose'
    _init_completion -s || return
    case $prev in
    -o | --output | --pub | --init | --shutdown | --busybox) _filedir; return ;;
    --root | --tree) _filedir -d; return ;;
    --platform) mapfile -t COMPREPLY < <(compgen -W 'xen kvm all' -- "$cur"); return ;;
    --fs) mapfile -t COMPREPLY < <(compgen -W 'ext4 xfs btrfs' -- "$cur"); return ;;
    --compress) mapfile -t COMPREPLY < <(compgen -W 'gzip xz zstd lz4 none' -- "$cur"); return ;;
    --level | --add) return ;;
    --kernel) mapfile -t COMPREPLY < <(cd /lib/modules 2>/dev/null && compgen -d -- "$cur"); return ;;
    esac
    if [ "$cword" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W 'build exchange list extract verify info --help --version' -- "$cur")
    elif [[ $cur != -* ]]; then
        case ${words[1]} in
        build) mapfile -t COMPREPLY < <(cd /lib/modules 2>/dev/null && compgen -d -- "$cur") ;;
        *) _filedir ;;
        esac
    else
        case ${words[1]} in
        build) mapfile -t COMPREPLY < <(compgen -W "$making --help" -- "$cur") ;;
        exchange) mapfile -t COMPREPLY < <(compgen -W "$making --kernel --help" -- "$cur") ;;
        list) mapfile -t COMPREPLY < <(compgen -W '--long --help' -- "$cur") ;;
        info) mapfile -t COMPREPLY < <(compgen -W '--json --help' -- "$cur") ;;
        *) mapfile -t COMPREPLY < <(compgen -W '--help' -- "$cur") ;;
        esac
    fi
} && complete -F _xf_mkinitrd xf-mkinitrd

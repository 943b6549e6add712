# bash completion for xf-mkinitrd(8)                                       -*- shell-script -*-
_xf_mkinitrd()
{
    # shellcheck disable=SC2034 # _init_completion fills in all four
    local cur prev words cword
    _init_completion -s || return
    case $prev in
    -o | --output | --pub | --init | --shutdown | --busybox) _filedir; return ;;
    --root) _filedir -d; return ;;
    --platform) mapfile -t COMPREPLY < <(compgen -W 'xen kvm all' -- "$cur"); return ;;
    --fs) mapfile -t COMPREPLY < <(compgen -W 'ext4 xfs btrfs' -- "$cur"); return ;;
    --level) mapfile -t COMPREPLY < <(compgen -W '1 2 3 4 5 6 7 8 9' -- "$cur"); return ;;
    --add) return ;;
    esac
    if [ "$cword" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W 'build --help --version' -- "$cur")
    elif [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--output --root --platform --fs --add --pub --init
            --shutdown --busybox --level --keep-compressed --dry-run --json --quiet --verbose
            --help' -- "$cur")
    else
        mapfile -t COMPREPLY < <(cd /lib/modules 2>/dev/null && compgen -d -- "$cur")
    fi
} && complete -F _xf_mkinitrd xf-mkinitrd

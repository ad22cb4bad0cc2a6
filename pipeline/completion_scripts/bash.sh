# source <(invoke --print-completion-script bash)
_bakeswap() {
    local IFS=$'\n'
    # bash 3 and 4 break words at "=" too; $2 is then what follows it
    COMPREPLY=($(compgen -W "$("$1" --complete -- "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)" -- "${2#=}"))
}
complete -F _bakeswap invoke inv bakeswap

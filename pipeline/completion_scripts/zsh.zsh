# source <(invoke --print-completion-script zsh)
_bakeswap() {
    local -a found
    found=("${(@f)$(${words[1]} --complete -- "${(j: :)words[1,CURRENT-1]} $PREFIX" 2>/dev/null)}")
    compset -P '*='
    compadd -a found
}
compdef _bakeswap invoke inv bakeswap

# invoke --print-completion-script fish | source
function __bakeswap
    set -l begun (string match -r '^.*=' -- (commandline -ct))
    set -l program (commandline -opc)[1]
    for found in ($program --complete -- (commandline -cp) 2>/dev/null)
        echo "$begun$found"
    end
end
complete -c invoke -f -a '(__bakeswap)'
complete -c inv -f -a '(__bakeswap)'
complete -c bakeswap -f -a '(__bakeswap)'

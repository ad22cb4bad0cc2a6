# invoke --print-completion-script fish | source
function __bakeswap
    set -l begun (string match -r '^.*=' -- (commandline -ct))
    for found in (invoke --complete -- (commandline -cp) 2>/dev/null)
        echo "$begun$found"
    end
end
complete -c invoke -f -a '(__bakeswap)'
complete -c inv -f -a '(__bakeswap)'

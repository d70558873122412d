# bash completion for crmq, made from its options' catalogue; a test says how to make it anew.

# The parameters of the files that stand on the command line.
_crmq_parameters() {
    local index
    for ((index = 1; index < ${#COMP_WORDS[@]} - 1; index++)); do
        if [ "${COMP_WORDS[index]}" = -f ]; then
            "${COMP_WORDS[0]}" -f "${COMP_WORDS[index + 1]}" --help 2>/dev/null | sed -n 's/^  --param \([^=]*\)=.*/\1/p'
        fi
    done
}

_crmq() {
    local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD - 1]}"
    COMPREPLY=()
    case "$before" in
        -c) return ;;
        -f) compopt -o default; COMPREPLY=(); return ;;
        --param) COMPREPLY=($(compgen -S = -W "$(_crmq_parameters)" -- "$word")); compopt -o nospace; return ;;
        --as-of) return ;;
        --format) COMPREPLY=($(compgen -W "table csv tsv json jsonl markdown html vertical" -- "$word")); return ;;
        -o) compopt -o default; COMPREPLY=(); return ;;
        --threads) return ;;
        --memory) return ;;
        --timing) COMPREPLY=($(compgen -W "text json" -- "$word")); return ;;
        --progress) COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        --color) COMPREPLY=($(compgen -W "auto always never" -- "$word")); return ;;
        --customers) return ;;
        --seed) return ;;
    esac
    if [[ "$word" == -* ]]; then
        COMPREPLY=($(compgen -W "-c -f --param --as-of --format -o --threads --memory --read-only --timing --progress --color --safe --no-rc --quiet --echo --customers --seed --version --help -h" -- "$word"))
        return
    fi
    # A store is a folder.
    COMPREPLY=($(compgen -d -- "$word"))
    if [ "$COMP_CWORD" = 1 ]; then COMPREPLY+=($(compgen -W "demo verify" -- "$word")); fi
    compopt -o filenames
}

complete -F _crmq crmq

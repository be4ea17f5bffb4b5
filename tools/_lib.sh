# Shared by setup.sh, quickstart.sh and run_tests.sh; sourced, never run.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
STACK=today

say() { printf '%s\n' "$*"; }

fail() {
    say "error: $1" >&2
    shift
    for line in "$@"; do say "  $line" >&2; done
    exit 1
}

# choose_stack STACK: refuses what is none, and sets VENV unless the user has.
choose_stack() {
    case $1 in
        today) VENV=${VENV:-$ROOT/.venv} ;;
        compiled | onedl) VENV=${VENV:-$ROOT/.venv-$1} ;;
        *) fail "got --stack '$1'; allowed are today, compiled and onedl" ;;
    esac
    STACK=$1
}

clock() { # seconds -> 2 min 05 s
    if (($1 < 60)); then printf '%d s' "$1"; else printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); fi
}

# Says on a terminal how far the step is that writes to $LOG, until it is killed.
show_progress() { # line of the step, second at which it began
    local epoch
    while sleep 2 && kill -0 $$ 2>/dev/null; do
        epoch=$(tail -c 4000 "$LOG" | grep -oE 'Epoch\(train\) +\[[0-9]+\]\[ *[0-9]+/[0-9]+\]|eta: [0-9:]+' |
            tail -n 2 | tr '\n' ' ') || true
        printf '\r%s%s  %s\033[K' "$1" "$(clock $((SECONDS - $2)))" "$epoch"
    done
}

# step WHAT ABOUT_HOW_LONG WHAT_TO_DO_IF_IT_FAILS COMMAND...
# The command's output goes to $LOG; its last lines are shown if it fails.
step() {
    local what=$1 about=$2 remedy=$3 start=$SECONDS status=0
    shift 3
    local line="$what (about $about) ... " ticker=
    printf '%s' "$line"
    printf '\n===== %s\n' "$*" >>"$LOG"
    if [[ -t 1 ]]; then
        show_progress "$line" "$start" &
        ticker=$!
    fi
    "$@" >>"$LOG" 2>&1 </dev/null || status=$?
    if [[ -n $ticker ]]; then
        kill "$ticker" 2>/dev/null || true
        wait "$ticker" 2>/dev/null || true
        printf '\r%s\033[K' "$line"
    fi
    if ((status != 0)); then
        printf 'failed after %s\n' "$(clock $((SECONDS - start)))"
        say "----- the last lines of $LOG:"
        tail -n 25 "$LOG"
        say '-----'
        fail "$what failed with exit status $status" "$remedy" "The whole output: $LOG"
    fi
    printf '%s\n' "$(clock $((SECONDS - start)))"
}

# need_disk FOLDER GB WHAT_GOES_THERE WHAT_TO_DO_ELSE; the folder need not exist yet.
need_disk() {
    local folder=$1 free
    until [[ -d $folder ]]; do folder=$(dirname "$folder"); done
    free=$(($(df -Pk "$folder" | awk 'NR == 2 {print $4}') / 1024 / 1024))
    ((free >= $2)) || fail "$free GB are free in $folder, for $3; $2 GB are needed" "$4"
}

venv_python() { "$VENV/bin/python" "$@"; }

# Shared by setup.sh, quickstart.sh and run_tests.sh; sourced, never run.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VENV=${VENV:-$ROOT/.venv}

say() { printf '%s\n' "$*"; }

fail() {
    say "error: $1" >&2
    shift
    for line in "$@"; do say "  $line" >&2; done
    exit 1
}

clock() { # seconds -> 2 min 05 s
    if (($1 < 60)); then printf '%d s' "$1"; else printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); fi
}

# step WHAT ABOUT_HOW_LONG WHAT_TO_DO_IF_IT_FAILS COMMAND...
# The command's output goes to $LOG; its last lines are shown if it fails.
step() {
    local what=$1 about=$2 remedy=$3 start=$SECONDS status=0
    shift 3
    printf '%s (about %s) ... ' "$what" "$about"
    printf '\n===== %s\n' "$*" >>"$LOG"
    "$@" >>"$LOG" 2>&1 </dev/null || status=$?
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

#!/usr/bin/env bash
# Sets up what the tests need and passes them.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"

case "${1:-}" in
    -h | --help)
        cat <<'TEXT'
usage: bash tools/run_tests.sh [core] [--stack STACK] [--slow] [--coverage] [pytest arguments]

Builds or reuses an environment (tools/setup.sh all), then runs pytest.
  core           only the networks and their weights, which need torch and mmengine alone: 2 minutes
  --stack STACK  today, compiled or onedl: the whole suite on that stack alone. Without it the whole
                 suite on today's, and on the compiled one what has to agree with mmcv's operators
  --slow         the tests marked slow too
  --coverage     tell at the end which lines of mmuniformer were not run
Everything else goes to pytest, for example: bash tools/run_tests.sh tests/layers -x
With such arguments and no --stack, only today's stack is used.
TEXT
        exit 0
        ;;
esac

# What the compiled stack is for: the proof of the served operators, agreement with the released
# models, the toolboxes' repairs, and the main job.
ON_COMPILED=(
    tests/integrations tests/models/test_reference.py tests/models/test_reference_v2.py
    tests/doctor/test_doctor.py tests/end_to_end/test_main_job.py
)
# The files of tests marked core: collecting others imports toolboxes.
CORE=(tests/layers tests/models tests/weights tests/test_contract.py tests/test_pure_forward.py)
what=all
stacks=()
marked=(-m 'not slow')
arguments=()
measure=()
while (($#)); do
    case $1 in
        core) what=core ;;
        --stack) stacks=("${2:-}") && shift ;;
        --stack=*) stacks=("${1#*=}") ;;
        --slow) marked=() ;;
        --coverage) measure=(-m coverage run) ;;
        *) arguments+=("$1") ;;
    esac
    shift || true
done

need_disk "${TMPDIR:-/tmp}" 2 'what the tests write' \
    'Free some space, or use another folder: TMPDIR=/other/disk bash tools/run_tests.sh ...'
cd "$ROOT"
# A process of tests per core, each with one thread: tests spend most of their time where a second
# thread has nothing to do.
# Where OMP_NUM_THREADS is set, nproc tells that.
workers=$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)
((workers > 8)) && workers=8
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
# Threads spin a little while they wait: not at all costs half of the speed of a quiet machine, and
# the default brings two busy processes to a standstill.
export GOMP_SPINCOUNT="${GOMP_SPINCOUNT:-10000}"

run_on() ( # stack, pytest arguments
    local status=0
    choose_stack "$1"
    shift
    VENV=$VENV bash "$ROOT/tools/setup.sh" "$what" --stack "$STACK"
    export PATH="$VENV/bin:$PATH"
    say "Tests on the stack '$STACK' ($VENV)"
    # Folder by folder, each file in one process: the longest training comes in the first half and
    # nobody waits for it in the end, as where files with many tests go first.
    "$VENV/bin/python" ${measure[@]+"${measure[@]}"} -m pytest --durations=10 -n "$workers" \
        --dist loadfile --no-loadscope-reorder ${marked[@]+"${marked[@]}"} "$@" || status=$?
    if ((${#measure[@]})); then
        venv_python -m coverage combine --quiet
        venv_python -m coverage report
    fi
    return "$status"
)

if [[ $what == core ]]; then
    run_on "${stacks[0]:-today}" "${CORE[@]}" ${arguments[@]+"${arguments[@]}"}
elif ((${#stacks[@]})); then
    run_on "${stacks[0]}" ${arguments[@]+"${arguments[@]}"}
elif ((${#arguments[@]})); then
    run_on today "${arguments[@]}"
else
    run_on today
    export VENV=${VENV:+$VENV-compiled}
    if bash "$ROOT/tools/setup.sh" --check --stack compiled; then
        run_on compiled "${ON_COMPILED[@]}"
    else
        say "Not run here: the served operators against mmcv's compiled ones (see above)."
    fi
fi

#!/usr/bin/env bash
# Sets up what the tests need and passes them.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"

case "${1:-}" in
    -h | --help)
        cat <<'TEXT'
usage: bash tools/run_tests.sh [--slow] [--coverage] [pytest arguments]

Builds or reuses .venv (tools/setup.sh all), then runs pytest.
  --slow       the tests marked slow too
  --coverage   tell at the end which lines of mmuniformer were not run
Everything else goes to pytest, for example: bash tools/run_tests.sh tests/layers -x
TEXT
        exit 0
        ;;
esac

marked=(-m 'not slow')
arguments=()
measure=()
for argument in "$@"; do
    case $argument in
        --slow) marked=() ;;
        --coverage) measure=(-m coverage run) ;;
        *) arguments+=("$argument") ;;
    esac
done

need_disk "${TMPDIR:-/tmp}" 2 'what the tests write' \
    'Free some space, or use another folder: TMPDIR=/other/disk bash tools/run_tests.sh ...'
bash "$ROOT/tools/setup.sh" all
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
export PATH="$VENV/bin:$PATH"
status=0
# Folder by folder, each file in one process: the longest training comes in the first half and
# nobody waits for it in the end, as where files with many tests go first.
"$VENV/bin/python" ${measure[@]+"${measure[@]}"} -m pytest --durations=10 -n "$workers" \
    --dist loadfile --no-loadscope-reorder \
    ${marked[@]+"${marked[@]}"} ${arguments[@]+"${arguments[@]}"} || status=$?
if ((${#measure[@]})); then
    venv_python -m coverage combine --quiet
    venv_python -m coverage report
fi
exit "$status"

#!/usr/bin/env bash
# Sets up what the tests need and passes them.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"

case "${1:-}" in
    -h | --help)
        cat <<'TEXT'
usage: bash tools/run_tests.sh [--slow] [pytest arguments]

Builds or reuses .venv (tools/setup.sh all), then runs pytest.
  --slow   the tests marked slow too
Everything else goes to pytest, for example: bash tools/run_tests.sh tests/layers -x
TEXT
        exit 0
        ;;
esac

marked=(-m 'not slow')
arguments=()
for argument in "$@"; do
    if [[ $argument == --slow ]]; then marked=(); else arguments+=("$argument"); fi
done

bash "$ROOT/tools/setup.sh" all
cd "$ROOT"
# A process of tests per core, each with one thread: tests spend most of their time where a second
# thread has nothing to do.
workers=$(nproc)
((workers > 8)) && workers=8
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
# Threads spin a little while they wait: not at all costs half of the speed of a quiet machine, and
# the default brings two busy processes to a standstill.
export GOMP_SPINCOUNT="${GOMP_SPINCOUNT:-10000}"
export PATH="$VENV/bin:$PATH"
exec "$VENV/bin/python" -m pytest --durations=10 -n "$workers" --dist loadfile \
    ${marked[@]+"${marked[@]}"} ${arguments[@]+"${arguments[@]}"}

#!/usr/bin/env bash
# Builds .venv, or reuses it.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"

usage() {
    cat <<'TEXT'
usage: bash tools/setup.sh {det|all}

Builds the virtual environment .venv in this checkout, or reuses the one that is there.
  det   the main job: torch, mmengine, mmcv with its operators, mmdet, openmim, mmuniformer
  all   all five toolboxes and what the tests need

Environment variables:
  PYTHON   the interpreter to build with (default: python3; 3.10, 3.11 or 3.12)
  VENV     where the environment is (default: .venv in the checkout)
TEXT
}

case "${1:-}" in
    det | all) WHAT=$1 ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && fail "got '${1:-}'; allowed are det and all" ;;
esac
(($# == 1)) || { usage >&2 && fail "got $# arguments; one is allowed"; }

PYTHON=${PYTHON:-python3}
CONSTRAINTS=$ROOT/requirements/constraints.txt
STAMP=$VENV/mmuniformer-$WHAT.stamp
MARK=$VENV/mmuniformer.root
NETWORK='Check the network connection and the free disk, then run the same command again: it goes on where it stopped.'
export PIP_DISABLE_PIP_VERSION_CHECK=1
# Without g0 mmcv takes twice as long to compile and its wheel is 15 times as large.
export MMCV_WITH_OPS=1 MAX_JOBS="${MAX_JOBS:-$(nproc)}" CFLAGS="${CFLAGS:--g0}"

fingerprint() { # of all that decides what the environment holds
    venv_python - "$ROOT" "$WHAT" <<'PY'
import hashlib
import importlib.metadata
import pathlib
import platform
import sys

root = pathlib.Path(sys.argv[1])
digest = hashlib.sha256(' '.join([*sys.argv[1:], platform.python_version()]).encode())
digest.update(importlib.metadata.version('torch').encode())
for path in [*sorted((root / 'requirements').glob('*.txt')), root / 'setup.py', root / 'pyproject.toml']:
    digest.update(path.read_bytes())
print(digest.hexdigest())
PY
}

operators_import() { venv_python -c 'import mmcv.ops'; }

up_to_date() {
    [[ -x $VENV/bin/python && -f $STAMP ]] || return 1
    [[ $(fingerprint 2>/dev/null) == "$(cat "$STAMP")" ]] || return 1
    venv_python -c 'import importlib.metadata as m; m.version("mmuniformer"); m.version("openmim")' &>/dev/null
}

check_machine() {
    command -v "$PYTHON" >/dev/null || fail "there is no interpreter '$PYTHON'" \
        'Install Python 3.10, 3.11 or 3.12, or name one: PYTHON=python3.11 bash tools/setup.sh ...'
    local version
    version=$("$PYTHON" -c 'import platform; print(platform.python_version())')
    "$PYTHON" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' || fail \
        "$PYTHON is Python $version; 3.10, 3.11 or 3.12 is needed" \
        'Name another one: PYTHON=python3.11 bash tools/setup.sh ...'
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || fail \
        "$PYTHON cannot make virtual environments" 'On Debian and Ubuntu: apt-get install -y python3-venv'
    command -v "${CXX:-c++}" >/dev/null || fail "there is no C++ compiler, and mmcv's operators are compiled" \
        'On Debian and Ubuntu: apt-get install -y build-essential python3-dev'
    "$PYTHON" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' || fail \
        "Python's header files (Python.h) are missing, and mmcv's operators are compiled" \
        'On Debian and Ubuntu: apt-get install -y python3-dev'
    if [[ ! -x $VENV/bin/python ]]; then
        need_disk "$VENV" 8 "the environment $VENV" \
            'Free some space, or put the environment elsewhere: VENV=/other/disk/venv bash tools/setup.sh ...'
        need_disk "${TMPDIR:-/tmp}" 2 'what pip unpacks' \
            'Free some space, or use another folder: TMPDIR=/other/disk bash tools/setup.sh ...'
    fi
}

make_venv() {
    # Scripts in an environment hold its path, so one that was moved is built anew; a foreign one is left alone.
    if [[ -f $MARK && $(cat "$MARK") != "$VENV" ]]; then
        say "$VENV was moved here from $(cat "$MARK"): it is built anew"
        rm -rf "$VENV"
    fi
    if [[ -x $VENV/bin/python ]] && venv_python -m pip --version &>/dev/null; then return; fi
    if [[ -e $VENV && ! -f $MARK && $VENV != "$ROOT/.venv" ]]; then
        fail "$VENV exists and is not a working virtual environment" 'Remove it, or name another with VENV=...'
    fi
    step "Making $VENV" '5 s' 'On Debian and Ubuntu: apt-get install -y python3-venv' "$PYTHON" -m venv --clear "$VENV"
    printf '%s' "$VENV" >"$MARK"
}

install() { venv_python -m pip install --no-build-isolation -c "$CONSTRAINTS" "$@"; }

install_mmcv() { # more pip arguments
    local headers flags=$CFLAGS status=0
    headers=$(mktemp -d)
    if [[ "$*" == *--no-cache-dir* || -z $(venv_python -m pip cache list --format=abspath mmcv) ]]; then
        flags+=" $(venv_python "$ROOT/tools/_precompile.py" "$headers")"
    fi
    CFLAGS=$flags install "$@" mmcv || status=$?
    rm -rf "$headers"
    return $status
}

mmcv_step() {
    local what="Installing mmcv: compiling its operators, $MAX_JOBS at a time"
    local remedy='The compiler messages are in the log. Little memory? Try one job: MAX_JOBS=1 bash tools/setup.sh ...'
    if operators_import &>/dev/null; then return; fi
    if ! venv_python -m pip show -q mmcv &>/dev/null; then
        step "$what" '3 min on 2 cores' "$remedy" install_mmcv
        if operators_import >>"$LOG" 2>&1; then return; fi
    fi
    say 'The operators of mmcv do not import: a kept build belongs to another torch.'
    step 'Compiling mmcv again, without the cache' '3 min on 2 cores' "$remedy" \
        install_mmcv --no-cache-dir --force-reinstall --no-deps --no-binary mmcv
    step 'Importing the operators of mmcv' '5 s' "See the fault table: $VENV/bin/python tools/doctor.py" operators_import
}

if up_to_date; then
    say "$VENV is up to date for '$WHAT'"
    exit 0
fi

check_machine
mkdir -p "$(dirname "$VENV")"
LOG=$VENV-setup.log
: >"$LOG"
say "Output of pip: $LOG"
make_venv
step 'Installing the build tools' '10 s' "$NETWORK" \
    venv_python -m pip install -U pip wheel ninja cython setuptools -c "$CONSTRAINTS"
step 'Installing torch' '1 min, 5 GB' "$NETWORK" install torch torchvision numpy
mmcv_step
if [[ $WHAT == det ]]; then
    step 'Installing mmengine, mmdet, openmim and mmuniformer' '30 s' "$NETWORK" \
        install openmim opencv-python -e "$ROOT[det]"
else
    step 'Installing the five toolboxes, openmim, the test tools and mmuniformer' '1 min' "$NETWORK" \
        install openmim opencv-python opencv-contrib-python xtcocotools -e "$ROOT[all,tests]"
fi
step 'Importing torch, mmcv, mmdet and mmuniformer' '10 s' "See what is wrong: $VENV/bin/python tools/doctor.py" \
    venv_python -c 'import mmcv.ops, mmdet.models, mmuniformer'
fingerprint >"$STAMP"
say "$VENV is ready for '$WHAT' after $(clock "$SECONDS")"

#!/usr/bin/env bash
# Builds a virtual environment, or reuses it.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"

usage() {
    cat <<'TEXT'
usage: bash tools/setup.sh [WHAT] [--stack STACK] [--check]

Builds a virtual environment in this checkout, or reuses the one that is there.

WHAT
  det (default), seg, pose, cls, video   what this task needs
  core                                   the networks alone, and what their tests need
  all                                    all five toolboxes and what the tests need
STACK
  today (default)   today's newest versions; nothing is compiled. Python 3.10 to 3.13, in .venv
  compiled          pinned older versions, with mmcv's operators, which are compiled: takes a C++
                    compiler. Python 3.10 to 3.12, in .venv-compiled
  onedl             today's, with the maintained forks of mmengine, mmdet, mmsegmentation and
                    mmpretrain. Python 3.10 to 3.13, in .venv-onedl
--check   only tell whether this machine has what the stack needs

Environment variables:
  PYTHON   the interpreter to build with (default: python3 if its version fits, else the newest
           python3.* that does)
  VENV     where the environment is, instead of the folder above
TEXT
}

WHAT=
CHECK=
while (($#)); do
    case $1 in
        -h | --help) usage && exit 0 ;;
        --stack) STACK=${2:-} && shift ;;
        --stack=*) STACK=${1#*=} ;;
        --check) CHECK=1 ;;
        all | cls | core | det | pose | seg | video)
            [[ -z $WHAT ]] || { usage >&2 && fail "got $WHAT and $1; give one of them"; }
            WHAT=$1
            ;;
        *) usage >&2 && fail "got '$1'; allowed are det, seg, pose, cls, video, core and all" ;;
    esac
    shift || true
done
WHAT=${WHAT:-det}
choose_stack "$STACK"

NEWEST=13
[[ $STACK == compiled ]] && NEWEST=12
CONSTRAINTS=$ROOT/requirements/constraints-$STACK.txt
STAMP=$VENV/mmuniformer-$WHAT.stamp
MARK=$VENV/mmuniformer.root
STACK_MARK=$VENV/mmuniformer.stack
NETWORK='Check the network connection and the free disk, then run the same command again: it goes on where it stopped.'
export PIP_DISABLE_PIP_VERSION_CHECK=1

# --- which Python ------------------------------------------------------------------------------

fits() { # interpreter
    "$1" -c "import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, $NEWEST))" &>/dev/null
}

makes_venvs() { "$1" -c 'import ensurepip, venv' &>/dev/null; }

choose_python() {
    local minor candidate
    if [[ -n ${PYTHON:-} ]]; then return; fi
    PYTHON=python3
    if fits python3 && makes_venvs python3; then return; fi
    for ((minor = NEWEST; minor >= 10; minor--)); do
        candidate=python3.$minor
        if fits "$candidate" && makes_venvs "$candidate"; then
            PYTHON=$candidate
            return
        fi
    done
}

check_python() {
    command -v "$PYTHON" >/dev/null || fail "there is no interpreter '$PYTHON'" \
        "Install Python 3.10 to 3.$NEWEST, or name one: PYTHON=python3.12 bash tools/setup.sh ..."
    local version
    version=$("$PYTHON" -c 'import platform; print(platform.python_version())') || fail "'$PYTHON' does not run" \
        "Name another interpreter of 3.10 to 3.$NEWEST: PYTHON=python3.12 bash tools/setup.sh ..."
    fits "$PYTHON" || fail "$PYTHON is Python $version; 3.10 to 3.$NEWEST is needed for the stack '$STACK'" \
        'Name another one: PYTHON=python3.12 bash tools/setup.sh ...'
    makes_venvs "$PYTHON" || fail "$PYTHON cannot make virtual environments" \
        'On Debian and Ubuntu: apt-get install -y python3-venv'
}

check_compiler() {
    command -v "${CXX:-c++}" >/dev/null || fail "there is no C++ compiler, and mmcv's operators are compiled" \
        'On Debian and Ubuntu: apt-get install -y build-essential python3-dev' \
        'Nothing is compiled without --stack compiled'
    "$PYTHON" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' || fail \
        "Python's header files (Python.h) are missing, and mmcv's operators are compiled" \
        'On Debian and Ubuntu: apt-get install -y python3-dev'
}

check_disk() {
    [[ ! -x $VENV/bin/python ]] || return 0
    need_disk "$VENV" 8 "the environment $VENV" \
        'Free some space, or put the environment elsewhere: VENV=/other/disk/venv bash tools/setup.sh ...'
    need_disk "${TMPDIR:-/tmp}" 2 'what pip unpacks' \
        'Free some space, or use another folder: TMPDIR=/other/disk bash tools/setup.sh ...'
}

# --- the environment ---------------------------------------------------------------------------

fingerprint() { # of all that decides what the environment holds
    venv_python - "$ROOT" "$WHAT" "$STACK" <<'PY'
import hashlib
import importlib.metadata
import pathlib
import platform
import sys

root = pathlib.Path(sys.argv[1])
digest = hashlib.sha256(' '.join([*sys.argv[1:], platform.python_version()]).encode())
digest.update(importlib.metadata.version('torch').encode())
names = ['setup.py', 'pyproject.toml', 'mmuniformer.pth', 'tools/setup.sh']
for path in [*sorted((root / 'requirements').glob('*.txt')), *(root / name for name in names)]:
    digest.update(path.read_bytes())
print(digest.hexdigest())
PY
}

up_to_date() {
    [[ -x $VENV/bin/python && -f $STAMP ]] || return 1
    [[ $(fingerprint 2>/dev/null) == "$(cat "$STAMP")" ]] || return 1
    venv_python -m pip show -q mmuniformer $([[ $WHAT == core ]] || say openmim) &>/dev/null
}

make_venv() {
    # Scripts in an environment hold its path, so one that was moved is built anew; a foreign one is left alone.
    if [[ -f $MARK && $(cat "$MARK") != "$VENV" ]]; then
        say "$VENV was moved here from $(cat "$MARK"): it is built anew"
        rm -rf "$VENV"
    fi
    # Two stacks in one environment would overwrite each other's files.
    if [[ -f $MARK && $(cat "$STACK_MARK" 2>/dev/null || say compiled) != "$STACK" ]]; then
        say "$VENV was built for another stack: it is built anew"
        rm -rf "$VENV"
    fi
    if [[ -x $VENV/bin/python ]] && venv_python -m pip --version &>/dev/null; then return; fi
    if [[ -e $VENV && ! -f $MARK && $VENV != "$ROOT"/.venv* ]]; then
        fail "$VENV exists and is not a working virtual environment" 'Remove it, or name another with VENV=...'
    fi
    step "Making $VENV with $PYTHON" '5 s' 'On Debian and Ubuntu: apt-get install -y python3-venv' \
        "$PYTHON" -m venv --clear "$VENV"
    printf '%s' "$VENV" >"$MARK"
    printf '%s' "$STACK" >"$STACK_MARK"
}

install() { venv_python -m pip install --no-build-isolation -c "$CONSTRAINTS" "$@"; }

# --- what is installed -------------------------------------------------------------------------

# The forks of toolboxes, by the names of what they replace.
FORKS='s/^mmpretrain.*/onedl-mmpretrain/; s/^mmdet.*/onedl-mmdetection/; s/^mmsegmentation.*/onedl-mmsegmentation/'

requirements_of() { # task: its file, with the stack's distributions
    sed "$([[ $STACK != onedl ]] || echo "$FORKS")" "$ROOT/requirements/$1.txt" >"$TEMP/$1.txt"
    say -r "$TEMP/$1.txt"
}

install_toolboxes() {
    local task tasks=("$WHAT") packages=() extra=
    [[ $WHAT != all ]] || { tasks=(cls det seg video pose) && extra='[tests]'; }
    for task in "${tasks[@]}"; do packages+=($(requirements_of "$task")); done
    case $STACK in
        today) packages+=(-r "$ROOT/requirements/toolboxes.txt") ;;
        compiled) [[ " ${tasks[*]} " != *' pose '* ]] || packages+=(xtcocotools) ;;
        onedl) # mmcv-lite requires the mmengine that the fork replaces
            install --no-deps mmcv-lite
            packages+=(onedl-mmengine addict packaging pillow pyyaml yapf)
            ;;
    esac
    install openmim opencv-python "${packages[@]}" -e "$ROOT$extra"
    [[ " ${tasks[*]} " != *' pose '* ]] || install --no-deps mmpose
}

install_core() {
    local mmengine=mmengine
    [[ $STACK != onedl ]] || mmengine=onedl-mmengine
    install "$mmengine" -r "$ROOT/requirements/core.txt" -e "$ROOT"
}

operators_import() { MMUNIFORMER_PATCHES=0 venv_python -c 'import mmcv.ops'; } # those of mmcv alone

install_mmcv() { # more pip arguments
    local flags="${CFLAGS:--g0}"
    if [[ "$*" == *--no-cache-dir* || -z $(venv_python -m pip cache list --format=abspath mmcv) ]]; then
        flags+=" $(venv_python "$ROOT/tools/dev/precompile.py" "$TEMP")"
    fi
    # Without g0 mmcv takes twice as long to compile and its wheel is 15 times as large.
    MMCV_WITH_OPS=1 MAX_JOBS=$JOBS CFLAGS=$flags install "$@" mmcv
}

mmcv_step() {
    # Where OMP_NUM_THREADS is set, nproc tells that.
    JOBS=${MAX_JOBS:-$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)}
    local what="Installing mmcv: compiling its operators, $JOBS at a time"
    local remedy='The compiler messages are in the log. Little memory? Try one job: MAX_JOBS=1 bash tools/setup.sh ...'
    if operators_import &>/dev/null; then return; fi
    if ! venv_python -m pip show -q mmcv &>/dev/null; then
        step "$what" '3 min on 2 cores' "$remedy" install_mmcv
        if operators_import >>"$LOG" 2>&1; then return; fi
    fi
    say 'The operators of mmcv do not import: a kept build belongs to another torch.'
    step 'Compiling mmcv again, without the cache' '3 min on 2 cores' "$remedy" \
        install_mmcv --no-cache-dir --force-reinstall --no-deps --no-binary mmcv
    step 'Importing the operators of mmcv' '5 s' "See the fault table: $VENV/bin/python -m mmuniformer doctor" operators_import
}

check_machine() {
    choose_python
    check_python
    [[ $STACK != compiled ]] || check_compiler
}

if [[ -n $CHECK ]]; then
    check_machine
    say "the stack '$STACK' can be built with $PYTHON"
    exit 0
fi
if up_to_date; then
    say "$VENV is up to date for '$WHAT' on the stack '$STACK'"
    exit 0
fi

check_machine
check_disk
TEMP=$(mktemp -d)
trap 'rm -rf "$TEMP"' EXIT
mkdir -p "$(dirname "$VENV")"
LOG=$VENV-setup.log
: >"$LOG"
say "Output of pip: $LOG"
make_venv
tools=(pip wheel setuptools)
[[ $STACK != compiled ]] || tools+=(ninja cython)
step 'Installing the build tools' '10 s' "$NETWORK" install -U "${tools[@]}"
step 'Installing torch' '1 min, 5 GB' "$NETWORK" install torch torchvision numpy
[[ $STACK != compiled || $WHAT == core ]] || mmcv_step
case $WHAT in
    core) step 'Installing mmengine, the test tools and mmuniformer' '30 s' "$NETWORK" install_core ;;
    all) step 'Installing the five toolboxes, openmim, the test tools and mmuniformer' '1 min' "$NETWORK" install_toolboxes ;;
    *) step "Installing the toolbox for '$WHAT', openmim and mmuniformer" '30 s' "$NETWORK" install_toolboxes ;;
esac
imports='mmuniformer, mmcv.ops'
[[ $WHAT != core ]] || imports=mmuniformer.models
step "Importing $imports" '10 s' "See what is wrong: $VENV/bin/python -m mmuniformer doctor" venv_python -c "import $imports"
fingerprint >"$STAMP"
say "$VENV is ready for '$WHAT' on the stack '$STACK' after $(clock "$SECONDS")"

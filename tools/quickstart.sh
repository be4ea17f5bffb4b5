#!/usr/bin/env bash
# From a fresh checkout to an image with boxes and masks.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"

usage() {
    cat <<'TEXT'
usage: bash tools/quickstart.sh [--fast] [--stack STACK]

Builds or reuses an environment (tools/setup.sh det), draws a small COCO data set, trains Mask R-CNN
with UniFormer-S on it through mim, tests the checkpoint through mim, prints box and mask AP and
draws the predictions. A second run goes on where the first one stopped.

  --fast         train for a minute only, to see that everything works: the AP stays low
  --stack STACK  today (default), compiled or onedl, as in tools/setup.sh

Environment variables: PYTHON and VENV, as in tools/setup.sh.
Results: work_dirs/quickstart, with --fast work_dirs/quickstart_fast. To start afresh, remove that
folder.
TEXT
}

WORK=work_dirs/quickstart
ABOUT='5 min'
options=()
while (($#)); do
    case $1 in
        -h | --help) usage && exit 0 ;;
        --stack) STACK=${2:-} && shift ;;
        --stack=*) STACK=${1#*=} ;;
        --fast)
            WORK=work_dirs/quickstart_fast
            ABOUT='1 min'
            options=(--cfg-options train_dataloader.dataset.indices=100)
            ;;
        *) usage >&2 && fail "got '$1'; allowed are --fast and --stack STACK" ;;
    esac
    shift || true
done
choose_stack "$STACK"

cd "$ROOT"
CONFIG=configs/det/mini_mask_rcnn_uniformer_s_h14.py
DATA=data/mini/coco
OUTPUT=$WORK/images
LOG=$ROOT/$WORK/quickstart.log

VENV=$VENV bash tools/setup.sh det --stack "$STACK"
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-$(nproc)}"
# Threads spin a little while they wait: not at all costs half of the speed of a quiet machine, and
# the default brings two busy processes to a standstill.
export GOMP_SPINCOUNT="${GOMP_SPINCOUNT:-10000}"
export PATH="$VENV/bin:$PATH" PYTHONWARNINGS="${PYTHONWARNINGS:-ignore}"
mkdir -p "$WORK"
: >"$LOG"
say "Output of the steps below: $LOG (tail -f shows the training's progress)"

DOCTOR="See what is missing: $VENV/bin/mmuniformer doctor $CONFIG"

# mim looks for mmdet by the name of its distribution, which the fork does not have.
if [[ $STACK == onedl ]]; then
    train() { mmuniformer train "$CONFIG" --work-dir "$WORK" "$@"; }
    evaluate() { mmuniformer test "$CONFIG" "$1" --work-dir "$WORK/test"; }
else
    train() { venv_python -m mim train mmdet "$CONFIG" --work-dir "$WORK" "$@"; }
    evaluate() { venv_python -m mim test mmdet "$CONFIG" --checkpoint "$1" --work-dir "$WORK/test"; }
fi

score() { # metric, e.g. coco/bbox_mAP_50, out of the last test
    venv_python - "$WORK" "$1" <<'PY'
import json
import sys
from pathlib import Path

files = sorted(Path(sys.argv[1], 'test').glob('2*/*.json'), key=lambda path: path.stat().st_mtime)
print(f'{json.loads(files[-1].read_text())[sys.argv[2]]:.3f}')
PY
}

step "Drawing the mini COCO data set into $DATA" '10 s' 'Remove the folder and run this again.' \
    mmuniformer make-mini-data coco --out "$DATA"

# A checkpoint older than the config belongs to another model; -nt is false for a missing file.
if [[ $WORK/finished -nt $CONFIG && -f $(cat "$WORK/finished") ]]; then
    say "Training has finished before: $(cat "$WORK/finished") (remove $WORK to train again)"
else
    resume=()
    if [[ $WORK/last_checkpoint -nt $CONFIG ]]; then
        resume=(--resume)
        say "Training was interrupted: it goes on from $(cat "$WORK/last_checkpoint")"
    fi
    step "Training $CONFIG" "$ABOUT on 2 cores" "$DOCTOR" \
        train ${resume[@]+"${resume[@]}"} ${options[@]+"${options[@]}"}
    cp "$WORK/last_checkpoint" "$WORK/finished"
fi
checkpoint=$(cat "$WORK/finished")

step "Testing $checkpoint" '10 s' "$DOCTOR" evaluate "$checkpoint"
mapfile -t images < <(find "$DATA" -path '*val*' \( -name '*.jpg' -o -name '*.png' \) | sort | head -n 8)
step "Drawing boxes and masks on ${#images[@]} images" '20 s' "$DOCTOR" \
    venv_python -m mmuniformer demo det "$CONFIG" "$checkpoint" "${images[@]}" --out-dir "$OUTPUT"

say ''
printf '         AP     AP50\n'
for metric in bbox segm; do
    printf '%-6s %s    %s\n' "${metric/bbox/box}" "$(score "coco/${metric}_mAP")" "$(score "coco/${metric}_mAP_50")"
done | sed 's/^segm/mask/'
((${#options[@]} == 0)) || say 'After a minute of training these numbers are low; without --fast the AP50 are about 0.8.'
say ''
say 'Images:'
find "$ROOT/$OUTPUT" -name '*.png' | sort
say "Total time: $(clock "$SECONDS")"

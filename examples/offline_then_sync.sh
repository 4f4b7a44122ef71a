#!/usr/bin/env bash
# Train on a machine without a network, and bring the run home afterwards.
#
#     examples/offline_then_sync.sh [PROJECT]
#
# TRACKER_URL names the server that the second half talks to; a run is sent once, however often this is repeated.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
checkpoint=$(mktemp -d)/checkpoint.pt
trap 'rm -rf "$(dirname "$checkpoint")"' EXIT

# On the machine without a network: nothing is sent, everything is kept in the journals.
TRACKER_MODE=offline python "$here/resume_from_checkpoint.py" --steps 100 --project "${1:-examples}" --checkpoint "$checkpoint"
tracker status || true

# Where there is one again. TRACKER_DIR may also be copied to another machine first.
tracker sync

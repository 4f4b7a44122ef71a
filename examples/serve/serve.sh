#!/usr/bin/env bash
# From a training run to an answer over HTTP, against a server that runs (TRACKER_URL, http://127.0.0.1:8090 by default).
#
#     examples/serve/serve.sh [ARGUMENT OF train.py…]
#
# PORT is where the model answers, 8091 unless told; VERIFY are further options of `tracker verify`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
port=${PORT:-8091}

# Trains, makes a bundle of the model, and makes it the next version of the registered model `digits`.
python "$here/train.py" "$@"
# Equal models are one version, so training again as before leaves nothing to promote.
tracker promote digits:latest production --reason "trained by serve.sh" || [ $? -eq 1 ]

# Replays the stored example in an environment of the bundle's own lock, and records what came of it on the version.
# shellcheck disable=SC2086
tracker verify digits@production ${VERIFY:-}

tracker serve digits@production --port "$port" &
server=$!
trap 'kill "$server"; wait "$server" || true' EXIT
until curl --silent --fail --output /dev/null "http://127.0.0.1:$port/health-check"; do
    kill -0 "$server" || exit 1
    sleep 0.2
done

# A zero, as 64 pixels.
curl --silent --show-error --fail "http://127.0.0.1:$port/predictions" \
    -H 'Content-Type: application/json' -d "@$here/request.json"
echo

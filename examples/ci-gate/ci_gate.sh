#!/usr/bin/env bash
# Train a candidate, register it, ask the gate, and propose it where it passes.
#
#     examples/ci-gate/ci_gate.sh [ARGUMENT OF train.py…]
#
# The environment says which server (TRACKER_URL) and with which key (TRACKER_API_KEY), and where OUT is given, which
# folder is to have the candidate and gate.xml, the verdicts as JUnit XML. It ends as the gate does: 0 passed and
# proposed, 1 a rule fails, 2 it did not come to an answer, 3 there is not enough evidence.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=${PROJECT:-ci-gate}
model=${MODEL:-ring}
alias=${ALIAS:-production}
commit=${GITHUB_SHA:-$(git rev-parse HEAD 2>/dev/null || echo "no commit")}
out=${OUT:-$(mktemp -d)}

fail() { echo "ci_gate: $1" >&2; exit 2; }

python "$here/train.py" --project "$project" --out "$out" "$@" || fail "the training did not end well"

# The first line of the answer is the version, ring:v7; the second is its page.
registered=$(tracker register "$model" "$out/model.json" --run "$(cat "$out/run")" --tag ci --description "CI, $commit") ||
    fail "the candidate is not registered"
version=${registered%%$'\n'*}
echo "ci_gate: $version is registered: ${registered#*$'\n'}"

status=0
tracker gate "$version" --against "$alias" --rules "$here/rules.yaml" --junit "$out/gate.xml" || status=$?

case $status in
    0) tracker propose "$version" --alias "$alias" --reason "CI passed for $commit" || fail "$version passed, and is not proposed" ;;
    1) echo "ci_gate: $version is not proposed: a rule fails, see above" >&2 ;;
    3) echo "ci_gate: $version is not proposed: there is not enough evidence yet; what would be is said above" >&2 ;;
    *) echo "ci_gate: the gate gave no answer, so $version is not proposed" >&2 ;;
esac
exit "$status"

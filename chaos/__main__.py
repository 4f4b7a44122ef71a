"""`python -m chaos`: try what is promised of a server in trouble, print the table; exit status 1 where one was missed.

At `--scale 1` the counts are those of the goals; a smaller scale does less of everything, to see that it runs.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
import traceback
from collections.abc import Callable

from benchmarks.figures import Machine
from chaos import outcomes
from chaos.bad_network import bad_network
from chaos.full_disk import full_disk
from chaos.hostile import hostile
from chaos.killed_clients import killed_clients
from chaos.killed_server import killed_server
from chaos.killed_uploads import killed_uploads
from chaos.locked import locked
from chaos.outcomes import Outcome
from chaos.sent_again import sent_again
from chaos.soak import soak

Scenario = Callable[[float], Outcome]


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that every process below is ended
    machine = Machine()
    found = [_tried(name, options.scale) for name in options.only or SCENARIOS]
    print(f"On {machine}:\n")
    print(outcomes.markdown(found) if options.markdown else outcomes.text(found))
    return 0 if all(one.is_held for one in found) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(SCENARIOS), help="try these alone")
    parser.add_argument("--scale", type=float, default=1.0, help="how much of it: 0.1 is a tenth (default: 1)")
    parser.add_argument("--markdown", action="store_true", help="print the table in Markdown")
    return parser.parse_args()


def _tried(name: str, scale: float) -> Outcome:
    """One scenario; one that breaks off is a miss as well, and the next one begins."""
    print(f"trying {name}…", file=sys.stderr, flush=True)
    begun = time.perf_counter()
    try:
        outcome = SCENARIOS[name](scale)
    except Exception as error:
        traceback.print_exc()
        outcome = Outcome(name, "runs to its end", misses=[f"it broke off: {error!r}"])
    outcome.count(f"{time.perf_counter() - begun:.0f} s")
    return outcome


def _part(count: int, scale: float) -> int:
    return max(1, round(count * scale))


SCENARIOS: dict[str, Scenario] = {
    "killed-server": lambda scale: killed_server(kills=_part(100, scale), points_before=_part(10_000_000, scale)),
    "bad-network": lambda scale: bad_network(points=_part(50_000, scale), clients=10, seconds=max(2.0, 20 * scale)),
    "sent-again": lambda scale: sent_again(rounds=_part(3, scale)),
    "killed-clients": lambda scale: killed_clients(kills=_part(100, scale)),
    "killed-uploads": lambda scale: killed_uploads(kills=_part(20, scale)),
    "hostile": lambda scale: hostile(share=min(1.0, scale)),
    "locked": lambda _: locked(),
    "full-disk": lambda _: full_disk(),
    "soak": lambda scale: soak(seconds=max(20.0, 1800 * scale), is_timed=scale >= 0.1),
}


if __name__ == "__main__":
    sys.exit(main())

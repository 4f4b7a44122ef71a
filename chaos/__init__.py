"""What is promised of a server in trouble, tried: `python -m chaos`, one row for each promise.

A *scenario* does harm to real processes (a kill, a cut connection, a lock, a hostile request) as often as it is told
and gives an `Outcome`: what it counted, and every promise that was not kept. Chance is seeded. The tests run the same
scenarios with small counts.
"""

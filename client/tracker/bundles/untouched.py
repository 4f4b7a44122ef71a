"""Random numbers as they were: what a model does while it is logged does not change what training draws next.

Found without importing anything: a library that is not imported has drawn nothing.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def random_numbers() -> Iterator[None]:
    """Put the generators of Python, numpy and torch (of each device in use) back as they were, whatever happens."""
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    of_python = random.getstate()
    of_numpy = numpy.random.get_state() if numpy is not None else None
    of_torch = torch.random.get_rng_state() if torch is not None else None
    of_cuda = torch.cuda.get_rng_state_all() if torch is not None and torch.cuda.is_initialized() else None
    try:
        yield
    finally:
        random.setstate(of_python)
        if numpy is not None:
            numpy.random.set_state(of_numpy)
        if torch is not None:
            torch.random.set_rng_state(of_torch)
            if of_cuda is not None:
                torch.cuda.set_rng_state_all(of_cuda)

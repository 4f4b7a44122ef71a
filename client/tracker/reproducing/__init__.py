"""Getting back what a run was started from, and running it again.

`checkout` puts commit, patch, untracked source, packages and data pointers of a run into a folder, and says by which
command it ran; `reproduce` runs that, and says whether the same metrics came out.
"""

from tracker.reproducing.captured import Captured, captured
from tracker.reproducing.checkout import Checkout, checkout
from tracker.reproducing.comparing import Comparison, MetricVerdict
from tracker.reproducing.running import Reproduced, reproduce

__all__ = ["Captured", "Checkout", "Comparison", "MetricVerdict", "Reproduced", "captured", "checkout", "reproduce"]

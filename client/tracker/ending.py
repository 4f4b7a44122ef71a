"""How a process ends, and telling its runs about it.

What always holds: the program ends as it would have without a tracker: the same exit status, the same traceback, the
same signal. Hooks that were there before are called; a handler that the program has set for SIGTERM is left alone.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import weakref
from types import FrameType, TracebackType
from typing import Any, NoReturn, Protocol

from tracker import turns


class Endable(Protocol):
    """What a run offers to the end of the process."""

    def finish(self, status: str = ..., *, exit_code: int | None = ..., error: str | None = ...) -> None: ...


class _Outcome:
    """What is known about how the process is ending."""

    def __init__(self) -> None:
        self.status = "finished"
        self.exit_code: int | None = None
        self.error: str | None = None


_runs: weakref.WeakSet[Any] = weakref.WeakSet()
_outcome = _Outcome()
_is_installed = False
_stopper: threading.Thread | None = None


def watch(run: Endable) -> None:
    """Finish this run when the process ends."""
    global _outcome
    _outcome = _Outcome()  # an exit that somebody caught before this run started is not its ending
    _install()
    _runs.add(run)


def forget(run: Endable) -> None:
    """This run has ended by itself."""
    _runs.discard(run)


def describe(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> tuple[str, int, str | None]:
    """Status, exit code and error text of a run that an exception ends."""
    if issubclass(kind, KeyboardInterrupt):
        return "stopped", 128 + signal.SIGINT, None
    if issubclass(kind, SystemExit):
        code = _exit_code(getattr(error, "code", None))
        return ("finished" if code == 0 else "failed"), code, None
    import traceback  # 3 ms that only a program that fails pays

    return "failed", 1, "".join(traceback.format_exception(kind, error, at))


def _install() -> None:
    global _is_installed
    if _is_installed:
        return
    _is_installed = True
    atexit.register(_at_exit)
    _chain_excepthook()
    _chain_exit()
    os.register_at_fork(after_in_child=_leave_sigterm_to_child)
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _on_sigterm)


def _chain_excepthook() -> None:
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
        _outcome.status, _outcome.exit_code, _outcome.error = describe(kind, error, at)
        before(kind, error, at)

    sys.excepthook = hook


def _chain_exit() -> None:
    """Learn the code of `sys.exit(code)`, of which neither excepthook nor atexit is told."""
    before = sys.exit

    def leave(status: Any = None, /) -> NoReturn:
        if threading.current_thread() is threading.main_thread():
            _outcome.exit_code = _exit_code(status)
            _outcome.status = "finished" if _outcome.exit_code == 0 else "failed"
        before(status)

    sys.exit = leave


def _exit_code(status: object) -> int:
    if status is None:
        return 0
    return status if isinstance(status, int) else 1


def _at_exit() -> None:
    if _stopper is not None and _stopper.is_alive():
        if _outcome.status == "stopped":  # Ctrl-C after SIGTERM: what is not sent yet stays in the journal
            os.kill(os.getpid(), signal.SIGTERM)
        turns.join(_stopper)  # it ends the process by SIGTERM itself, within the runs' own limits
    for run in list(_runs):
        try:
            run.finish(_outcome.status, exit_code=_outcome.exit_code, error=_outcome.error)
        except KeyboardInterrupt:
            break  # a second Ctrl-C: what is not sent yet stays in the journal
    if _outcome.status == "stopped":
        vars(sys)["_tracker_ends"] = _EndByInterrupt()  # taken apart last, whatever a thread still holds


class _EndByInterrupt:
    """Has the interpreter end by SIGINT, as it does after an unhandled KeyboardInterrupt, when it is taken apart.

    CPython forgets that it met one as soon as anything executes a text, which importing and finishing do. It remembers
    when executed text raises one again. That is done when modules are taken apart: until then a thread of ours may
    import and make it forget once more, and from then on there are no threads.
    """

    def __del__(self) -> None:
        try:
            exec("raise KeyboardInterrupt")  # noqa: S102 (a constant)
        except KeyboardInterrupt:
            return


def _on_sigterm(number: int, frame: FrameType | None) -> None:
    """Finish the runs in a thread, because this frame may have interrupted a lock's holder; then die of the signal."""
    global _stopper
    signal.signal(number, signal.SIG_DFL)  # a second SIGTERM ends the process at once
    _stopper = threading.Thread(target=_stop, args=(number,), name="tracker-stop", daemon=True)
    _stopper.start()


def _leave_sigterm_to_child() -> None:
    if signal.getsignal(signal.SIGTERM) is _on_sigterm:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _stop(number: int) -> None:
    try:
        for run in list(_runs):
            run.finish("stopped", exit_code=128 + number)
    finally:
        os.kill(os.getpid(), number)

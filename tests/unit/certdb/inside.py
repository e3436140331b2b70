"""Runs a function in a process of its own: NSS is opened once per process and never in pytest's."""

from __future__ import annotations

import os
import pickle
import signal
import traceback
import warnings
from collections.abc import Callable
from typing import Any

TIMEOUT_SECONDS = 60


def inside(function: Callable[..., Any], *arguments: Any, user: int | None = None) -> Any:
    """What *function* returns in a forked child, run as *user* where one is given (as root only).

    The result crosses as pickle. An exception in the child fails the test with the child's traceback.
    """
    read, write = os.pipe()
    with warnings.catch_warnings():
        # Newer Pythons warn of threads; the child calls no code that shares locks with them.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(read)
            signal.alarm(TIMEOUT_SECONDS)
            if user is not None:
                os.setgroups([])
                os.setgid(user)
                os.setuid(user)
            try:
                answer = (True, function(*arguments))
            except BaseException:
                answer = (False, traceback.format_exc())
            with os.fdopen(write, "wb") as stream:
                pickle.dump(answer, stream)
            status = 0
        finally:
            os._exit(status)
    os.close(write)
    with os.fdopen(read, "rb") as stream:
        data = stream.read()
    _, ended = os.waitpid(child, 0)
    assert ended == 0 and data, f"the child ended with wait status {ended}"
    good, value = pickle.loads(data)
    assert good, value
    return value

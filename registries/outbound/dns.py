"""DNS look-ups with a timeout, on threads of their own, because the system's resolver has none.

One thread per name, shared by all calls that wait for it: a name server that hangs blocks only calls that need it.
"""

import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future

Resolve = Callable[[str, int], list[str]]
_Question = tuple[Resolve, str, int]

LOOK_UP_S = 2.0  # how long a call waits for a look-up
_lock = threading.Lock()
_running: dict[_Question, Future[list[str]]] = {}


def resolve_with_system(host: str, port: int) -> list[str]:
    """Addresses of a host from the system's resolver. Raises OSError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def look_up(host: str, port: int, *, resolve: Resolve, wait_s: float) -> list[str]:
    """Addresses of a host from `resolve`. Raises TimeoutError after `LOOK_UP_S` or `wait_s`, and what it raises."""
    question = (resolve, host, port)
    with _lock:
        answer = _running.get(question)
        if answer is None:
            answer = Future()
            threading.Thread(target=_ask, args=(question, answer), name="outbound-dns", daemon=True).start()
            _running[question] = answer  # after the start: a thread that can't start would never remove its entry
    return answer.result(timeout=min(wait_s, LOOK_UP_S))


def _ask(question: _Question, answer: Future[list[str]]) -> None:
    resolve, host, port = question
    try:
        found = resolve(host, port)
    except Exception as problem:  # raised again in the waiting call
        _done(question)
        answer.set_exception(problem)
    else:
        _done(question)
        answer.set_result(found)


def _done(question: _Question) -> None:
    with _lock:
        del _running[question]

"""Names are looked up on threads of their own: the system's resolver takes as long as it likes, a call does not wait.

One thread a name, however many calls ask for it: a name server that hangs costs the profiles that need it, no others.
"""

import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future

Resolve = Callable[[str, int], list[str]]
_Question = tuple[Resolve, str, int]

_lock = threading.Lock()
_running: dict[_Question, Future[list[str]]] = {}


def resolve_with_system(host: str, port: int) -> list[str]:
    """Every address that the system's resolver gives. Raises OSError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def look_up(host: str, port: int, *, resolve: Resolve, wait_s: float) -> list[str]:
    """What `resolve` gives. Raises TimeoutError after `wait_s`, and what the resolver raises."""
    question = (resolve, host, port)
    with _lock:
        answer = _running.get(question)
        if answer is None:
            answer = Future()
            threading.Thread(target=_ask, args=(question, answer), name="outbound-dns", daemon=True).start()
            _running[question] = answer  # only now: the thread takes it out, and one that can't start would never
    return answer.result(timeout=wait_s)


def _ask(question: _Question, answer: Future[list[str]]) -> None:
    resolve, host, port = question
    try:
        found = resolve(host, port)
    except Exception as problem:  # raised where the answer is waited for
        _done(question)
        answer.set_exception(problem)
    else:
        _done(question)
        answer.set_result(found)


def _done(question: _Question) -> None:
    with _lock:
        del _running[question]

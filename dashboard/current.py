"""Context variables of the current request, for code that has no request at hand."""

from contextvars import ContextVar

current_request_id: ContextVar[str] = ContextVar("current_request_id", default="")
# what was sent to another server in the course of this request, as a sentence would name it; "" when nothing was
current_write: ContextVar[str] = ContextVar("current_write", default="")
current_address: ContextVar[str] = ContextVar("current_address", default="")  # of the client; "" outside of requests

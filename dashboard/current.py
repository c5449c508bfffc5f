"""What is known of the request that is being answered, for whatever runs in its course."""

from contextvars import ContextVar

current_request_id: ContextVar[str] = ContextVar("current_request_id", default="")
current_address: ContextVar[str] = ContextVar("current_address", default="")  # of the client; "" outside of requests

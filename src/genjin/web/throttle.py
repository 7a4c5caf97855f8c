"""Holds back an address that asks a public page too often; `foundation.throttle` counts."""

from django.http import HttpRequest

from genjin.foundation.throttle import forget, seconds_to_wait

__all__ = ["forget", "may_pass"]


def may_pass(request: HttpRequest, what: str, *, per_minute: int) -> bool:
    """Whether this address may do `what` now; counts it when it may."""
    address = request.META.get("REMOTE_ADDR", "")
    return not seconds_to_wait(address, what, per_minute=per_minute)

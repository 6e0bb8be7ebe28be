"""The walked and sealed city of the trail's tests, behind its API."""

from tests.audit_check.conftest import city, trail

__all__ = ["city", "trail"]

"""The walked and sealed city of the trail's tests, behind its API."""

from tests.audit_check.conftest import trail

__all__ = ["trail"]

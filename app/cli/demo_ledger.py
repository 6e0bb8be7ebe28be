"""The demo starts with a year's ledger: imported once, attested by two sample persons of the city's safety office."""

from collections.abc import Callable

from app.cli.connection import Addresses


async def take_in_sample_ledger(addresses: Addresses, *, progress: Callable[[str], None]) -> None:
    """Imports and attests the sample ledger; a second start finds it done."""

"""Readiness is asked by anybody and counted by nobody: however many ask at once, the database is looked at once."""

import asyncio

from app.console.readiness import Findings, OneLook


async def _asked(crowd: int, *, impatient: bool = False) -> tuple[int, list[Findings], Findings]:
    looks, begun, has_begun, may_end = OneLook(), [0], asyncio.Event(), asyncio.Event()

    async def look() -> Findings:
        begun[0] += 1
        has_begun.set()
        await may_end.wait()
        return [f"第 {begun[0]} 次"], []

    asking = [asyncio.ensure_future(looks.at(look)) for _ in range(crowd)]
    # All who ask have had their turn before the look that the first of them began.
    await has_begun.wait()
    if impatient:
        asking.pop(0).cancel()
    may_end.set()
    found = await asyncio.gather(*asking)
    return begun[0], list(found), await looks.at(look)


def test_whoever_asks_meanwhile_shares_one_look_and_the_next_looks_anew() -> None:
    begun, found, after = asyncio.run(_asked(30))
    assert begun == 1
    assert found == [(["第 1 次"], [])] * 30
    assert after == (["第 2 次"], [])


def test_whoever_leaves_ends_nobody_elses_look() -> None:
    _, found, _ = asyncio.run(_asked(3, impatient=True))
    assert found == [(["第 1 次"], [])] * 2

"""常设授权: 函告 alone go by themselves, each once whatever happens, not while held, not more than a night may send."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest

from app.escalation.run import Ran
from app.infrastructure.context import Context
from app.infrastructure.owner import owner_transaction
from app.jobs.escalate import whole_night
from app.reference.edition_loading import load_edition_text
from tests.regulation.test_edition_ladder import with_authorisation
from tests.support.ladder_nights import GO_LIVE, JOB, Nights

FIRST = date(2024, 12, 1)
DAYS = 26


class Died(BaseException):
    """The process ended there."""


def authorise(nights: Nights, *, most: int = 20) -> None:
    """Another edition, by the owner: it cites an authorisation."""
    text = with_authorisation().replace(
        "max_letters_per_night = { value = 20", f"max_letters_per_night = {{ value = {most}"
    )

    async def load() -> None:
        async with owner_transaction(nights.of_town.migrate_url, label="test") as context:
            await load_edition_text(context, text)

    asyncio.run(load())


def drafts_of_many_nights(nights: Nights) -> list[int]:
    """函告 of several nights that no signatory has issued; another kind among the letters."""
    nights.town.settle(40, FIRST, GO_LIVE)
    nights.town.connection.commit()
    for number in range(0, DAYS, 2):
        nights.run(FIRST + timedelta(days=number))
    return waiting(nights)


def waiting(nights: Nights, kind: str = "notice_letter") -> list[int]:
    """Drafts."""
    found = nights.town.connection.execute(
        "SELECT id FROM letter WHERE status = 'draft' AND kind = %s ORDER BY id", [kind]
    ).fetchall()
    nights.town.connection.commit()
    return [letter for (letter,) in found]


def issued(nights: Nights) -> list[int]:
    """Letters that are out; the serials of each office are without a gap."""
    asked = "SELECT id, office_code, serial FROM letter WHERE status = 'issued' ORDER BY office_code, serial"
    rows = nights.town.connection.execute(asked).fetchall()
    nights.town.connection.commit()
    serials: dict[str, list[int]] = defaultdict(list)
    for _, code, serial in rows:
        serials[code].append(serial)
    assert all(drawn == list(range(1, len(drawn) + 1)) for drawn in serials.values()), serials
    return [letter for letter, _, _ in rows]


def night(nights: Nights, *, dies_after: int | None = None) -> Ran | None:
    """The whole night after; None where it died after so many transactions."""
    ends = 0

    @contextlib.asynccontextmanager
    async def transactions() -> AsyncIterator[Context]:
        nonlocal ends
        async with nights.database.transaction(JOB, request_id="job escalate") as context:
            yield context
        ends += 1
        if ends == dies_after:
            raise Died

    async def go() -> Ran | None:
        try:
            return await whole_night(transactions, FIRST + timedelta(days=DAYS))
        except Died:
            return None

    return nights.runner.run(go())


@pytest.mark.timeout(120)
def test_without_an_authorisation_no_draft_goes_by_itself(nights: Nights) -> None:
    drafts = drafts_of_many_nights(nights)
    assert len(drafts) > 3
    assert night(nights) is not None
    assert issued(nights) == []


@pytest.mark.timeout(120)
def test_every_notice_goes_once_and_prints_the_document_and_nothing_else_goes(nights: Nights) -> None:
    drafts = drafts_of_many_nights(nights)
    authorise(nights)
    ran = night(nights)
    assert ran is not None
    assert ran.counts["letters_issued"] == len(issued(nights)) >= len(drafts)
    assert set(drafts) <= set(issued(nights))
    assert waiting(nights) == []
    ask = nights.town.connection.execute
    said = ask("SELECT DISTINCT kind, standing_authorisation, issued_by_account_id FROM letter WHERE status = 'issued'")
    ((kind, document, account),) = said.fetchall()
    assert (kind, account) == ("notice_letter", None)
    assert "有效期至" in document
    again = night(nights)
    assert again is not None
    assert again.counts.get("letters_issued", 0) == 0


@pytest.mark.timeout(240)
def test_a_night_killed_anywhere_while_issuing_leaves_no_letter_twice_and_none_forgotten(nights: Nights) -> None:
    drafts = drafts_of_many_nights(nights)
    authorise(nights)
    deaths = 0
    for after in range(1, 60):
        if night(nights, dies_after=after) is not None:
            break
        deaths += 1
        issued(nights)
    assert deaths > 10
    assert night(nights) is not None
    assert set(drafts) <= set(issued(nights))
    assert waiting(nights) == []


@pytest.mark.timeout(120)
def test_nothing_goes_by_itself_while_dispatch_is_held(nights: Nights) -> None:
    drafts = drafts_of_many_nights(nights)
    authorise(nights)
    nights.town.connection.execute("INSERT INTO dispatch_hold (reason) VALUES ('ordered')")
    nights.town.connection.commit()
    assert night(nights) is not None
    assert (issued(nights), set(drafts) <= set(waiting(nights))) == ([], True)


@pytest.mark.timeout(120)
def test_more_than_a_night_may_send_are_held_until_an_office_releases_them(nights: Nights) -> None:
    drafts = drafts_of_many_nights(nights)
    authorise(nights, most=len(drafts) - 1)
    assert night(nights) is not None
    ask = nights.town.connection.execute
    assert issued(nights) == []
    assert ask("SELECT reason FROM dispatch_hold WHERE released_at IS NULL").fetchall() == [("too_many_letters",)]
    ask("UPDATE dispatch_hold SET released_at = registry_now(), released_by_account_id = 1 WHERE released_at IS NULL")
    nights.town.connection.commit()
    assert night(nights) is not None
    assert set(drafts) <= set(issued(nights))


@pytest.mark.timeout(120)
def test_an_authorisation_that_has_run_out_lets_nothing_go(nights: Nights) -> None:
    drafts_of_many_nights(nights)
    authorise(nights)
    nights.town.connection.execute("UPDATE clock_setting SET offset_seconds = offset_seconds + 10 * 365 * 86400")
    nights.town.connection.commit()
    assert night(nights) is not None
    assert issued(nights) == []

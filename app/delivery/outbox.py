"""The outbox: what is to be told, put down once; claimed under leases, sent outside any transaction, recorded.

An issued letter or a reminder without a delivery is what there is to enqueue: the database is asked anew each time, so
that nothing depends on where an earlier run stopped.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import text

from app.delivery.channels import REFUSED, SENT, UNCERTAIN, Outcome
from app.delivery.oversight.pauses import pause_after_restore
from app.holding.hold import hold_dispatch
from app.infrastructure.context import Context
from app.regulation.deadlines import business_date
from app.regulation.vocabulary import DeliveryChannel, DeliveryStatus, HoldReason

TRIES: Final = 12
"""After so many a message lies dead and alarms: some nine hours."""
REMINDERS_AT_ONCE: Final = 1000
LETTERS_AT_ONCE: Final = 500
_FIRST_WAIT: Final = 30.0
_LONGEST_WAIT: Final = 6 * 3600.0
_LOOKED_BACK: Final = timedelta(days=30)
"""A reminder that waited longer reminds of nothing any more: its deadline is over."""

_ERA: Final = text("SELECT system_identifier, timeline FROM server_era()")
_LAST_ERA: Final = text("SELECT system_identifier, timeline FROM delivery_era ORDER BY id DESC LIMIT 1")
_NEW_ERA: Final = text("INSERT INTO delivery_era (system_identifier, timeline) VALUES (:system_identifier, :timeline)")
_STANDS_STILL: Final = text(
    """
    SELECT coalesce((SELECT true FROM delivery_pause WHERE released_at IS NULL LIMIT 1), false)
               OR coalesce(bool_or(reason IN ('first_start', 'import', 'restore', 'edition_change')), false) AS whole,
           coalesce(bool_or(true), false) AS letters
      FROM dispatch_hold WHERE released_at IS NULL
    """
)
_ENQUEUE_LETTERS: Final = text(
    """
    WITH due AS (
        SELECT l.id, l.public_id, l.addressee_organisation_id, l.addressee_enterprise_id FROM letter l
         WHERE l.status = 'issued' AND l.dispatched_on IS NULL
           AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.letter_id = l.id)
         ORDER BY l.id LIMIT :most),
    told AS (
        SELECT id AS letter_id, public_id, NULL::bigint AS copy_id, 'main' AS reader,
               addressee_organisation_id AS organisation_id, addressee_enterprise_id AS enterprise_id FROM due
        UNION ALL
        SELECT due.id, due.public_id, c.id, c.public_id::text, c.organisation_id, c.enterprise_id
          FROM due JOIN letter_copy c ON c.letter_id = due.id),
    ways AS (
        SELECT told.*, CASE WHEN num_nonnulls(organisation_id, enterprise_id) = 0 THEN 'publication' ELSE 'inbox' END
               AS channel FROM told
        UNION ALL
        SELECT told.*, a.channel FROM told JOIN delivery_address a ON a.ended_at IS NULL
           AND (a.organisation_id = told.organisation_id OR a.enterprise_id = told.enterprise_id))
    INSERT INTO delivery (message_id, channel, letter_id, copy_id, organisation_id, enterprise_id, is_exposure)
    SELECT format('letter-%s-%s-%s', public_id, reader, channel), channel, letter_id, copy_id, organisation_id,
           enterprise_id, channel = 'publication' FROM ways
    ON CONFLICT (message_id) DO NOTHING
    """
)
_REMINDERS: Final = text(
    """
    WITH due AS (
        SELECT r.id, h.enterprise_id, h.responsible_organisation_id AS organisation_id
          FROM reminder r JOIN hazard h ON h.id = r.hazard_id
         WHERE r.id > :after AND r.raised_on > :since
           AND NOT EXISTS (SELECT 1 FROM delivery_item i WHERE i.reminder_id = r.id)
         ORDER BY r.id LIMIT :most),
    held AS (
        SELECT DISTINCT o.enterprise_id, a.id AS account_id, ap.person_id FROM organisation o
          JOIN post p ON p.organisation_id = o.id AND p.kind IN ('enterprise_principal', 'enterprise_controller')
          JOIN appointment ap ON ap.post_id = p.id AND ap.confirmed_at IS NOT NULL AND ap.valid_from <= registry_now()
           AND coalesce(ap.valid_until, 'infinity') > registry_now()
          JOIN account a ON a.person_id = ap.person_id AND a.disabled_at IS NULL
         WHERE o.enterprise_id IN (SELECT enterprise_id FROM due)),
    told AS (
        SELECT due.id, held.account_id, held.person_id,
               CASE WHEN held.account_id IS NULL THEN due.organisation_id END AS organisation_id,
               CASE WHEN held.account_id IS NULL THEN due.enterprise_id END AS enterprise_id
          FROM due LEFT JOIN held ON held.enterprise_id = due.enterprise_id)
    SELECT id, account_id, organisation_id, enterprise_id, 'inbox' AS channel FROM told
    UNION
    SELECT told.id, told.account_id, told.organisation_id, told.enterprise_id, a.channel
      FROM told JOIN delivery_address a ON a.ended_at IS NULL AND (a.account_id = told.account_id
           OR a.organisation_id = told.organisation_id OR a.enterprise_id = told.enterprise_id)
    UNION
    SELECT told.id, told.account_id, NULL, NULL, 'sms_file' FROM told
      JOIN person_detail p ON p.person_id = told.person_id AND p.phone IS NOT NULL WHERE :with_telephones
    ORDER BY id
    """
)
_ENQUEUE_DIGESTS: Final = text(
    """
    INSERT INTO delivery (message_id, channel, digest_on, account_id, organisation_id, enterprise_id)
    SELECT m, c, :today, a, o, e
      FROM unnest(CAST(:message_ids AS text[]), CAST(:channels AS text[]), CAST(:accounts AS bigint[]),
           CAST(:organisations AS bigint[]), CAST(:enterprises AS bigint[])) AS n (m, c, a, o, e)
    ON CONFLICT (message_id) DO NOTHING
    """
)
_HOLD_DIGESTS: Final = text(
    "SELECT id, message_id, status FROM delivery WHERE message_id = ANY (CAST(:message_ids AS text[])) FOR UPDATE"
)
_GATHER: Final = text(
    """
    INSERT INTO delivery_item (delivery_id, reminder_id)
    SELECT d, r FROM unnest(CAST(:deliveries AS bigint[]), CAST(:reminders AS bigint[])) AS n (d, r)
    ON CONFLICT DO NOTHING
    """
)
_CANCEL_VOIDED: Final = text(
    """
    UPDATE delivery d SET status = 'cancelled' FROM letter l
     WHERE d.status = 'pending' AND l.id = d.letter_id AND l.status = 'voided'
    """
)
_CLAIM: Final = text(
    """
    UPDATE delivery d SET status = 'claimed', attempts = d.attempts + 1,
           lease_until = registry_now() + make_interval(secs => :lease)
      FROM (SELECT id FROM delivery WHERE channel = :channel AND (digest_on IS NOT NULL OR NOT :digests_alone) AND (
                (status = 'pending' AND next_at <= registry_now())
                OR (status = 'claimed' AND lease_until < registry_now() AND NOT is_exposure))
             ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED) AS free
     WHERE d.id = free.id
    RETURNING d.id, d.message_id, d.attempts, d.channel, d.letter_id, d.copy_id, d.digest_on, d.account_id,
              d.organisation_id, d.enterprise_id, d.is_exposure
    """
)
_DOUBT: Final = text(
    """
    UPDATE delivery SET status = 'in_doubt', lease_until = NULL
     WHERE is_exposure AND status = 'claimed' AND lease_until < registry_now() RETURNING message_id
    """
)
_HOLD_CLAIMS: Final = text(
    """
    SELECT d.id FROM delivery d
      JOIN unnest(CAST(:ids AS bigint[]), CAST(:numbers AS bigint[])) AS n (id, number)
        ON d.id = n.id AND d.attempts = n.number
     WHERE d.status = 'claimed' ORDER BY d.id FOR UPDATE OF d
    """
)
_ATTEMPT: Final = text(
    "INSERT INTO delivery_attempt (delivery_id, number, outcome, code) VALUES (:id, :number, :outcome, :code)"
)
_MOVE: Final = text(
    """
    UPDATE delivery SET status = :status, lease_until = NULL,
           next_at = registry_now() + make_interval(secs => :wait),
           sent_at = CASE WHEN :status = 'sent' THEN registry_now() END,
           delivered_at = CASE WHEN :status = 'sent' AND channel = 'inbox' THEN registry_now() END
     WHERE id = :id
    """
)
_DISPATCHED: Final = text(
    """
    UPDATE letter l SET dispatched_on = (registry_now() AT TIME ZONE 'Asia/Shanghai')::date FROM delivery d
     WHERE d.id = ANY (CAST(:ids AS bigint[])) AND d.copy_id IS NULL AND l.id = d.letter_id
       AND l.dispatched_on IS NULL AND l.status = 'issued'
    """
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery this worker may send until its lease ends."""

    id: int
    message_id: str
    attempts: int
    channel: str
    letter_id: int | None
    copy_id: int | None
    digest_on: date | None
    account_id: int | None
    organisation_id: int | None
    enterprise_id: int | None
    is_exposure: bool


@dataclass(frozen=True, slots=True)
class Standstill:
    """Reminders are no 公文: they go by themselves while letters are only held back."""

    everything: bool
    letters: bool


async def notice_restores(context: Context) -> None:
    """Pauses sending and holds dispatch when another server or timeline answers than the one that sent last."""
    now = dict((await context.session.execute(_ERA)).one()._mapping)  # noqa: SLF001 - SQLAlchemy's public mapping
    last = (await context.session.execute(_LAST_ERA)).one_or_none()
    if last is not None and dict(last._mapping) == now:  # noqa: SLF001 - as above
        return
    await context.session.execute(_NEW_ERA, now)
    if last is not None:
        await pause_after_restore(context)
        await hold_dispatch(context, HoldReason.RESTORE, "数据库经过恢复或者主备切换")


async def standstill(context: Context) -> Standstill:
    """What may not leave now: a pause or unproved facts stop everything, the office's other holds letters alone."""
    row = (await context.session.execute(_STANDS_STILL)).one()
    return Standstill(everything=row.whole, letters=row.whole or row.letters)


async def enqueue_letters(context: Context) -> int:
    """Puts issued letters and their copies down, a row for each reader and way; how many rows."""
    connection = await context.session.connection()
    await connection.execute(_CANCEL_VOIDED)
    return (await connection.execute(_ENQUEUE_LETTERS, {"most": LETTERS_AT_ONCE})).rowcount


async def enqueue_reminders(context: Context, after: int, *, with_telephones: bool) -> int | None:
    """Gathers reminders into today's digests, one for each person and way; the last looked at, None at the end.

    Who has today's digest already gets the rest in tomorrow's.
    """
    today = business_date(context.now)
    asked = {"after": after, "since": today - _LOOKED_BACK, "most": REMINDERS_AT_ONCE}
    rows = (await context.session.execute(_REMINDERS, asked | {"with_telephones": with_telephones})).all()
    if not rows:
        return None
    wanted = {row: _digest_id(row, today) for row in rows}
    await context.session.execute(_ENQUEUE_DIGESTS, {"today": today, **_columns(wanted)})
    held = await context.session.execute(_HOLD_DIGESTS, {"message_ids": sorted(set(wanted.values()))})
    found = {one.message_id: one for one in held}
    late = {row.id for row, name in wanted.items() if found[name].status != DeliveryStatus.PENDING}
    pairs = [(found[name].id, row.id) for row, name in wanted.items() if row.id not in late]
    gathered = {"deliveries": [one for one, _ in pairs], "reminders": [one for _, one in pairs]}
    await context.session.execute(_GATHER, gathered)
    return max(int(row.id) for row in rows)


def _digest_id(row: Any, today: date) -> str:  # noqa: ANN401 - a row of `_REMINDERS`
    party = next(
        f"{name}-{value}"
        for name, value in (
            ("account", row.account_id),
            ("organisation", row.organisation_id),
            ("enterprise", row.enterprise_id),
        )
        if value is not None
    )
    return f"digest-{party}-{today.isoformat()}-{row.channel}"


def _columns(wanted: Mapping[Any, str]) -> dict[str, list[Any]]:
    once = {name: row for row, name in wanted.items()}
    return {
        "message_ids": list(once),
        "channels": [row.channel for row in once.values()],
        "accounts": [row.account_id for row in once.values()],
        "organisations": [row.organisation_id for row in once.values()],
        "enterprises": [row.enterprise_id for row in once.values()],
    }


async def claim(
    context: Context, channel: DeliveryChannel, *, most: int, lease: float, digests_alone: bool = False
) -> list[Claimed]:
    """Takes messages for `lease` seconds; whoever else sends skips them. `digests_alone`: letters are held."""
    asked = {"channel": channel.value, "most": most, "lease": lease, "digests_alone": digests_alone}
    rows = (await context.session.execute(_CLAIM, asked)).mappings()
    return sorted((Claimed(**row) for row in rows), key=lambda one: one.id)


async def doubt(context: Context) -> list[str]:
    """Exposures whose claim ended without a word are in doubt from now on: only a person resolves that."""
    return list((await context.session.execute(_DOUBT)).scalars())


async def record(context: Context, told: Sequence[tuple[Claimed, Outcome]]) -> list[DeliveryStatus]:
    """Notes what became of claims that are still this worker's; the statuses they went to."""
    claims = {"ids": [one.id for one, _ in told], "numbers": [one.attempts for one, _ in told]}
    ours = set((await context.session.execute(_HOLD_CLAIMS, claims)).scalars())
    standing = [(one, outcome) for one, outcome in told if one.id in ours]
    if not standing:
        return []
    statuses = [_status_after(one, outcome) for one, outcome in standing]
    await context.session.execute(_ATTEMPT, [_attempt(one, outcome) for one, outcome in standing])
    moved = [
        {"id": one.id, "status": status.value, "wait": _wait(one.attempts)}
        for (one, _), status in zip(standing, statuses, strict=True)
    ]
    await context.session.execute(_MOVE, moved)
    sent = [one.id for (one, _), status in zip(standing, statuses, strict=True) if status is DeliveryStatus.SENT]
    await context.session.execute(_DISPATCHED, {"ids": sent})
    return statuses


def _attempt(one: Claimed, outcome: Outcome) -> dict[str, object]:
    return {"id": one.id, "number": one.attempts, "outcome": outcome.outcome.value, "code": outcome.code[:60]}


def _status_after(one: Claimed, outcome: Outcome) -> DeliveryStatus:
    if outcome.outcome is SENT:
        return DeliveryStatus.SENT
    if outcome.outcome is UNCERTAIN and one.is_exposure:
        return DeliveryStatus.IN_DOUBT
    if outcome.outcome is REFUSED and outcome.is_final:
        return DeliveryStatus.CANCELLED
    return DeliveryStatus.DEAD if one.attempts >= TRIES else DeliveryStatus.PENDING


def _wait(attempts: int) -> float:
    """Seconds until the next attempt: doubled each time, and spread, so that not all come back at once."""
    longest = min(_FIRST_WAIT * 2.0 ** (attempts - 1), _LONGEST_WAIT)
    return longest * random.uniform(0.5, 1.5)  # noqa: S311 - spreads retries, guards nothing


def ids_of(claimed: Iterable[Claimed], column: str) -> list[int]:
    """Each value of that column, without the missing ones."""
    return sorted({value for one in claimed if (value := getattr(one, column)) is not None})

"""Deeds of sign-off in plain SQL: sign, withdraw, refuse, and the correction that voids a round."""

import json

from tests.support.acts import CHAIN, HASH, Actor, Desk, Row
from tests.support.deeds_rectification import confirm, document_of


def open_round_of(desk: Desk, hazard: int) -> Row | None:
    """The open round with how many levels stand signed."""
    return desk.one(
        "SELECT r.id, r.purpose, r.level_count, r.content_sha256, coalesce((SELECT max(s.level) FROM signature s WHERE"
        " s.round_id = r.id AND NOT EXISTS (SELECT 1 FROM signature_withdrawal w WHERE w.signature_id = s.id)), 0)"
        " AS signed"
        " FROM signing_round r WHERE r.hazard_id = %(hazard)s AND NOT EXISTS"
        " (SELECT 1 FROM round_end e WHERE e.round_id = r.id) ORDER BY r.id DESC LIMIT 1",
        hazard=hazard,
    )


def sign(desk: Desk, hazard: Row) -> None:
    """The holder of the next level signs; the last signature moves the hazard on."""
    desk.become("lead", "principal_head")
    round_ = open_round_of(desk, hazard["id"])
    if round_ is None:
        return
    level = int(round_["signed"]) + 1
    kinds = CHAIN[hazard["level"]]
    actor = desk.become("lead", kinds[min(level, len(kinds)) - 1])
    step_up = desk.step_up(actor, round_["content_sha256"], level)
    last = level == round_["level_count"]
    if last:
        desk.one("UPDATE hazard SET version = version + 1 WHERE id = %(hazard)s RETURNING id", hazard=hazard["id"])
    ended = hazard["state"] if not last else "dismissed" if round_["purpose"] == "withdrawal" else "closed"
    act = desk.transition(actor, hazard["id"], "sign", ended) if last else desk.act(actor, hazard["id"], "sign", ended)
    desk.one(
        "INSERT INTO signature (hazard_id, round_id, cycle, level, kind, person_id, appointment_id, account_id,"
        " step_up_id,"
        " content_sha256, transition_id) VALUES (%(hazard)s, %(round)s, %(cycle)s, %(level)s, 'electronic', %(person)s,"
        " %(appointment)s, %(account)s, %(step_up)s, %(hash)s, %(act)s) RETURNING id",
        hazard=hazard["id"],
        round=round_["id"],
        cycle=hazard["cycle"],
        level=level,
        person=actor.person,
        appointment=actor.appointment,
        account=actor.account,
        step_up=step_up,
        hash=round_["content_sha256"],
        act=act,
    )
    if last:
        _finish(desk, actor, hazard["id"], ended, act)


def _finish(desk: Desk, actor: Actor, hazard: int, ended: str, act: int) -> None:
    """The last signature closes, or dismisses with the reason its round was opened for."""
    closed = ", closed_at = registry_now()" if ended == "closed" else ""
    desk.one(
        f"UPDATE hazard SET state = %(ended)s, last_act_at = registry_now(){closed} WHERE id = %(hazard)s RETURNING id",
        ended=ended,
        hazard=hazard,
    )
    if ended == "dismissed":
        columns = "transition_id, reason, explanation, round_id"
        values = (
            "%(act)s, 'unsubstantiated', '不成立', (SELECT max(r.id) FROM signing_round r WHERE r.hazard_id ="
            " hazard.id)"
        )
        desk.document("dismissal", actor, hazard, columns, values, act=act)


def withdraw(desk: Desk, hazard: Row) -> None:
    """The newest signer takes the signature back."""
    desk.become("lead", "principal_head")
    newest = desk.one(
        "SELECT s.id, s.level FROM signature s WHERE s.hazard_id = %(hazard)s AND NOT EXISTS (SELECT 1 FROM"
        " signature_withdrawal w WHERE w.signature_id = s.id) ORDER BY s.id DESC LIMIT 1",
        hazard=hazard["id"],
    )
    if newest is None:
        return
    actor = desk.become("lead", CHAIN[hazard["level"]][int(newest["level"]) - 1])
    desk.act(actor, hazard["id"], "withdraw_signature", hazard["state"])
    desk.one(
        "INSERT INTO signature_withdrawal (hazard_id, signature_id, account_id, reason)"
        " VALUES (%(hazard)s, %(signature)s, %(account)s, '误签') RETURNING id",
        hazard=hazard["id"],
        signature=newest["id"],
        account=actor.account,
    )


def refuse(desk: Desk, hazard: Row) -> None:
    """The holder of the next level sends it back to where the chain says."""
    desk.become("lead", "principal_head")
    round_ = open_round_of(desk, hazard["id"])
    if round_ is None:
        return
    level = int(round_["signed"]) + 1
    kinds = CHAIN[hazard["level"]]
    actor = desk.become("lead", kinds[min(level, len(kinds)) - 1])
    back = hazard["state"] == "rectified" and kinds[level - 1] in {"deputy_head", "principal_head"}
    state = "listed" if back else hazard["state"]
    desk.one("UPDATE hazard SET version = version + 1 WHERE id = %(hazard)s RETURNING id", hazard=hazard["id"])
    desk.one(
        "INSERT INTO round_end (hazard_id, round_id, outcome, refused_level, reason, account_id)"
        " VALUES (%(hazard)s, %(round)s, 'refused', %(level)s, '材料不全', %(account)s) RETURNING id",
        hazard=hazard["id"],
        round=round_["id"],
        level=level,
        account=actor.account,
    )
    if back:
        desk.one(
            "UPDATE hazard SET state = 'listed', cycle = cycle + 1 WHERE id = %(hazard)s RETURNING id",
            hazard=hazard["id"],
        )
    desk.transition(actor, hazard["id"], "refuse_signature", state)


def correct(desk: Desk, hazard: Row) -> None:
    """Two persons correct where it is, which voids an open round."""
    first = desk.become("office", "office_clerk")
    round_ = open_round_of(desk, hazard["id"])
    place = f"{hazard['place'][:100]}东"
    changes = json.dumps({"place": {"old": hazard["place"], "new": place}}, ensure_ascii=False)
    columns = "changes, reason, touches_signed_content, document_sha256"
    document = desk.document(
        "correction", first, hazard["id"], columns, f"%(changes)s, '笔误', true, {HASH}", changes=changes
    )
    row = document_of(desk, "correction", document)
    confirm(desk, first, hazard["id"], "correction", row, "proposer")
    second = desk.become("office", "office_clerk", 1)
    confirm(desk, second, hazard["id"], "correction", row, "confirmer")
    act = desk.act(second, hazard["id"], "correct", hazard["state"])
    desk.one("UPDATE correction SET transition_id = %(act)s WHERE id = %(id)s RETURNING id", act=act, id=document)
    if round_ is not None:
        desk.one(
            "INSERT INTO round_end (hazard_id, round_id, outcome, account_id) VALUES (%(hazard)s, %(round)s,"
            " 'content_changed', %(account)s) RETURNING id",
            hazard=hazard["id"],
            round=round_["id"],
            account=second.account,
        )
    desk.one("UPDATE hazard SET place = %(place)s WHERE id = %(hazard)s RETURNING id", place=place, hazard=hazard["id"])

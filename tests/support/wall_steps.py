"""Walking hazards by raw SQL: what the application's login can do after the session hook, one act after another."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.support.recording import RECORD
from tests.support.wall_city import City, Connection, Official, digest, one

REFUSED = "QL001"


def become(connection: Connection, who: Official, city: City) -> None:
    """What the begin hook does for a session: role class and settings, for this transaction."""
    units = "" if who.role == "qingling_enterprise" else ",".join(str(unit) for unit in city.units.values())
    enterprise = str(city.enterprise_id) if who.role == "qingling_enterprise" else ""
    connection.execute("RESET ROLE")
    connection.execute(
        "SELECT set_config('role', %s, true), set_config('app.account', %s, true), set_config('app.person', %s, true),"
        " set_config('app.appointment', %s, true), set_config('app.organisation', %s, true),"
        " set_config('app.units', %s, true), set_config('app.sectors', '', true),"
        " set_config('app.enterprise', %s, true)",
        (
            who.role,
            str(who.account_id),
            str(who.person_id),
            str(who.appointment_id),
            str(who.organisation_id),
            units,
            enterprise,
        ),
    )


def become_owner(connection: Connection) -> None:
    """Back to the login itself, without a session's settings."""
    connection.execute("RESET ROLE")
    connection.execute("SELECT set_config('app.account', '', true), set_config('app.appointment', '', true)")


def refusal(error: psycopg.Error) -> str:
    """The wall's code for a refusal; the SQLSTATE of any other error."""
    if error.sqlstate == REFUSED:
        return error.diag.message_hint or ""
    return error.sqlstate or str(error)


def settle(connection: Connection) -> None:
    """Ask now what is otherwise asked at commit."""
    connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    connection.execute("SET CONSTRAINTS ALL DEFERRED")


@contextlib.contextmanager
def undone(connection: Connection) -> Iterator[None]:
    """A transaction that leaves nothing behind."""
    with connection.transaction(force_rollback=True):
        yield


@dataclass
class Walk:
    """One hazard's way through raw SQL; every method is one or more statements of the current transaction."""

    connection: Connection
    city: City
    hazard_id: int = 0

    def run(self, query: str, *values: object) -> Any:
        """The first column of the one row."""
        return one(self.connection, query, *values)

    def do(self, query: str, *values: object) -> int:
        """How many rows a statement changed."""
        return self.connection.execute(query.encode(), values).rowcount

    def act_as(self, name: str | Official) -> Official:
        """Go on as somebody of the city."""
        who = self.city.people[name] if isinstance(name, str) else name
        become(self.connection, who, self.city)
        return who

    def lock(self) -> None:
        """The door's first statement; InsufficientPrivilege: the hazard is out of scope, as the door would find."""
        if not self.do("UPDATE hazard SET version = version + 1 WHERE id = %s", self.hazard_id):
            raise psycopg.errors.InsufficientPrivilege("out of scope")

    def audited(self, transition: int) -> int:
        """The act's audit event, as the application writes it; the same transition."""
        self.connection.execute(RECORD, {"transition": transition})
        return transition

    def transition(self, act: str, to_state: str | None = None, cycle: int = 0) -> int:
        """The act's history row with the hazard's dimensions; `cycle`: by how much the act raises it."""
        return self.audited(
            self.run(
                "INSERT INTO hazard_transition (hazard_id, act, rule, from_state, to_state, version, cycle, unit_id,"
                " sector, channel, level, supervision_tier, lead_organisation_id, listing_office_id, enterprise_id,"
                " original_deadline, current_deadline, found_on, is_determined, is_legacy, actor_label, act_order,"
                " occurred_at)"
                " SELECT h.id, %s, 'L-1', CASE WHEN %s = 'report' THEN NULL ELSE h.state END, coalesce(%s, h.state),"
                " h.version, h.cycle + %s, h.unit_id, h.sector, h.channel, h.level, h.supervision_tier,"
                " h.lead_organisation_id, h.listing_office_id, h.enterprise_id, h.original_deadline,"
                " h.current_deadline, h.found_on, true, h.is_legacy, '检查人员', 0, registry_now()"
                " FROM hazard h WHERE h.id = %s RETURNING id",
                act,
                act,
                to_state,
                cycle,
                self.hazard_id,
            )
        )

    def act(self, act: str, to_state: str | None = None, cycle: int = 0) -> int:
        """Lock and record; the transition's id."""
        self.lock()
        return self.transition(act, to_state, cycle)

    def report(self, *, level: str = "major") -> int:
        """An inspector registers a finding."""
        self.act_as("inspector")
        self.hazard_id = self.run(
            "INSERT INTO hazard (state, level, version, channel, sector, unit_id, site_id, enterprise_id, finders,"
            " found_on, place, circumstances, reporting_record, monitoring_measures, reporter_account_id, last_act_at)"
            " VALUES ('reported', %s, 1, 'inspection', 'hazardous_chemicals', %s, %s, %s, '检查组', '2026-01-05',"
            " '一车间', '储罐泄漏', '记录', '监控', %s, registry_now()) RETURNING id",
            level,
            self.city.units["township"],
            self.city.site_id,
            self.city.enterprise_id,
            self.city.people["inspector"].account_id,
        )
        self.transition("report")
        return self.hazard_id

    def list_it(self, *, tier: int = 2) -> None:
        """Determine and list, two acts."""
        self.lock()
        lead = self.city.organisations["lead"]
        self.do(
            "UPDATE hazard SET determined_at = registry_now(), lead_organisation_id = %s WHERE id = %s",
            lead,
            self.hazard_id,
        )
        determined = self.transition("determine")
        self.do(
            "INSERT INTO determination (hazard_id, transition_id, cycle, account_id, criterion_id, determined_level,"
            " lead_organisation_id) SELECT id, %s, 1, 1, %s, level, %s FROM hazard WHERE id = %s",
            determined,
            self.city.criterion_id,
            lead,
            self.hazard_id,
        )
        self.act_as("clerk")
        self.lock()
        self.do(
            "UPDATE hazard SET state = 'listed', listed_at = registry_now(), ledger_number = %s, ledger_year = 2026,"
            " ledger_serial = id, listing_office_id = %s, supervision_tier = %s, original_deadline = '2027-01-01',"
            " current_deadline = '2027-01-01' WHERE id = %s",
            f"督〔2026〕{self.hazard_id}号",
            self.city.organisations["office"],
            tier,
            self.hazard_id,
        )
        listed = self._moved("list", "reported", "listed")
        self.do(
            "INSERT INTO listing (hazard_id, transition_id, cycle, account_id, supervision_tier, listing_office_id,"
            " lead_organisation_id, ledger_number, due_on, due_explained, requirements, edition_id)"
            " VALUES (%s, %s, 1, 1, 2, %s, %s, 'n', '2027-01-01', '{}', '限期整改', %s)",
            self.hazard_id,
            listed,
            self.city.organisations["office"],
            lead,
            self.city.edition_id,
        )

    def _moved(self, act: str, from_state: str, to_state: str) -> int:
        """A transition written after the hazard's own row has moved."""
        return self.audited(
            self.run(
                "INSERT INTO hazard_transition (hazard_id, act, rule, from_state, to_state, version, cycle, unit_id,"
                " sector, channel, level, supervision_tier, lead_organisation_id, listing_office_id, enterprise_id,"
                " original_deadline, current_deadline, found_on, is_determined, is_legacy, actor_label, act_order,"
                " occurred_at)"
                " SELECT h.id, %s, 'L-1', %s, %s, h.version, h.cycle, h.unit_id, h.sector, h.channel, h.level,"
                " h.supervision_tier, h.lead_organisation_id, h.listing_office_id, h.enterprise_id,"
                " h.original_deadline, h.current_deadline, h.found_on, true, h.is_legacy, '经办人', 0, registry_now()"
                " FROM hazard h WHERE h.id = %s RETURNING id",
                act,
                from_state,
                to_state,
                self.hazard_id,
            )
        )

    def step_up(self, who: Official, content: bytes, level: int | None = None) -> int:
        """A fresh proof of identity over a hash."""
        return int(
            self.run(
                "INSERT INTO step_up (account_id, session_id, content_sha256, level) VALUES (%s, %s, %s,"
                " %s) RETURNING id",
                who.account_id,
                who.session_id,
                content,
                level,
            )
        )

    def confirm(self, kind: str, document: int, content: bytes, who: str, capacity: str) -> None:
        """One person confirms a draft."""
        person = self.act_as(who)
        self.do(
            "INSERT INTO document_confirmation (hazard_id, document_kind, document_id, capacity, person_id, account_id,"
            " step_up_id, document_sha256) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            None if kind == "attestation" else self.hazard_id,
            kind,
            document,
            capacity,
            person.person_id,
            person.account_id,
            self.step_up(person, content),
            content,
        )

    def draft_declaration(self) -> tuple[int, bytes]:
        """The enterprise drafts its declaration; id and hash."""
        self.act_as("safety_officer")
        content = digest(f"declaration {self.hazard_id} {self.cycle()}")
        declaration = self.run(
            "INSERT INTO declaration (hazard_id, cycle, account_id, description, document_sha256)"
            " VALUES (%s, 0, 1, '已整改', %s) RETURNING id",
            self.hazard_id,
            content,
        )
        return int(declaration), content

    def declare(self) -> int:
        """Draft, two signatures, performed; the hazard is rectified."""
        declaration, content = self.draft_declaration()
        self.confirm("declaration", declaration, content, "principal", "principal")
        self.confirm("declaration", declaration, content, "controller", "controller")
        transition = self.act("declare", "rectified")
        self.do("UPDATE declaration SET transition_id = %s WHERE id = %s", transition, declaration)
        self.do("UPDATE hazard SET state = 'rectified' WHERE id = %s", self.hazard_id)
        return declaration

    def draft_verification(self, declaration: int, *, passed: bool = True) -> tuple[int, bytes]:
        """An inspector drafts the record of the visit; id and hash."""
        self.act_as("inspector")
        content = digest(f"verification {declaration} {passed}")
        verification = self.run(
            "INSERT INTO verification (hazard_id, cycle, account_id, declaration_id, visited_at, passed,"
            " findings, reason,"
            " inspectors_required, document_sha256)"
            " VALUES (%s, 0, 1, %s, registry_now(), %s, '现场核查', '未整改到位', 2, %s) RETURNING id",
            self.hazard_id,
            declaration,
            passed,
            content,
        )
        return int(verification), content

    def verify(self, declaration: int) -> int:
        """Two inspectors pass the verification and open the round; the round's id."""
        verification, content = self.draft_verification(declaration)
        self.confirm("verification", verification, content, "inspector", "inspector")
        self.confirm("verification", verification, content, "second_inspector", "inspector")
        transition = self.act("pass_verification")
        self.do("UPDATE verification SET transition_id = %s WHERE id = %s", transition, verification)
        return self.open_round("closing", verification_id=verification)

    def fail_verification(self, declaration: int) -> None:
        """Two inspectors send it back: listed again, next cycle."""
        verification, content = self.draft_verification(declaration, passed=False)
        self.confirm("verification", verification, content, "inspector", "inspector")
        self.confirm("verification", verification, content, "second_inspector", "inspector")
        transition = self.act("fail_verification", "listed", 1)
        self.do("UPDATE verification SET transition_id = %s WHERE id = %s", transition, verification)
        self.do("UPDATE hazard SET state = 'listed', cycle = cycle + 1 WHERE id = %s", self.hazard_id)

    def request(self, purpose: str) -> int:
        """The listing office opens a withdrawal or a cessation; the round's id."""
        self.act_as("clerk")
        transition = self.act(f"open_{purpose}")
        request = self.run(
            "INSERT INTO round_request (hazard_id, transition_id, cycle, account_id, purpose, dismiss_reason, reason,"
            " document_sha256) VALUES (%s, %s, 0, 1, %s, %s, '理由', %s) RETURNING id",
            self.hazard_id,
            transition,
            purpose,
            "unsubstantiated" if purpose == "withdrawal" else None,
            digest(f"{purpose} {transition}"),
        )
        return self.open_round(purpose, round_request_id=request)

    def open_round(
        self, purpose: str, *, verification_id: int | None = None, round_request_id: int | None = None
    ) -> int:
        """Open a round; nothing but hazard, purpose and paper is really the caller's."""
        return int(
            self.run(
                "INSERT INTO signing_round (hazard_id, cycle, purpose, edition_id, edition_chain_id,"
                " level_count, content,"
                " content_sha256, verification_id, round_request_id)"
                " VALUES (%s, 99, %s, 1, 1, 1, '', %s, %s, %s) RETURNING id",
                self.hazard_id,
                purpose,
                digest(""),
                verification_id,
                round_request_id,
            )
        )

    def round_id(self) -> int:
        """The newest round of the hazard."""
        return int(self.run("SELECT max(id) FROM signing_round WHERE hazard_id = %s", self.hazard_id))

    def content_hash(self) -> bytes:
        """What the newest round signs."""
        return bytes(
            self.run(
                "SELECT content_sha256 FROM signing_round WHERE hazard_id = %s ORDER BY id DESC LIMIT 1", self.hazard_id
            )
        )

    def sign(self, level: int, who: str | Official, *, act: bool = True) -> int:
        """One level by one person, with a step-up of their own; the signature's id."""
        person = self.act_as(who)
        if act:
            self.lock()
        return self.put_signature(level, person, self.step_up(person, self.content_hash(), level))

    def put_signature(self, level: int, person: Official, step_up: int, to_state: str | None = None) -> int:
        """Transition and signature, the hazard being locked."""
        transition = self.transition("sign", to_state)
        return int(
            self.run(
                "INSERT INTO signature (hazard_id, round_id, cycle, level, kind, person_id, appointment_id, account_id,"
                " step_up_id, content_sha256, transition_id)"
                " VALUES (0, %s, 0, %s, 'electronic', 0, %s, 0, %s, %s, %s) RETURNING id",
                self.round_id(),
                level,
                person.appointment_id,
                step_up,
                digest("whatever the caller says"),
                transition,
            )
        )

    def sign_last(self, level: int, who: str | Official, state: str = "closed") -> int:
        """The last level: signature and the hazard's leaving, one act."""
        person = self.act_as(who)
        self.lock()
        signature = self.put_signature(level, person, self.step_up(person, self.content_hash(), level), state)
        self.do("UPDATE hazard SET state = %s WHERE id = %s", state, self.hazard_id)
        return signature

    def dismiss_as_requested(self) -> None:
        """The document of a withdrawal's last act: the reason is the request's."""
        self.do(
            "INSERT INTO dismissal (hazard_id, transition_id, cycle, account_id, reason, explanation, round_id)"
            " SELECT hazard_id, max(id), 1, 1, 'unsubstantiated', '不成立', %s FROM hazard_transition"
            " WHERE hazard_id = %s GROUP BY hazard_id",
            self.round_id(),
            self.hazard_id,
        )

    def withdraw(self, signature: int, who: str | Official) -> None:
        """Take a signature back."""
        self.act_as(who)
        self.act("withdraw_signature")
        self.do(
            "INSERT INTO signature_withdrawal (hazard_id, signature_id, account_id, reason) VALUES (0, %s, 0, '有误')",
            signature,
        )

    def end_round(self, outcome: str, *, refused_level: int | None = None) -> None:
        """End the newest round, the hazard being locked."""
        self.do(
            "INSERT INTO round_end (hazard_id, round_id, outcome, refused_level, reason) VALUES (0, %s,"
            " %s, %s, '理由')",
            self.round_id(),
            outcome,
            refused_level,
        )

    def refuse(self, level: int, who: str | Official) -> None:
        """The holder of the next level's post refuses; the hazard goes back to listed."""
        self.act_as(who)
        self.act("refuse_signature", "listed", 1)
        self.end_round("refused", refused_level=level)
        self.do("UPDATE hazard SET state = 'listed', cycle = cycle + 1 WHERE id = %s", self.hazard_id)

    def cycle(self) -> int:
        """The hazard's cycle of rectification."""
        return int(self.run("SELECT cycle FROM hazard WHERE id = %s", self.hazard_id))

    def state(self) -> str:
        """The hazard's state."""
        return str(self.run("SELECT state FROM hazard WHERE id = %s", self.hazard_id))

    def to_signing(self) -> int:
        """Report to the opened round; its id."""
        self.report()
        self.list_it()
        return self.verify(self.declare())

    def close(self) -> None:
        """All four levels, the last one closing."""
        for level, who in enumerate(self.city.signers()[:3], start=1):
            self.sign(level, who)
        self.sign_last(4, self.city.signers()[3])

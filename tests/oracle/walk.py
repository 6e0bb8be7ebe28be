"""Walks hazards through their lives by writing rows: what a legal registry would hold, act by act."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from tests.oracle.city import City, Holder

_DIMENSIONS: Final = (
    "unit_id",
    "sector",
    "channel",
    "level",
    "supervision_tier",
    "lead_organisation_id",
    "listing_office_id",
    "enterprise_id",
    "original_deadline",
    "current_deadline",
    "found_on",
    "is_legacy",
)
CHAIN: Final = {
    "major": ("inspector", "section_head", "deputy_head", "principal_head"),
    "key": ("inspector", "deputy_head"),
}


@dataclass
class Walk:
    """One hazard on its way; `facts` is the hazard's row as last written."""

    city: City
    serial: int = 1
    hazard_level: str = "major"
    sector: str = "fire"
    seat: int = 0
    """Which holders of the signing posts sign."""
    id: int = 0
    facts: dict[str, Any] = field(default_factory=dict)
    made: dict[str, int] = field(default_factory=dict)
    hashes: dict[str, bytes] = field(default_factory=dict)
    signed: list[int] = field(default_factory=list)

    def _first_facts(self) -> dict[str, Any]:
        city = self.city
        return {
            "state": "reported",
            "level": self.hazard_level,
            "version": 0,
            "cycle": 1,
            "channel": "inspection",
            "sector": self.sector,
            "unit_id": city.identity["town"],
            "site_id": city.identity[f"site{self.serial}"],
            "enterprise_id": city.identity[f"enterprise{self.serial}"],
            "finders": "检查组",
            "found_on": city.now.date(),
            "place": f"{city.number()} 号车间",
            "circumstances": "疏散通道被封堵",
            "reporting_record": "当日口头上报",
            "monitoring_measures": "专人看守",
            "reported_at": city.now,
            "original_deadline": None,
            "current_deadline": None,
            "supervision_tier": None,
            "lead_organisation_id": None,
            "listing_office_id": None,
            "is_legacy": False,
            "fixed_on_the_spot": False,
            "determined_at": None,
            "last_act_at": city.now,
            "created_at": city.now,
            "closed_at": None,
        }

    def report(self, **other: object) -> "Walk":
        """The hazard's first row and first act."""
        city = self.city
        self.facts = self._first_facts() | other
        self.id = city.insert("hazard", **self.facts)
        self.made["stream"] = city.insert(
            "audit_stream",
            kind="hazard",
            subject_id=self.id,
            hazard_id=self.id,
            length=0,
            previous_sha256=bytes(32),
            head_sha256=bytes(32),
        )
        self.hashes["head"] = bytes(32)
        if not self.facts["is_legacy"]:
            self.act("report", "reported", first=True)
        return self

    def act(self, act: str, to_state: str, *, first: bool = False, **changes: object) -> int:
        """A transition row with the hazard's facts after it, and its audit event."""
        city = self.city
        at = city.tick()
        before = None if first else self.facts["state"]
        again = to_state == "listed" and before in {"rectified", "closed"}
        self.facts |= {"state": to_state, "version": self.facts["version"] + 1, "last_act_at": at} | changes
        self.facts["cycle"] += again
        occurred = changes.get("last_act_at", at)
        self.city.change("hazard", self.id, **self.facts)
        row = city.insert(
            "hazard_transition",
            hazard_id=self.id,
            act=act,
            rule="L-0",
            from_state=before,
            to_state=to_state,
            version=self.facts["version"],
            cycle=self.facts["cycle"],
            is_determined=self.facts["determined_at"] is not None,
            actor_label="主办检查人员",
            edition_id=city.identity["edition"],
            act_order=0,
            occurred_at=occurred,
            recorded_at=at,
            **{column: self.facts[column] for column in _DIMENSIONS},
        )
        city.change("hazard_transition", row, act_order=row)
        self.made["transition"] = row
        self._audit(act, row)
        return row

    def _audit(self, act: str, row: int) -> None:
        event = f"hazard:{act}:recorded"
        particulars = {"act": act, "transition": row, "version": self.facts["version"]}
        payload = json.dumps({"event": event, "particulars": particulars}).encode()
        before = self.hashes["head"]
        self.hashes["head"] = hashlib.sha256(before + payload).digest()
        serial = self.facts["version"]
        self.city.insert(
            "audit_event",
            stream_id=self.made["stream"],
            serial=serial,
            hazard_id=self.id,
            event=event,
            payload=payload,
            previous_sha256=before,
            sha256=self.hashes["head"],
            request_id="test",
            recorded_at=self.city.now,
        )
        self.city.change(
            "audit_stream", self.made["stream"], length=serial, previous_sha256=before, head_sha256=self.hashes["head"]
        )

    def document(self, table: str, by: Holder, transition: int | None = None, **values: object) -> int:
        """An act's document, written by a holder just now."""
        cycle = values.pop("cycle", self.facts["cycle"])
        row = self.city.insert(
            table,
            hazard_id=self.id,
            cycle=cycle,
            recorded_at=self.city.now,
            transition_id=transition,
            account_id=by.account,
            person_id=by.person,
            appointment_id=by.appointment,
            **values,
        )
        self.made[table] = row
        return row

    @property
    def lead(self) -> int:
        """The lead department."""
        return self.city.identity["lead"]

    @property
    def owner(self) -> int:
        """The responsible enterprise's own organisation."""
        return self.city.identity[f"own{self.serial}"]

    def list_(self) -> "Walk":
        """Determined and listed."""
        city = self.city
        head, clerk = city.hire(self.lead, "section_head"), city.hire(city.identity["office"], "office_clerk")
        row = self.act("determine", "reported", determined_at=city.now, lead_organisation_id=self.lead)
        self.document(
            "determination",
            head,
            row,
            reasoning="符合",
            is_comprehensive=True,
            determined_level=self.hazard_level,
            lead_organisation_id=self.lead,
        )
        return self._list(clerk)

    def _list(self, clerk: Holder) -> "Walk":
        city = self.city
        due, serial = (city.now + timedelta(days=60)).date(), city.number()
        row = self.act(
            "list",
            "listed",
            supervision_tier=2,
            listing_office_id=city.identity["office"],
            original_deadline=due,
            current_deadline=due,
            ledger_number=f"试{serial}",
            ledger_year=2025,
            ledger_serial=serial,
            listed_at=city.now,
        )
        self.document(
            "listing",
            clerk,
            row,
            supervision_tier=2,
            listing_office_id=city.identity["office"],
            lead_organisation_id=self.lead,
            ledger_number=f"试{serial}",
            due_on=due,
            due_explained={},
            requirements="限期整改",
            edition_id=city.identity["edition"],
        )
        return self

    def confirm(self, kind: str, document: int, by: Holder, capacity: str) -> int:
        """A holder confirms a document of several persons."""
        self.city.tick()
        content = self.hashes[kind]
        return self.city.insert(
            "document_confirmation",
            hazard_id=self.id,
            document_kind=kind,
            document_id=document,
            capacity=capacity,
            person_id=by.person,
            account_id=by.account,
            appointment_id=by.appointment,
            step_up_id=self.city.step_up(by.account, content, None),
            document_sha256=content,
            certificate_number="证1" if capacity == "inspector" else None,
            confirmed_at=self.city.now,
        )

    def declare(self) -> "Walk":
        """The enterprise declares with two signatures, citing a photograph."""
        city = self.city
        officer = city.hire(self.owner, "enterprise_safety_officer")
        self.hashes["declaration"] = hashlib.sha256(f"declaration {city.number()}".encode()).digest()
        declaration = self.document(
            "declaration", officer, description="已整改", document_sha256=self.hashes["declaration"]
        )
        self.evidence("declaration", declaration, officer)
        for capacity in ("principal", "controller"):
            self.confirm("declaration", declaration, city.hire(self.owner, f"enterprise_{capacity}"), capacity)
        city.change("declaration", declaration, transition_id=self.act("declare", "rectified"))
        return self

    def evidence(self, kind: str, document: int, by: Holder) -> int:
        """A photograph that the document cites."""
        city = self.city
        self.hashes["evidence"] = hashlib.sha256(f"photo {city.number()}".encode()).digest()
        evidence = self.made["evidence"] = city.insert(
            "evidence",
            hazard_id=self.id,
            kind="after",
            sha256=self.hashes["evidence"],
            size_bytes=1,
            media_type="image/jpeg",
            file_name="照片.jpg",
            account_id=by.account,
            recorded_at=city.now,
        )
        city.insert(
            "document_evidence", hazard_id=self.id, document_kind=kind, document_id=document, evidence_id=evidence
        )
        return evidence

    def verify(self, *, passed: bool = True) -> "Walk":
        """Two inspectors verify; a pass opens the round."""
        city = self.city
        first = city.hire(self.lead, "inspector")
        self.hashes["verification"] = hashlib.sha256(f"verification {city.number()}".encode()).digest()
        verification = self.document(
            "verification",
            first,
            declaration_id=self.made["declaration"],
            visited_at=city.now,
            passed=passed,
            findings="已核查",
            reason=None if passed else "未整改到位",
            inspectors_required=2,
            document_sha256=self.hashes["verification"],
        )
        for seat in (0, 1):
            self.confirm("verification", verification, city.hire(self.lead, "inspector", seat), "inspector")
        act = self.act("pass_verification", "rectified") if passed else self.act("fail_verification", "listed")
        city.change("verification", verification, transition_id=act)
        if passed:
            self.open_round("closing", verification_id=verification)
        return self

    def open_round(self, purpose: str, **basis: int) -> "Walk":
        """A round on the hazard's chain, copied level by level."""
        city = self.city
        content = json.dumps(
            {key: str(self.facts[key]) for key in ("place", "circumstances", "current_deadline")}
            | {"evidence": self.hashes.get("evidence", b"").hex(), "nonce": city.number()},
            ensure_ascii=False,
        )
        self.hashes["round"] = hashlib.sha256(content.encode()).digest()
        kinds = CHAIN[self.hazard_level]
        chain = city.identity["default" if self.hazard_level == "major" else "key"]
        round_ = self.made["round"] = city.insert(
            "signing_round",
            hazard_id=self.id,
            cycle=self.facts["cycle"],
            purpose=purpose,
            edition_id=city.identity["edition"],
            edition_chain_id=chain,
            level_count=len(kinds),
            content=content,
            content_sha256=self.hashes["round"],
            opened_at=city.now,
            **basis,
        )
        self._copy_levels(round_)
        self.signed = []
        return self

    def _copy_levels(self, round_: int) -> None:
        kinds = CHAIN[self.hazard_level]
        returns = {"inspector": "verification", "section_head": "verification"}
        for level, kind in enumerate(kinds, start=1):
            self.city.insert(
                "round_level",
                hazard_id=self.id,
                round_id=round_,
                level=level,
                party="lead_department",
                post_kind=kind,
                organisation_id=self.lead,
                limit_days=2,
                limit_unit="working",
                in_person=False,
                paper_allowed=False,
                refusal_returns_to=returns.get(kind, "listed"),
            )

    def sign(self, to_state: str | None = None) -> int:
        """The holder of the next level signs."""
        city, level = self.city, len(self.signed) + 1
        holder = city.hire(self.lead, CHAIN[self.hazard_level][level - 1], self.seat)
        city.tick()
        step_up = city.step_up(holder.account, self.hashes["round"], level)
        state = to_state or self.facts["state"]
        cycle = self.facts["cycle"]
        row = self.act("sign", state, closed_at=city.now if state == "closed" else None)
        signature = city.insert(
            "signature",
            hazard_id=self.id,
            round_id=self.made["round"],
            cycle=cycle,
            level=level,
            kind="electronic",
            person_id=holder.person,
            appointment_id=holder.appointment,
            account_id=holder.account,
            step_up_id=step_up,
            content_sha256=self.hashes["round"],
            transition_id=row,
            signed_at=city.now,
        )
        self.signed.append(signature)
        return signature

    def close(self, to_state: str = "closed") -> "Walk":
        """Every level signs in order; the last one ends the round and seals."""
        kinds = CHAIN[self.hazard_level]
        while len(self.signed) < len(kinds) - 1:
            self.sign()
        self.sign(to_state)
        self.end_round("completed")
        if to_state == "closed":
            self._seal()
        return self

    def end_round(self, outcome: str, **other: object) -> None:
        """How the round ended, just now."""
        self.city.insert(
            "round_end",
            hazard_id=self.id,
            round_id=self.made["round"],
            outcome=outcome,
            ended_at=self.city.now,
            **other,
        )

    def _seal(self) -> None:
        city = self.city
        purpose = "closing" if self.made.get("round_request") is None else "cessation"
        sealed = self.made["seal"] = city.insert(
            "sealed_closing",
            hazard_id=self.id,
            round_id=self.made["round"],
            cycle=self.facts["cycle"],
            purpose=purpose,
            content_sha256=self.hashes["round"],
            seal_sha256=hashlib.sha256(b"seal").digest(),
            closed_at=city.now,
        )
        for level, signature in enumerate(self.signed, start=1):
            person = city.hire(self.lead, CHAIN[self.hazard_level][level - 1], self.seat).person
            city.insert(
                "sealed_closing_signature",
                hazard_id=self.id,
                sealed_closing_id=sealed,
                level=level,
                signature_id=signature,
                person_id=person,
            )

    def withdraw(self) -> int:
        """The newest signer takes the signature back."""
        city, signature = self.city, self.signed.pop()
        holder = city.hire(self.lead, CHAIN[self.hazard_level][len(self.signed)], self.seat)
        self.act("withdraw_signature", self.facts["state"])
        return city.insert(
            "signature_withdrawal",
            hazard_id=self.id,
            signature_id=signature,
            account_id=holder.account,
            reason="误签",
            withdrawn_at=city.now,
        )

    def request(self, purpose: str, reason: str | None = None) -> "Walk":
        """The listing office opens a withdrawal or a cessation."""
        city = self.city
        row = self.act(f"open_{purpose}", "listed")
        clerk = city.hire(city.identity["office"], "office_clerk")
        request = self.document(
            "round_request",
            clerk,
            row,
            purpose=purpose,
            dismiss_reason=reason,
            reason="经核实",
            document_sha256=hashlib.sha256(f"request {row}".encode()).digest(),
        )
        return self.open_round(purpose, round_request_id=request)

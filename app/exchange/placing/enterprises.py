"""The enterprises and sites of a ledger: identity is the code, equal names are reported and never merged."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select

from app.audit.record import Subject, record_all
from app.exchange.ledger import LedgerFinding, LedgerRow
from app.exchange.ledger_columns import squeezed
from app.exchange.placing.gazetteer import KnownUnit
from app.infrastructure.context import Context
from app.tables.enterprises import Enterprise, Site

SiteKey = tuple[int, int, str]
"""Enterprise, unit, name of the site."""


@dataclass(slots=True)
class Register:
    """The enterprises that a ledger's rows name, and their sites."""

    by_code: dict[str, tuple[int, str]]
    """Code → id and registered name."""
    sites: dict[SiteKey, int]
    codes_of_name: dict[str, set[str]]
    """Names of this ledger → the codes under which the registry had them before."""
    other_names: defaultdict[tuple[str, str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    """(code, registered name, the ledger's name) → rows."""
    shared_names: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    async def enter(self, context: Context, placed: Sequence[tuple[LedgerRow, KnownUnit]]) -> list[tuple[int, int]]:
        """The enterprise and the site of each row, in order; enters those that are new."""
        for row, _ in placed:
            self._compare(row)
        await self._enter_enterprises(context, placed)
        await self._enter_sites(context, placed)
        found = []
        for row, unit in placed:
            enterprise_id, name = self.by_code[row.enterprise_code]
            found.append((enterprise_id, self.sites[enterprise_id, unit.id, _site_name(name, row, unit)]))
        return found

    def findings(self) -> Iterator[LedgerFinding]:
        """What the clerk must compare with the registry."""
        for (code, known, said), rows in self.other_names.items():
            message = (
                f"统一社会信用代码 {code} 在系统中登记为「{known}」，台账写作「{said}」，按同一企业登记，须核对名称。"
            )
            yield LedgerFinding("enterprise_known_by_other_name", message, tuple(rows))
        for name, rows in self.shared_names.items():
            codes = "、".join(sorted(self.codes_of_name[squeezed(name)]))
            message = f"企业名称「{name}」在系统中已用于另外的统一社会信用代码({codes})，按不同企业登记，没有合并。"
            yield LedgerFinding("enterprise_name_already_registered", message, tuple(rows))

    def _compare(self, row: LedgerRow) -> None:
        known = self.by_code.get(row.enterprise_code)
        if known is not None and squeezed(known[1]) != squeezed(row.enterprise_name):
            self.other_names[row.enterprise_code, known[1], row.enterprise_name].append(row.row)
        if self.codes_of_name.get(squeezed(row.enterprise_name), set()) - {row.enterprise_code}:
            self.shared_names[row.enterprise_name].append(row.row)

    async def _enter_enterprises(self, context: Context, placed: Sequence[tuple[LedgerRow, KnownUnit]]) -> None:
        new: dict[str, dict[str, Any]] = {}
        for row, unit in placed:
            if row.enterprise_code not in self.by_code:
                values = {"code": row.enterprise_code, "name": row.enterprise_name, "unit_id": unit.id}
                new.setdefault(row.enterprise_code, values)
        if not new:
            return
        entered = insert(Enterprise).returning(Enterprise.id, Enterprise.code, Enterprise.name)
        rows = (await context.session.execute(entered, list(new.values()))).all()
        self.by_code.update({row.code: (row.id, row.name) for row in rows})
        subjects = [(Subject("enterprise", row.id), {"code": row.code}) for row in rows]
        await record_all(context, "enterprise:record:entered", subjects)

    async def _enter_sites(self, context: Context, placed: Sequence[tuple[LedgerRow, KnownUnit]]) -> None:
        new: dict[SiteKey, dict[str, Any]] = {}
        for row, unit in placed:
            enterprise_id, name = self.by_code[row.enterprise_code]
            key = (enterprise_id, unit.id, _site_name(name, row, unit))
            if key not in self.sites:
                locality = row.town if unit.is_undetermined else None
                values = {"enterprise_id": key[0], "unit_id": key[1], "name": key[2], "locality": locality}
                new.setdefault(key, values)
        if not new:
            return
        entered = insert(Site).returning(Site.id, Site.enterprise_id, Site.unit_id, Site.name)
        rows = (await context.session.execute(entered, list(new.values()))).all()
        self.sites.update({(row.enterprise_id, row.unit_id, row.name): row.id for row in rows})


def _site_name(enterprise: str, row: LedgerRow, unit: KnownUnit) -> str:
    """The enterprise's own name; where the unit is only 「未定」, with the township as written, one site each."""
    return f"{enterprise}（{row.town}）"[-200:] if unit.is_undetermined and row.town else enterprise


async def load_register(context: Context, rows: Sequence[LedgerRow]) -> Register:
    """What the registry already holds of the enterprises of these rows."""
    codes = sorted({row.enterprise_code for row in rows})
    names = sorted({row.enterprise_name for row in rows})
    known = select(Enterprise.id, Enterprise.code, Enterprise.name).where(
        Enterprise.code.in_(codes) | Enterprise.name.in_(names)
    )
    enterprises = (await context.session.execute(known)).all()
    sites = select(Site.id, Site.enterprise_id, Site.unit_id, Site.name).where(
        Site.enterprise_id.in_([row.id for row in enterprises])
    )
    codes_of_name: defaultdict[str, set[str]] = defaultdict(set)
    for row in enterprises:
        codes_of_name[squeezed(row.name)].add(row.code or "无代码")
    return Register(
        by_code={row.code: (row.id, row.name) for row in enterprises if row.code is not None},
        sites={(row.enterprise_id, row.unit_id, row.name): row.id for row in await context.session.execute(sites)},
        codes_of_name=codes_of_name,
    )

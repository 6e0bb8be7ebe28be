"""The ladder part of an edition: rungs of each kind of episode, who is addressed, who issues, under which code."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from app.regulation.vocabulary import DayUnit, EpisodeKind, LetterKind, OrganisationKind, PostKind, Rung


class Issuer(StrEnum):
    """The organisation whose letter it is."""

    LISTING_OFFICE = "listing_office"
    """挂牌督办的安委办; before listing, and for aggregates, the safety office of the unit."""
    LEAD_DEPARTMENT = "lead_department"


class LetterForm(StrEnum):
    """Which 机关代字 a letter is numbered under."""

    LETTER = "letter"
    """函."""
    DOCUMENT = "document"
    """文件 (通报)."""
    ORDER = "order"
    """督办."""


class SuperiorOf(StrEnum):
    """Where the superior of a late post sits."""

    SAME_ORGANISATION = "same_organisation"
    SUPERIOR_ORGANISATION = "superior_organisation"
    """The one the area file names above it: a district office's is the city office, the city office's the city
    government."""
    SAME_LEVEL_GOVERNMENT = "same_level_government"
    TERRITORIAL_OFFICE = "territorial_office"
    LEAD_DEPARTMENT = "lead_department"


class AggregateSubject(StrEnum):
    """What may have too many overdue at once."""

    UNIT = "unit"
    LEAD_DEPARTMENT = "lead_department"
    ENTERPRISE = "enterprise"


@dataclass(frozen=True, slots=True)
class LadderRung:
    """When one rung is due and to whom."""

    rung: Rung
    enabled: bool
    threshold_days: int
    wait_days: int
    also_when: tuple[str, ...]
    addressee: str
    copies: tuple[str, ...]
    basis: str


@dataclass(frozen=True, slots=True)
class Superior:
    """Late post of an organisation kind → whose post a duty's letters are addressed to."""

    organisation_kind: OrganisationKind
    post: PostKind
    tiers: tuple[int, ...]
    """Tiers of the late organisation's unit; empty means every one."""
    superior: SuperiorOf
    superior_post: PostKind
    basis: str


@dataclass(frozen=True, slots=True)
class Signatory:
    """A letter kind → its form, whose letter it is and which post there issues it."""

    letter: LetterKind
    form: LetterForm
    issuer: Issuer
    post: PostKind
    basis: str


@dataclass(frozen=True, slots=True)
class OfficeCode:
    """The 机关代字 of one organisation, by form."""

    organisation: str
    """Key in the area file, `safety_office@ordos`."""
    codes: Mapping[LetterForm, str]


@dataclass(frozen=True, slots=True)
class ReplyLimit:
    """Within how many days a letter kind is to be answered."""

    letter: LetterKind
    days: int
    unit: DayUnit
    basis: str


@dataclass(frozen=True, slots=True)
class StandingAuthorisation:
    """A document under which 函告 goes without a signatory's own act, until its last day."""

    document: str
    post: PostKind
    until: date
    basis: str

    def covers(self, letter: LetterKind, on: date) -> bool:
        """Whether that letter may go under it on that day: 函告 alone, last day included."""
        return letter is LetterKind.NOTICE_LETTER and on <= self.until


@dataclass(frozen=True, slots=True)
class Ladder:
    """The ladder's numbers; reply, silence and exposure notice are working days, the rest calendar days."""

    reminder_days_before: tuple[int, ...]
    deemed_service_days: int
    reply_due_days: int
    """Of a letter kind without a limit of its own in `replies`, where a hand asks for a reply."""
    signatory_silence_days: int
    max_letters_per_night: int
    exposure_notice_days: int
    exposure_takedown_days: int
    aggregate_overdue_count: int
    summons_within_days: int
    """Calendar days from issuing the notice within which a 约谈 is held."""
    aggregate_restart_days: int
    """After so many days below the count a new aggregate episode starts at the first rung again."""
    aggregate_subjects: tuple[AggregateSubject, ...]
    rungs: tuple[LadderRung, ...]
    """Of a hazard's term: all five, in order."""
    duty_rungs: tuple[LadderRung, ...]
    reply_rungs: tuple[LadderRung, ...]
    aggregate_rungs: tuple[LadderRung, ...]
    superiors: tuple[Superior, ...]
    signatories: Mapping[LetterKind, Signatory]
    """One for each letter kind."""
    office_codes: Mapping[str, OfficeCode]
    """Organisation's key in the area file → its codes."""
    default_office_codes: Mapping[LetterForm, str]
    """What follows an organisation's name where it has no code of its own."""
    replies: Mapping[LetterKind, ReplyLimit]
    """Letter kinds that ask for a reply by themselves."""
    standing_authorisation: StandingAuthorisation | None

    def rungs_of(self, kind: EpisodeKind) -> tuple[LadderRung, ...]:
        """The rungs of that kind of episode, in order."""
        return {
            EpisodeKind.TERM: self.rungs,
            EpisodeKind.DUTY: self.duty_rungs,
            EpisodeKind.REPLY: self.reply_rungs,
            EpisodeKind.AGGREGATE: self.aggregate_rungs,
        }[kind]

    def superior_of(self, organisation_kind: OrganisationKind, post: PostKind, tier: int) -> Superior | None:
        """The superior of a late post in such an organisation in a unit of that tier; None where none is named."""
        return next(
            (
                one
                for one in self.superiors
                if (one.organisation_kind, one.post) == (organisation_kind, post)
                and (not one.tiers or tier in one.tiers)
            ),
            None,
        )

    def office_code(self, organisation_key: str, name: str, form: LetterForm) -> str:
        """The 机关代字 of an organisation for that form: its own, or its name with the form's ending."""
        own = self.office_codes.get(organisation_key)
        return own.codes[form] if own is not None else name + self.default_office_codes[form]


def read_ladder(raw: Mapping[str, Any]) -> Ladder:
    """The ladder part of a checked edition file."""
    numbers = {key: row["value"] for key, row in raw.items() if isinstance(row, Mapping) and "value" in row}
    return Ladder(
        **{
            **numbers,
            "reminder_days_before": tuple(numbers["reminder_days_before"]),
            "aggregate_subjects": tuple(AggregateSubject(one) for one in numbers["aggregate_subjects"]),
        },
        rungs=_rungs(raw["rungs"]),
        duty_rungs=_rungs(raw["duty_rungs"]),
        reply_rungs=_rungs(raw["reply_rungs"]),
        aggregate_rungs=_rungs(raw["aggregate_rungs"]),
        superiors=tuple(_superior(row) for row in raw["superiors"]),
        signatories={one.letter: one for one in map(_signatory, raw["signatories"])},
        office_codes={row["organisation"]: OfficeCode(row["organisation"], _codes(row)) for row in raw["office_codes"]},
        default_office_codes=_codes(raw["default_office_codes"]),
        replies={one.letter: one for one in map(_reply, raw["replies"])},
        standing_authorisation=_authorisation(raw.get("standing_authorisation")),
    )


def _rungs(rows: Iterable[Mapping[str, Any]]) -> tuple[LadderRung, ...]:
    return tuple(_rung(row) for row in rows)


def _rung(row: Mapping[str, Any]) -> LadderRung:
    lists = {key: tuple(row[key]) for key in ("also_when", "copies")}
    return LadderRung(**{**row, **lists, "rung": Rung(row["rung"])})


def _superior(row: Mapping[str, Any]) -> Superior:
    return Superior(
        OrganisationKind(row["organisation_kind"]),
        PostKind(row["post"]),
        tuple(row["tiers"]),
        SuperiorOf(row["superior"]),
        PostKind(row["superior_post"]),
        row["basis"],
    )


def _signatory(row: Mapping[str, Any]) -> Signatory:
    return Signatory(
        LetterKind(row["letter"]), LetterForm(row["form"]), Issuer(row["issuer"]), PostKind(row["post"]), row["basis"]
    )


def _codes(row: Mapping[str, Any]) -> dict[LetterForm, str]:
    return {form: row[form.value] for form in LetterForm}


def _reply(row: Mapping[str, Any]) -> ReplyLimit:
    return ReplyLimit(LetterKind(row["letter"]), row["days"], DayUnit(row["unit"]), row["basis"])


def _authorisation(row: Mapping[str, Any] | None) -> StandingAuthorisation | None:
    if row is None:
        return None
    return StandingAuthorisation(row["document"], PostKind(row["post"]), row["until"], row["basis"])

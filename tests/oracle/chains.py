"""Which chain a round must follow (design 3.2, 3.5), chosen again from the edition's rows."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from tests.oracle.book import Book, Row, Violation, day_of, unmet

_COPIED: Final = (
    "level",
    "party",
    "post_kind",
    "limit_days",
    "limit_unit",
    "in_person",
    "paper_allowed",
    "refusal_returns_to",
)


def edition_in_force(book: Book, instant: datetime) -> Row | None:
    """The newest loaded edition whose day had come."""
    come = [
        row for row in book.rows["edition"] if row["loaded_at"] <= instant and row["in_force_from"] <= day_of(instant)
    ]
    return come[-1] if come else None


def full_stop_readings(book: Book, hazard: Row, instant: datetime) -> frozenset[bool]:
    """Whether a full stop was in force; both answers where its dates leave it open."""
    readings = set()
    for measure in book.all("production_measure", "hazard_id", hazard["id"]):
        lift = book.one("production_measure_lift", measure["id"], "production_measure_id")
        lifted = lift is not None and lift["transition_id"] is not None and lift["recorded_at"] <= instant
        ordered = measure["transition_id"] is not None and measure["recorded_at"] <= instant
        if measure["kind"] != "full_stop" or not ordered or lifted:
            continue
        over = measure["until_on"] is not None and measure["until_on"] < day_of(instant)
        readings.add("open" if over or measure["from_on"] > day_of(instant) else "stopped")
    if "stopped" in readings:
        return frozenset({True})
    return frozenset({True, False} if readings else {False})


def serves(chain: Row, facts: Row, purpose: str, full_stop: bool) -> bool:
    """Whether the chain serves a hazard of these facts; an empty list of purposes keeps a chain in reserve."""
    return (
        chain["hazard_level"] in (None, facts["level"])
        and (not chain["sectors"] or facts["sector"] in chain["sectors"])
        and chain["full_stop"] in (None, full_stop)
        and (not chain["supervision_tiers"] or facts["supervision_tier"] in chain["supervision_tiers"])
        and (chain["purposes"] is None or purpose in chain["purposes"])
    )


def prescribed(book: Book, hazard: Row, round_: Row) -> set[int]:
    """The chains that the round's own edition prescribes for its hazard as it opened."""
    facts = book.at(hazard, round_["opened_at"])
    chosen = set()
    for full_stop in full_stop_readings(book, hazard, round_["opened_at"]):
        fitting = [
            chain
            for chain in book.all("edition_chain", "edition_id", round_["edition_id"])
            if serves(chain, facts, round_["purpose"], full_stop)
        ]
        if fitting:
            chosen.add(max(fitting, key=lambda chain: chain["precedence"])["id"])
    return chosen


def chain_violations(book: Book, hazard: Row, round_: Row) -> Iterator[Violation]:
    """The round follows the prescribed chain of the edition in force, copied level by level and unaltered."""
    edition = edition_in_force(book, round_["opened_at"])
    copied = book.all("round_level", "round_id", round_["id"])
    prescribed_levels = sorted(
        book.all("edition_chain_level", "edition_chain_id", round_["edition_chain_id"]), key=lambda row: row["level"]
    )
    levels = sorted(copied, key=lambda row: row["level"])
    facts = book.at(hazard, round_["opened_at"])
    kept = [{column: row[column] for column in _COPIED} for row in levels]
    ruled = [{column: row[column] for column in _COPIED} for row in prescribed_levels]
    yield from unmet(
        hazard["id"],
        f"round {round_['id']} on chain {round_['edition_chain_id']} of edition {round_['edition_id']}",
        {
            "chain-of-another-edition": edition is not None and edition["id"] == round_["edition_id"],
            "chain-not-prescribed": round_["edition_chain_id"] in prescribed(book, hazard, round_),
            "levels-altered": kept == ruled,
            "levels-not-counted": [row["level"] for row in levels] == list(range(1, round_["level_count"] + 1)),
            "major-chain-too-short": facts["level"] != "major" or len(levels) >= 4,
            "last-level-is-the-enterprise": bool(levels) and levels[-1]["party"] != "enterprise",
            "levels-of-another-hazard": all(row["hazard_id"] == hazard["id"] for row in levels),
        },
    )
    for level in levels:
        yield from _organisation(book, hazard, round_, level)


def _organisation(book: Book, hazard: Row, round_: Row, level: Row) -> Iterator[Violation]:
    """A level's organisation is the party it names, and stands confirmed."""
    organisation = book.one("organisation", level["organisation_id"])
    where = f"round {round_['id']} level {level['level']}: {level['party']} = organisation {level['organisation_id']}"
    if organisation is None:
        yield Violation("level-without-organisation", hazard["id"], where)
        return
    confirmed = organisation["confirmed_at"]
    yield from unmet(
        hazard["id"],
        where,
        {
            "party-wrongly-resolved": _is_party(book, hazard, round_, level, organisation),
            "organisation-unconfirmed": confirmed is not None and confirmed <= round_["opened_at"],
        },
    )


def _is_party(book: Book, hazard: Row, round_: Row, level: Row, organisation: Row) -> bool:
    facts = book.at(hazard, round_["opened_at"])
    lead = book.one("organisation", facts["lead_organisation_id"])
    responsible = hazard["responsible_organisation_id"]
    answers = {
        "enterprise": organisation["id"] == responsible
        or (organisation["kind"] == "enterprise" and organisation["enterprise_id"] == hazard["enterprise_id"]),
        "township": organisation["kind"] == "township",
        "lead_department": lead is not None and organisation["id"] == lead["id"],
        "higher_department": lead is not None and organisation["id"] == lead["superior_id"],
        "named_agency": organisation["code"] in _agency_codes(book, round_, level),
        "same_level_government": organisation["kind"] == "government"
        and lead is not None
        and organisation["unit_id"] == lead["unit_id"],
    }
    return bool(answers[level["party"]])


def _agency_codes(book: Book, round_: Row, level: Row) -> set[str]:
    """The codes an organisation may bear to be the agency that the chain names."""
    chain_level = [
        row
        for row in book.all("edition_chain_level", "edition_chain_id", round_["edition_chain_id"])
        if row["level"] == level["level"]
    ]
    names = {row["agency_code"] for row in chain_level}
    edition = book.one("edition", round_["edition_id"])
    written = _toml(edition["content"]) if edition else {}
    agencies = {each["key"]: each["organisation"] for each in written.get("agencies", [])}
    return names | {agencies[name] for name in names if name in agencies}


def edition_violations(book: Book) -> Iterator[Violation]:
    """An edition is the file it was loaded from: its hash, its chains, level by level."""
    for edition in book.rows["edition"]:
        written = _toml(edition["content"]).get("chains", {})
        stored = {row["key"]: row for row in book.all("edition_chain", "edition_id", edition["id"])}
        where = f"edition {edition['id']} {edition['name']}"
        yield from unmet(None, where, {"chains-differ-from-the-file": set(written) == set(stored)})
        for key in set(written) & set(stored):
            same = _as_written(written[key]) == _as_stored(book, stored[key])
            yield from unmet(None, f"{where} chain {key}", {"chain-differs-from-the-file": same})


def _toml(content: str) -> dict[str, Any]:
    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError:
        return {}


def _as_written(chain: Mapping[str, Any]) -> list[Any]:
    selectors: list[Any] = [
        chain["hazard_level"],
        sorted(chain.get("sectors", [])),
        chain.get("full_stop"),
        sorted(chain.get("supervision_tiers", [])),
        sorted(chain["purposes"]),
        chain["precedence"],
    ]
    levels = [
        [
            number,
            level["party"],
            level["post"],
            level["limit_days"],
            level["paper_allowed"],
            level["refusal_returns_to"],
        ]
        for number, level in enumerate(chain["levels"], start=1)
    ]
    return [*selectors, levels]


def _as_stored(book: Book, chain: Row) -> list[Any]:
    levels = sorted(book.all("edition_chain_level", "edition_chain_id", chain["id"]), key=lambda row: row["level"])
    return [
        chain["hazard_level"],
        sorted(chain["sectors"] or []),
        chain["full_stop"],
        sorted(chain["supervision_tiers"] or []),
        sorted(chain["purposes"] or []),
        chain["precedence"],
        [
            [
                row["level"],
                row["party"],
                row["post_kind"],
                row["limit_days"],
                row["paper_allowed"],
                row["refusal_returns_to"],
            ]
            for row in levels
        ],
    ]

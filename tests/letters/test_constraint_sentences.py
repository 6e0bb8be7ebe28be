"""Every constraint of letters and deliveries is a sentence for whoever meets it, or breaks by our own code alone."""

from app.infrastructure.constraint_messages import message_of_constraint
from app.tables.base import Base

OURS = {
    "ck_delivery_about_something": "the outbox writes it",
    "ck_delivery_acknowledgement_is_whole": "both are written by one statement",
    "ck_delivery_attempts_are_counted": "the dispatcher counts",
    "ck_delivery_claim_has_lease": "the dispatcher claims",
    "ck_delivery_copy_is_of_letter": "the outbox writes it",
    "ck_delivery_delivered_after_sending": "both are written by one statement",
    "ck_delivery_exposure_is_published": "the outbox writes it",
    "ck_delivery_one_recipient": "the outbox writes it",
    "ck_delivery_sent_has_time": "both are written by one statement",
    "ck_delivery_address_one_party": "the command names one",
    "ck_delivery_attempt_code_is_short": "the dispatcher writes it",
    "ck_delivery_attempt_note_is_a_persons": "the dispatcher writes none",
    "ck_delivery_attempt_number_is_counted": "the dispatcher counts",
    "ck_delivery_attempt_resolved_by_a_person": "the account is the actor's",
    "ck_delivery_pause_ordered_by_someone": "the account is the actor's",
    "ck_delivery_pause_release_is_whole": "both are written by one statement",
    "ck_letter_closing_papers_fit": "the night writes it",
    "uq_letter_delisting_id": "the night drafts once, under one lock",
    "uq_letter_round_id": "the night drafts once, under one lock",
    "ck_letter_content_sha256_is_sha256": "a digest",
    "ck_letter_drafted_by_someone": "the account is the actor's, the run the night's",
    "ck_letter_issued_by_someone": "the appointment is the actor's",
    "ck_letter_issued_has_number": "both are written by one statement",
    "ck_letter_served_somehow": "both are written by one statement",
    "ck_letter_file_sha256_is_sha256": "a digest",
    "ck_letter_file_size_is_counted": "the length of what was set",
    "ck_letter_item_one_occasion_at_most": "the night writes rungs, a hand listings",
    "ck_letter_item_position_is_counted": "counted",
    "ck_letter_series_last_serial_is_counted": "counted",
    "ck_letter_service_deemed_by_the_night": "the account is the actor's",
    "uq_delivery_message_id": "ON CONFLICT DO NOTHING: the same message again",
    "uq_letter_file_letter_format": "ON CONFLICT DO NOTHING: the first file stands",
    "uq_letter_night": "the night drafts under one lock",
}
"""Constraint → why no user meets it."""


def of_letters_and_deliveries() -> set[str]:
    tables = [table for table in Base.metadata.sorted_tables if table.name.startswith(("letter", "delivery"))]
    named = {str(one.name) for table in tables for one in table.constraints if one.name}
    unique = {str(one.name) for table in tables for one in table.indexes if one.unique}
    keys = ("pk_", "fk_")
    return {name for name in named | unique if not name.startswith(keys) and not name.endswith("_public_id")}


def test_every_constraint_has_its_sentence_or_the_reason_why_it_needs_none() -> None:
    known = of_letters_and_deliveries()
    assert len(known) > 50
    assert {name for name in known if message_of_constraint(name) is None} == set(OURS)


def test_each_sentence_says_what_to_do() -> None:
    for name in of_letters_and_deliveries() - set(OURS):
        told = message_of_constraint(name)
        assert told is not None
        assert told[1].endswith("。")

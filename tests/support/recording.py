"""The audit event of an act in plain SQL, as the application's own statement writes it: stream moved, event chained."""

from typing import Final

RECORD: Final = """
WITH told AS (
    SELECT t.hazard_id, t.account_id, 'hazard:' || t.act || ':recorded' AS event,
           convert_to(jsonb_build_object('event', 'hazard:' || t.act || ':recorded', 'particulars',
               jsonb_build_object('act', t.act, 'transition', t.id, 'version', t.version))::text, 'UTF8') AS payload
      FROM hazard_transition t WHERE t.id = %(transition)s
), head AS (
    INSERT INTO audit_stream AS s (kind, subject_id, hazard_id, length, previous_sha256, head_sha256)
    SELECT 'hazard', hazard_id, hazard_id, 1, decode(repeat('00', 32), 'hex'),
           sha256(decode(repeat('00', 32), 'hex') || payload) FROM told
    ON CONFLICT (kind, subject_id) DO UPDATE
       SET length = s.length + 1, previous_sha256 = s.head_sha256,
           head_sha256 = sha256(s.head_sha256 || (SELECT payload FROM told))
    RETURNING id, length, previous_sha256, head_sha256
)
INSERT INTO audit_event
    (stream_id, serial, hazard_id, event, payload, previous_sha256, sha256, account_id, request_id)
SELECT head.id, head.length, told.hazard_id, told.event, told.payload, head.previous_sha256, head.head_sha256,
       told.account_id, 'raw'
  FROM head, told
"""
"""One parameter, `transition`: the act's id."""

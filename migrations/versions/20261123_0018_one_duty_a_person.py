"""Whoever holds an administrator's duty holds no other: three administrators stay three persons.

Revision: 0018, after 0017

GB/T 22239-2019 8.1.4.2: the system's, the security and the audit administrator's duties exclude each other, and each
excludes the working posts they give to others or watch. The duty stands in the appointment, because an exclusion
constraint sees one table; a composite foreign key holds it to the post's, which derives it from its kind.
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

DUTY = """
-- squawk-ignore adding-field-with-default
ALTER TABLE post ADD COLUMN duty smallint NOT NULL GENERATED ALWAYS AS (
    CASE kind WHEN 'system_administrator' THEN 1 WHEN 'security_administrator' THEN 2
              WHEN 'audit_administrator' THEN 3 WHEN 'auditor' THEN 3 ELSE 0 END) STORED
"""

# In every session, replicas' included: who leaves the triggers out would otherwise leave the duty open.
FILLED = """
CREATE FUNCTION wall_appointment_duty() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    NEW.duty := (SELECT p.duty FROM post p WHERE p.id = NEW.post_id);
    RETURN NEW;
END $$
"""

REFUSED_BEFORE = """
DO $$
DECLARE
    overlapping bigint := (
        SELECT count(*) FROM appointment a JOIN appointment b
            ON b.person_id = a.person_id AND b.id > a.id AND b.duty <> a.duty
        WHERE a.confirmed_at IS NOT NULL AND b.confirmed_at IS NOT NULL
            AND tstzrange(a.valid_from, a.valid_until) && tstzrange(b.valid_from, b.valid_until));
BEGIN
    IF overlapping > 0 THEN
        RAISE EXCEPTION '有 % 对任职违反三员分立（一人同时担任管理员和其他岗位），请先终止其中之一。', overlapping;
    END IF;
END $$
"""

# Of the types that a GiST index orders without an extension, addresses alone know "differs from".
EXCLUDED = """
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE appointment ADD CONSTRAINT ex_appointment_one_duty_a_person EXCLUDE USING gist (
    (int8range(person_id, person_id, '[]')) WITH &&,
    (tstzrange(valid_from, valid_until)) WITH &&,
    (inet '0.0.0.0' + duty) inet_ops WITH <>
) WHERE (confirmed_at IS NOT NULL)
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute(DUTY)
    # Posts and appointments are some hundred rows: what scans or rewrites them takes milliseconds.
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid, disallowed-unique-constraint\n"
        "ALTER TABLE post ADD CONSTRAINT uq_post_id_duty UNIQUE (id, duty)"
    )
    op.execute("ALTER TABLE appointment ADD COLUMN duty smallint")
    op.execute("ALTER TABLE appointment DISABLE TRIGGER wall_update")
    op.execute("UPDATE appointment a SET duty = p.duty FROM post p WHERE p.id = a.post_id")
    op.execute("ALTER TABLE appointment ENABLE TRIGGER wall_update")
    op.execute("-- squawk-ignore adding-not-nullable-field\nALTER TABLE appointment ALTER COLUMN duty SET NOT NULL")
    op.execute(REFUSED_BEFORE)
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint\n"
        "ALTER TABLE appointment ADD CONSTRAINT fk_appointment_post_id_duty"
        " FOREIGN KEY (post_id, duty) REFERENCES post (id, duty) ON DELETE RESTRICT"
    )
    op.execute(EXCLUDED)
    op.execute(FILLED)
    op.execute("GRANT CREATE ON SCHEMA public TO qingling_wall")
    op.execute("REVOKE EXECUTE ON FUNCTION wall_appointment_duty() FROM PUBLIC")
    op.execute("ALTER FUNCTION wall_appointment_duty() OWNER TO qingling_wall")
    op.execute("REVOKE CREATE ON SCHEMA public FROM qingling_wall")
    op.execute(
        "CREATE TRIGGER duty_of_post BEFORE INSERT OR UPDATE OF post_id, duty ON appointment"
        " FOR EACH ROW EXECUTE FUNCTION wall_appointment_duty()"
    )
    op.execute("ALTER TABLE appointment ENABLE ALWAYS TRIGGER duty_of_post")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute("DROP TRIGGER duty_of_post ON appointment")
    op.execute("DROP FUNCTION wall_appointment_duty()")
    op.execute("ALTER TABLE appointment DROP CONSTRAINT ex_appointment_one_duty_a_person")
    op.execute("ALTER TABLE appointment DROP COLUMN duty")
    op.execute("ALTER TABLE post DROP CONSTRAINT uq_post_id_duty")
    op.execute("ALTER TABLE post DROP COLUMN duty")

"""Administrative penalties, their corrections, and the count of them that closes an enterprise.

Revision: 0027, after 0026
"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


TABLE = """
CREATE TABLE penalty (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_penalty PRIMARY KEY,
    public_id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT uq_penalty_public_id UNIQUE,
    enterprise_id bigint NOT NULL
        CONSTRAINT fk_penalty_enterprise_id REFERENCES enterprise (id) ON DELETE RESTRICT,
    unit_id bigint NOT NULL CONSTRAINT fk_penalty_unit_id REFERENCES unit (id) ON DELETE RESTRICT,
    sector text NOT NULL CONSTRAINT ck_penalty_sector_is_given CHECK (length(btrim(sector)) BETWEEN 1 AND 60),
    hazard_id bigint CONSTRAINT fk_penalty_hazard_id REFERENCES hazard (id) ON DELETE RESTRICT,
    organisation_id bigint NOT NULL
        CONSTRAINT fk_penalty_organisation_id REFERENCES organisation (id) ON DELETE RESTRICT,
    case_number text NOT NULL
        CONSTRAINT ck_penalty_case_number_is_given CHECK (length(btrim(case_number)) BETWEEN 1 AND 100),
    decided_on date NOT NULL,
    law text NOT NULL
        CONSTRAINT ck_penalty_law_is_known CHECK (law IN ('work_safety_law', 'coal_mine_regulation', 'other')),
    article text NOT NULL CONSTRAINT ck_penalty_article_is_given CHECK (length(btrim(article)) BETWEEN 1 AND 200),
    kinds text[] NOT NULL CONSTRAINT ck_penalty_kinds_are_known CHECK (cardinality(kinds) > 0 AND kinds <@ ARRAY[
        'warning', 'public_criticism', 'fine', 'confiscation', 'suspension', 'permit_suspension', 'permit_revocation',
        'restriction', 'detention', 'other']),
    amount numeric(14, 2) CONSTRAINT ck_penalty_amount_is_positive CHECK (amount > 0),
    penalised text NOT NULL CONSTRAINT ck_penalty_penalised_is_known
        CHECK (penalised IN ('unit', 'principal', 'controller', 'safety_staff', 'other_person')),
    producing_with_major_hazard boolean NOT NULL DEFAULT false,
    published_on date,
    criminal_transfer_number text CONSTRAINT ck_penalty_criminal_transfer_number_is_given
        CHECK (length(btrim(criminal_transfer_number)) BETWEEN 1 AND 100),
    supersedes_id bigint CONSTRAINT fk_penalty_supersedes_id REFERENCES penalty (id) ON DELETE RESTRICT,
    correction_reason text CONSTRAINT ck_penalty_correction_reason_is_given
        CHECK (length(btrim(correction_reason)) BETWEEN 1 AND 4000),
    is_revoked boolean NOT NULL DEFAULT false,
    recorded_at timestamptz NOT NULL DEFAULT registry_now(),
    account_id bigint CONSTRAINT fk_penalty_account_id REFERENCES account (id) ON DELETE RESTRICT,
    appointment_id bigint CONSTRAINT fk_penalty_appointment_id REFERENCES appointment (id) ON DELETE RESTRICT,
    CONSTRAINT ck_penalty_amount_is_of_money CHECK (CASE WHEN 'fine' = ANY (kinds) THEN amount IS NOT NULL
        ELSE amount IS NULL OR 'confiscation' = ANY (kinds) END),
    CONSTRAINT ck_penalty_published_after_decision CHECK (published_on >= decided_on),
    CONSTRAINT ck_penalty_correction_is_reasoned CHECK (
        (supersedes_id IS NULL) = (correction_reason IS NULL) AND (supersedes_id IS NOT NULL OR NOT is_revoked))
)
"""
INDEXES = (
    "CREATE UNIQUE INDEX uq_penalty_supersedes_id ON penalty (supersedes_id)",
    "CREATE INDEX ix_penalty_organisation_id_case_number ON penalty (organisation_id, case_number)",
    "CREATE INDEX ix_penalty_enterprise_id_decided_on ON penalty (enterprise_id, decided_on)",
    "CREATE INDEX ix_penalty_hazard_id ON penalty (hazard_id)",
    "CREATE INDEX ix_penalty_unit_id ON penalty (unit_id)",
)

OWN_ENTERPRISE = "enterprise_id = (SELECT nullif(current_setting('app.enterprise', true), '')\\:\\:bigint)"
ORGANISATION = "(SELECT nullif(current_setting('app.organisation', true), '')\\:\\:bigint)"
ACCOUNT = "(SELECT nullif(current_setting('app.account', true), '')\\:\\:bigint)"
OWN_UNITS = (
    "unit_id = ANY ((SELECT string_to_array(nullif(current_setting('app.units', true), ''), ',')"
    "\\:\\:bigint[])\\:\\:bigint[])"
)
OF_HAZARD = "EXISTS (SELECT 1 FROM hazard h WHERE h.id = penalty.hazard_id)"
SEEN = f"{OWN_UNITS} OR organisation_id = {ORGANISATION} OR {OF_HAZARD}"
WRITTEN = f"account_id = {ACCOUNT} AND ({OWN_UNITS} OR {OF_HAZARD})"
SECURITY = (
    "ALTER TABLE penalty ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    "CREATE POLICY owner ON penalty FOR ALL TO qingling_owner USING (true) WITH CHECK (true)",
    f"CREATE POLICY enterprise_select ON penalty FOR SELECT TO qingling_enterprise USING ({OWN_ENTERPRISE})",
    f"CREATE POLICY official_select ON penalty FOR SELECT TO qingling_official USING ({SEEN})",
    f"CREATE POLICY official_insert ON penalty FOR INSERT TO qingling_official WITH CHECK ({WRITTEN})",
    f"CREATE POLICY platform_select ON penalty FOR SELECT TO qingling_platform USING ({OWN_UNITS})",
    "CREATE POLICY import_select ON penalty FOR SELECT TO qingling_import USING (true)",
    "CREATE POLICY import_insert ON penalty FOR INSERT TO qingling_import WITH CHECK (true)",
    "CREATE POLICY auditor_select ON penalty FOR SELECT TO qingling_auditor USING (true)",
    "CREATE POLICY job_select ON penalty FOR SELECT TO qingling_job USING (true)",
    "CREATE POLICY report_select ON penalty FOR SELECT TO qingling_report USING (true)",
    "CREATE POLICY wall_checks ON penalty TO qingling_wall USING (true) WITH CHECK (true)",
    "GRANT SELECT ON penalty TO qingling_enterprise, qingling_platform, qingling_auditor, qingling_job",
    "GRANT SELECT ON penalty TO qingling_report, qingling_wall",
    "GRANT SELECT, INSERT ON penalty TO qingling_official, qingling_import",
)

# Whoever writes a number waits for whoever writes the same one; no index can say which row still holds it.
CHECKED = """
CREATE FUNCTION wall_penalty() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    today date := wall_business_date(registry_now());
BEGIN
    IF greatest(NEW.decided_on, NEW.published_on) > today THEN
        PERFORM wall_refuse('penalty_in_the_future', '处罚决定日期、公开日期不得晚于今天,请核对处罚决定书。');
    END IF;
    IF NEW.hazard_id IS NOT NULL AND NOT EXISTS (SELECT FROM hazard h
        WHERE h.id = NEW.hazard_id AND h.enterprise_id = NEW.enterprise_id) THEN
        PERFORM wall_refuse('hazard_of_another_enterprise', '所填的隐患不是这家企业的,请核对隐患编号。');
    END IF;
    IF NEW.supersedes_id IS NULL AND NOT EXISTS (SELECT FROM enterprise e
        WHERE e.id = NEW.enterprise_id AND e.unit_id = NEW.unit_id AND NEW.hazard_id IS NULL
        UNION ALL SELECT FROM hazard h WHERE h.id = NEW.hazard_id AND h.unit_id = NEW.unit_id) THEN
        PERFORM wall_refuse('unit_of_another', '属地须为所涉隐患的属地;没有隐患的,为企业登记的属地。');
    END IF;
    IF NEW.supersedes_id IS NOT NULL AND NOT EXISTS (SELECT FROM penalty p WHERE p.id = NEW.supersedes_id
        AND p.enterprise_id = NEW.enterprise_id AND p.organisation_id = NEW.organisation_id
        AND p.unit_id = NEW.unit_id) THEN
        PERFORM wall_refuse('penalty_of_another', '更正不得改变被处罚企业、决定机关和属地;请撤销后另行登记。');
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(format('penalty:%s:%s', NEW.organisation_id, NEW.case_number), 0));
    IF EXISTS (SELECT FROM penalty p WHERE p.organisation_id = NEW.organisation_id
        AND p.case_number = NEW.case_number AND p.id IS DISTINCT FROM NEW.supersedes_id
        AND NOT EXISTS (SELECT FROM penalty later WHERE later.supersedes_id = p.id)) THEN
        PERFORM wall_refuse('penalty_known', '该机关的这一文号已经登记;内容有误的,请在原记录上更正。');
    END IF;
    NEW.recorded_at := registry_now();
    RETURN NEW;
END $$
"""
# What has taken its place may be out of the reader's sight; that something has, is not.
CURRENT = """
CREATE FUNCTION penalty_is_current(of_penalty bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT NOT EXISTS (SELECT FROM penalty WHERE supersedes_id = of_penalty) $$
"""
IN_REACH = """
CREATE FUNCTION wall_enterprise_is_in_reach(e enterprise) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    units bigint[] := string_to_array(nullif(current_setting('app.units', true), ''), ',')\\:\\:bigint[];
BEGIN
    CASE current_setting('role')
    WHEN 'qingling_enterprise' THEN
        RETURN coalesce(e.id = wall_setting('enterprise'), false);
    WHEN 'qingling_official' THEN
        RETURN coalesce(e.unit_id = ANY (units), false)
            OR EXISTS (SELECT FROM penalty p
                WHERE p.enterprise_id = e.id AND p.organisation_id = wall_setting('organisation'))
            OR EXISTS (SELECT FROM hazard h WHERE h.enterprise_id = e.id AND wall_hazard_is_in_sight(h));
    WHEN 'qingling_platform' THEN
        RETURN coalesce(e.unit_id = ANY (units), false);
    WHEN 'qingling_auditor', 'qingling_import', 'qingling_job', 'qingling_report', 'qingling_owner' THEN
        RETURN true;
    ELSE
        RETURN false;
    END CASE;
END $$
"""
# A counter that left out what other departments decided would be no counter: dates alone pass the policies, and only of
# an enterprise within the reader's reach.
COUNTED = """
CREATE FUNCTION penalties_counted(since date, of_enterprise bigint) RETURNS TABLE (
    enterprise_id bigint, decided_on date, sector text, law text, producing_with_major_hazard boolean
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    WITH counted AS MATERIALIZED (
        SELECT p.enterprise_id, p.decided_on, p.sector, p.law, p.producing_with_major_hazard FROM penalty p
        WHERE p.decided_on >= since AND (of_enterprise IS NULL OR p.enterprise_id = of_enterprise)
            AND NOT p.is_revoked AND p.penalised = 'unit'
            AND NOT EXISTS (SELECT FROM penalty later WHERE later.supersedes_id = p.id)),
    reached AS MATERIALIZED (
        SELECT e.id FROM enterprise e
        WHERE e.id IN (SELECT c.enterprise_id FROM counted c) AND wall_enterprise_is_in_reach(e))
    SELECT c.enterprise_id, c.decided_on, c.sector, c.law, c.producing_with_major_hazard
    FROM counted c JOIN reached r ON r.id = c.enterprise_id
    ORDER BY c.enterprise_id, c.decided_on
$$
"""
FUNCTIONS = {
    "wall_penalty()": CHECKED,
    "penalty_is_current(bigint)": CURRENT,
    "wall_enterprise_is_in_reach(enterprise)": IN_REACH,
    "penalties_counted(date, bigint)": COUNTED,
}
READERS = (
    "qingling_enterprise, qingling_official, qingling_platform, qingling_auditor, qingling_import, qingling_job,"
    " qingling_report"
)
TRIGGERS = (
    "CREATE TRIGGER wall_penalty BEFORE INSERT ON penalty FOR EACH ROW EXECUTE FUNCTION wall_penalty()",
    "CREATE TRIGGER wall_no_change BEFORE UPDATE OR DELETE ON penalty FOR EACH ROW EXECUTE FUNCTION wall_no_change()",
    "CREATE TRIGGER wall_no_truncate BEFORE TRUNCATE ON penalty FOR EACH STATEMENT EXECUTE FUNCTION wall_no_change()",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    for statement in (TABLE, *INDEXES, *SECURITY):
        op.execute(statement)
    op.execute("GRANT CREATE ON SCHEMA public TO qingling_wall")
    for signature, function in FUNCTIONS.items():
        op.execute(function)
        op.execute(f"ALTER FUNCTION {signature} OWNER TO qingling_wall")
        op.execute(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")
    op.execute("REVOKE CREATE ON SCHEMA public FROM qingling_wall")
    for signature in ("penalty_is_current(bigint)", "penalties_counted(date, bigint)"):
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO {READERS}")
    for statement in TRIGGERS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute("DROP TRIGGER wall_penalty ON penalty")
    for signature in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION {signature}")
    op.execute("DROP TABLE penalty")

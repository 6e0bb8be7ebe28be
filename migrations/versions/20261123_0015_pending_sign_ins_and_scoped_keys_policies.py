"""A sign-in that is not complete may do nothing but complete itself; a service key may be for less than its account.

Revision: 0015, after 0014
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

PRINCIPAL_OF = """
CREATE FUNCTION principal_of(token text, idle_minutes integer) RETURNS TABLE (
    role_class text, account_id bigint, person_id bigint, appointment_id bigint, post_kind text,
    organisation_id bigint, unit_ids text, sectors text, enterprise_id bigint, is_service boolean, label text,
    session_id bigint, scopes text, pending text
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER ROWS 1 SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    at timestamptz := registry_now();
    digest bytea := sha256(convert_to(token, 'UTF8'));
BEGIN
    IF starts_with(token, 'qk_') THEN
        RETURN QUERY SELECT * FROM principal_of_service_key(digest, at);
    ELSE
        RETURN QUERY SELECT * FROM principal_of_session(digest, at, idle_minutes);
    END IF;
END $$
"""

# No scopes (NULL): whatever the account's role class may.
PRINCIPAL_OF_SERVICE_KEY = """
CREATE FUNCTION principal_of_service_key(digest bytea, at timestamptz) RETURNS TABLE (
    role_class text, account_id bigint, person_id bigint, appointment_id bigint, post_kind text,
    organisation_id bigint, unit_ids text, sectors text, enterprise_id bigint, is_service boolean, label text,
    session_id bigint, scopes text, pending text
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER ROWS 1 SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    held service_key;
BEGIN
    SELECT * INTO held FROM service_key k WHERE k.key_sha256 = digest AND k.revoked_at IS NULL AND k.expires_at > at;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF current_setting('transaction_read_only') = 'off' THEN
        UPDATE service_key SET last_used_at = at WHERE id = (
            SELECT k.id FROM service_key k
            WHERE k.id = held.id AND (k.last_used_at IS NULL OR k.last_used_at < at - interval '1 minute')
            FOR UPDATE SKIP LOCKED);
    END IF;
    RETURN QUERY
    SELECT CASE o.kind WHEN 'enterprise' THEN 'enterprise' WHEN 'platform' THEN 'platform' ELSE 'official' END,
           a.id, NULL::bigint, NULL::bigint, NULL::text, o.id,
           CASE WHEN o.enterprise_id IS NULL THEN (
               SELECT string_agg(b.id::text, ',' ORDER BY b.id)
               FROM units_below(o.unit_id, (at AT TIME ZONE 'Asia/Shanghai')::date) AS b(id)) END,
           array_to_string(o.sectors, ','), o.enterprise_id, true, o.name || ' ' || a.login_name, NULL::bigint,
           array_to_string(nullif(held.scopes, '{}'), ','), NULL::text
    FROM account a JOIN organisation o ON o.id = a.organisation_id
    WHERE a.id = held.account_id AND a.is_service AND a.disabled_at IS NULL;
END $$
"""

# What is pending leaves the class signin, whatever appointment was chosen.
PRINCIPAL_OF_SESSION = """
CREATE FUNCTION principal_of_session(digest bytea, at timestamptz, idle_minutes integer) RETURNS TABLE (
    role_class text, account_id bigint, person_id bigint, appointment_id bigint, post_kind text,
    organisation_id bigint, unit_ids text, sectors text, enterprise_id bigint, is_service boolean, label text,
    session_id bigint, scopes text, pending text
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER ROWS 1 SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    held session;
    holder account;
BEGIN
    SELECT * INTO held FROM session s
    WHERE s.token_sha256 = digest AND s.revoked_at IS NULL AND s.expires_at > at
        AND s.last_seen_at > at - make_interval(mins => idle_minutes);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO holder FROM account a
    WHERE a.id = held.account_id AND NOT a.is_service AND a.disabled_at IS NULL
        AND NOT EXISTS (SELECT FROM person_disablement d WHERE d.person_id = a.person_id);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF current_setting('transaction_read_only') = 'off' THEN
        UPDATE session SET last_seen_at = at WHERE id = (
            SELECT s.id FROM session s WHERE s.id = held.id AND s.last_seen_at < at - interval '1 minute'
            FOR UPDATE SKIP LOCKED);
    END IF;
    IF held.appointment_id IS NULL OR held.pending IS NOT NULL THEN
        RETURN QUERY SELECT 'signin', holder.id, holder.person_id, NULL::bigint, NULL::text, NULL::bigint, NULL::text,
            NULL::text, NULL::bigint, false, holder.login_name, held.id, NULL::text, held.pending;
        RETURN;
    END IF;
    RETURN QUERY
    SELECT CASE
               WHEN o.kind = 'enterprise' THEN 'enterprise'
               WHEN o.kind = 'platform' THEN 'platform'
               WHEN p.kind IN ('auditor', 'audit_administrator') THEN 'auditor'
               WHEN p.kind IN ('system_administrator', 'security_administrator') THEN 'administrator'
               ELSE 'official'
           END,
           holder.id, holder.person_id, t.id, p.kind, o.id,
           CASE WHEN o.enterprise_id IS NULL THEN (
               SELECT string_agg(b.id::text, ',' ORDER BY b.id)
               FROM units_below(o.unit_id, (at AT TIME ZONE 'Asia/Shanghai')::date) AS b(id)) END,
           array_to_string(o.sectors, ','), o.enterprise_id, false,
           o.name || p.title || CASE WHEN t.acting_for_appointment_id IS NULL THEN '' ELSE '（代）' END, held.id,
           NULL::text, NULL::text
    FROM appointment t JOIN post p ON p.id = t.post_id JOIN organisation o ON o.id = p.organisation_id
    WHERE t.id = held.appointment_id AND t.person_id = holder.person_id AND t.confirmed_at <= at
        AND t.valid_from <= at AND (t.valid_until IS NULL OR t.valid_until > at);
END $$
"""

# As 0012 made them.
BEFORE = (
    """
CREATE FUNCTION principal_of_service_key(digest bytea, at timestamptz) RETURNS TABLE (
    role_class text, account_id bigint, person_id bigint, appointment_id bigint, post_kind text,
    organisation_id bigint, unit_ids text, sectors text, enterprise_id bigint, is_service boolean, label text,
    session_id bigint
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER ROWS 1 SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    held service_key;
BEGIN
    SELECT * INTO held FROM service_key k WHERE k.key_sha256 = digest AND k.revoked_at IS NULL AND k.expires_at > at;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF current_setting('transaction_read_only') = 'off' THEN
        UPDATE service_key SET last_used_at = at WHERE id = (
            SELECT k.id FROM service_key k
            WHERE k.id = held.id AND (k.last_used_at IS NULL OR k.last_used_at < at - interval '1 minute')
            FOR UPDATE SKIP LOCKED);
    END IF;
    RETURN QUERY
    SELECT CASE o.kind WHEN 'enterprise' THEN 'enterprise' WHEN 'platform' THEN 'platform' ELSE 'official' END,
           a.id, NULL::bigint, NULL::bigint, NULL::text, o.id,
           CASE WHEN o.enterprise_id IS NULL THEN (
               SELECT string_agg(b.id::text, ',' ORDER BY b.id)
               FROM units_below(o.unit_id, (at AT TIME ZONE 'Asia/Shanghai')::date) AS b(id)) END,
           array_to_string(o.sectors, ','), o.enterprise_id, true, o.name || ' ' || a.login_name, NULL::bigint
    FROM account a JOIN organisation o ON o.id = a.organisation_id
    WHERE a.id = held.account_id AND a.is_service AND a.disabled_at IS NULL;
END $$
""",
    """
CREATE FUNCTION principal_of_session(digest bytea, at timestamptz, idle_minutes integer) RETURNS TABLE (
    role_class text, account_id bigint, person_id bigint, appointment_id bigint, post_kind text,
    organisation_id bigint, unit_ids text, sectors text, enterprise_id bigint, is_service boolean, label text,
    session_id bigint
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER ROWS 1 SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    held session;
    holder account;
BEGIN
    SELECT * INTO held FROM session s
    WHERE s.token_sha256 = digest AND s.revoked_at IS NULL AND s.expires_at > at
        AND s.last_seen_at > at - make_interval(mins => idle_minutes);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO holder FROM account a
    WHERE a.id = held.account_id AND NOT a.is_service AND a.disabled_at IS NULL
        AND NOT EXISTS (SELECT FROM person_disablement d WHERE d.person_id = a.person_id);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF current_setting('transaction_read_only') = 'off' THEN
        UPDATE session SET last_seen_at = at WHERE id = (
            SELECT s.id FROM session s WHERE s.id = held.id AND s.last_seen_at < at - interval '1 minute'
            FOR UPDATE SKIP LOCKED);
    END IF;
    IF held.appointment_id IS NULL THEN
        RETURN QUERY SELECT 'signin', holder.id, holder.person_id, NULL::bigint, NULL::text, NULL::bigint, NULL::text,
            NULL::text, NULL::bigint, false, holder.login_name, held.id;
        RETURN;
    END IF;
    RETURN QUERY
    SELECT CASE
               WHEN o.kind = 'enterprise' THEN 'enterprise'
               WHEN o.kind = 'platform' THEN 'platform'
               WHEN p.kind IN ('auditor', 'audit_administrator') THEN 'auditor'
               WHEN p.kind IN ('system_administrator', 'security_administrator') THEN 'administrator'
               ELSE 'official'
           END,
           holder.id, holder.person_id, t.id, p.kind, o.id,
           CASE WHEN o.enterprise_id IS NULL THEN (
               SELECT string_agg(b.id::text, ',' ORDER BY b.id)
               FROM units_below(o.unit_id, (at AT TIME ZONE 'Asia/Shanghai')::date) AS b(id)) END,
           array_to_string(o.sectors, ','), o.enterprise_id, false,
           o.name || p.title || CASE WHEN t.acting_for_appointment_id IS NULL THEN '' ELSE '（代）' END, held.id
    FROM appointment t JOIN post p ON p.id = t.post_id JOIN organisation o ON o.id = p.organisation_id
    WHERE t.id = held.appointment_id AND t.person_id = holder.person_id AND t.confirmed_at <= at
        AND t.valid_from <= at AND (t.valid_until IS NULL OR t.valid_until > at);
END $$
""",
    """
CREATE FUNCTION principal_of(token text, idle_minutes integer) RETURNS TABLE (
    role_class text, account_id bigint, person_id bigint, appointment_id bigint, post_kind text,
    organisation_id bigint, unit_ids text, sectors text, enterprise_id bigint, is_service boolean, label text,
    session_id bigint
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER ROWS 1 SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    at timestamptz := registry_now();
    digest bytea := sha256(convert_to(token, 'UTF8'));
BEGIN
    IF starts_with(token, 'qk_') THEN
        RETURN QUERY SELECT * FROM principal_of_service_key(digest, at);
    ELSE
        RETURN QUERY SELECT * FROM principal_of_session(digest, at, idle_minutes);
    END IF;
END $$
""",
)
SIGNATURES = (
    "principal_of(text, integer)",
    "principal_of_session(bytea, timestamptz, integer)",
    "principal_of_service_key(bytea, timestamptz)",
)


def _replaced(functions: tuple[str, ...]) -> None:
    for signature in SIGNATURES:
        # Put back at once, in the same transaction, with the columns it gained.
        op.execute(f"-- squawk-ignore ban-drop-function\nDROP FUNCTION {signature}")
    for function in functions:
        op.execute(function)
    op.execute("GRANT CREATE ON SCHEMA public TO qingling_wall")
    for signature in SIGNATURES:
        op.execute(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"ALTER FUNCTION {signature} OWNER TO qingling_wall")
    op.execute("REVOKE CREATE ON SCHEMA public FROM qingling_wall")
    op.execute("GRANT EXECUTE ON FUNCTION principal_of(text, integer) TO qingling_app")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute("ALTER TABLE session ADD COLUMN pending text")
    op.execute(
        "ALTER TABLE session ADD CONSTRAINT ck_session_pending_is_known"
        " CHECK (pending IN ('password_change', 'second_factor')) NOT VALID"
    )
    op.execute("ALTER TABLE service_key ADD COLUMN scopes text[] NOT NULL DEFAULT '{}'")
    op.execute("GRANT UPDATE (pending) ON session TO qingling_signin")
    _replaced((PRINCIPAL_OF_SERVICE_KEY, PRINCIPAL_OF_SESSION, PRINCIPAL_OF))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    _replaced(BEFORE)
    op.execute("ALTER TABLE service_key DROP COLUMN scopes")
    op.execute("ALTER TABLE session DROP COLUMN pending")

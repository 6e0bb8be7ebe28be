-- What every part of the wall stands on: how it refuses, who acts, which day it is, who holds the hazard.

CREATE FUNCTION wall_refuse(code text, reason text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'QL001', MESSAGE = reason, HINT = code;
END $$;

-- A setting of the session hook; null outside a session (import, migration).
CREATE FUNCTION wall_setting(name text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT nullif(current_setting('app.' || name, true), '')::bigint $$;

CREATE FUNCTION wall_business_date(instant timestamptz) RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT (instant AT TIME ZONE 'Asia/Shanghai')::date $$;

-- Whether the login may become the owner: the migrating one and a DBA, never the application's.
CREATE FUNCTION wall_is_owner() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT pg_has_role(session_user, 'qingling_owner', 'MEMBER') $$;

-- The hazard, if this transaction has moved its version: then it holds the row, and whoever works from an older
-- snapshot fails by 40001. A lock that only reads would be no wall at REPEATABLE READ.
CREATE FUNCTION wall_held_hazard(of_hazard bigint) RETURNS hazard
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    found_hazard hazard;
BEGIN
    SELECT * INTO found_hazard FROM hazard WHERE id = of_hazard;
    IF NOT FOUND THEN
        PERFORM wall_refuse('hazard_unknown', '没有这条隐患。');
    END IF;
    IF found_hazard.touched_by IS DISTINCT FROM pg_current_xact_id() THEN
        PERFORM wall_refuse('act_without_lock', '本次操作没有先更新隐患的版本号,数据库不予受理;请通过系统办理。');
    END IF;
    RETURN found_hazard;
END $$;

-- Makes two drafts' writers meet on the hazard's row at every isolation level without moving its version.
CREATE FUNCTION wall_meet_on_hazard(of_hazard bigint) RETURNS hazard
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    met hazard;
BEGIN
    UPDATE hazard SET version = version WHERE id = of_hazard RETURNING * INTO met;
    IF NOT FOUND THEN
        PERFORM wall_refuse('hazard_unknown', '没有这条隐患。');
    END IF;
    RETURN met;
END $$;

-- Locks an appointment against its ending until the act is committed; design 4, the door.
CREATE FUNCTION hold_appointment(id bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    held bigint;
BEGIN
    SELECT appointment.id INTO held FROM appointment WHERE appointment.id = hold_appointment.id FOR SHARE;
    RETURN held;
END $$;

-- A confirmed appointment that holds now, locked against its ending.
CREATE FUNCTION wall_valid_appointment(of_appointment bigint, at timestamptz) RETURNS appointment
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    held appointment;
BEGIN
    SELECT * INTO held FROM appointment WHERE id = of_appointment FOR SHARE;
    IF NOT FOUND OR held.confirmed_at IS NULL OR held.confirmed_at > at THEN
        PERFORM wall_refuse('appointment_not_confirmed', '任职尚未由第二名管理员确认,不能以该岗位办理。');
    END IF;
    IF held.valid_from > at OR held.valid_until <= at THEN
        PERFORM wall_refuse('appointment_not_valid', '任职不在有效期内,不能以该岗位办理;请由现任人员办理。');
    END IF;
    RETURN held;
END $$;

-- The person behind an account, both locked: not a service, not disabled, known by identity.
CREATE FUNCTION wall_person_of_account(of_account bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    acting account;
    digest bytea;
BEGIN
    SELECT * INTO acting FROM account WHERE id = of_account FOR SHARE;
    IF NOT FOUND THEN
        PERFORM wall_refuse('no_account', '没有登录账号,不能办理;请登录后再办。');
    END IF;
    IF acting.is_service THEN
        PERFORM wall_refuse('service_account_never_signs', '服务账号不得签字或确认;请由自然人账号办理。');
    END IF;
    IF acting.disabled_at IS NOT NULL THEN
        PERFORM wall_refuse('account_disabled', '该账号已停用,不能办理。');
    END IF;
    SELECT identity_digest INTO digest FROM person WHERE id = acting.person_id FOR SHARE;
    IF digest IS NULL THEN
        PERFORM wall_refuse('identity_missing', '该人员的身份信息尚未登记,不能签字或确认;请先由管理员登记。');
    END IF;
    PERFORM wall_check_not_disabled(acting.person_id);
    RETURN acting.person_id;
END $$;

CREATE FUNCTION wall_check_not_disabled(of_person bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM person_disablement WHERE person_id = of_person) THEN
        PERFORM wall_refuse('person_disabled', '该人员已停用,不能签字或确认。');
    END IF;
END $$;

-- A step-up is of that account, over that hash and level, fresh by the edition, and not used for anything else.
CREATE FUNCTION wall_check_step_up(
    of_step_up bigint, of_account bigint, hash bytea, of_level smallint, at timestamptz, minutes smallint
) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    proof step_up;
BEGIN
    SELECT * INTO proof FROM step_up WHERE id = of_step_up;
    IF NOT FOUND OR proof.account_id <> of_account THEN
        PERFORM wall_refuse('step_up_of_another', '身份验证不是本账号作出的;请重新验证身份。');
    END IF;
    IF proof.content_sha256 <> hash THEN
        PERFORM wall_refuse('step_up_over_other_content', '身份验证不是针对本份内容作出的;请阅读后重新验证身份。');
    END IF;
    IF proof.level IS DISTINCT FROM of_level THEN
        PERFORM wall_refuse('step_up_for_other_level', '身份验证不是针对本级签字作出的;请重新验证身份。');
    END IF;
    IF proof.recorded_at > at OR proof.recorded_at < at - make_interval(mins => minutes::int) THEN
        PERFORM wall_refuse('step_up_stale', '身份验证已过有效时间;请重新验证身份。');
    END IF;
    IF EXISTS (SELECT FROM signature WHERE step_up_id = of_step_up)
        OR EXISTS (SELECT FROM document_confirmation WHERE step_up_id = of_step_up) THEN
        PERFORM wall_refuse('step_up_used', '该次身份验证已经使用过;请重新验证身份。');
    END IF;
END $$;

-- The edition in force: the newest loaded one whose day has come.
CREATE FUNCTION wall_edition(on_day date) RETURNS edition
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    in_force edition;
BEGIN
    SELECT * INTO in_force FROM edition WHERE in_force_from <= on_day ORDER BY id DESC LIMIT 1;
    IF NOT FOUND THEN
        PERFORM wall_refuse('no_edition', '没有生效的规则版本;请先载入规则版本。');
    END IF;
    RETURN in_force;
END $$;

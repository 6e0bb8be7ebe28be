-- What is written once.

CREATE FUNCTION wall_no_change() RETURNS trigger
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'QL001', HINT = 'never_changes',
        MESSAGE = format('%s 只能增加,不得修改、删除或者清空。', TG_TABLE_NAME);
END $$;

-- Rules, clock and set-up are the owner's to write.
CREATE FUNCTION wall_owner_only() RETURNS trigger
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF NOT pg_has_role(session_user, 'qingling_owner', 'MEMBER') THEN
        RAISE EXCEPTION USING ERRCODE = 'QL001', HINT = 'written_by_the_owner_only',
            MESSAGE = format('%s 只能由数据库所有者维护。', TG_TABLE_NAME);
    END IF;
    RETURN NEW;
END $$;

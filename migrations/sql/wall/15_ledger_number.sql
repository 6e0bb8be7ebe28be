-- The next number of (listing office, year), gap-free: listings are never deleted, and drawers wait for one another. It
-- counts what the office itself listed: a hazard raised to another office keeps its number and leaves both series whole.
-- It sees the whole series, of which the drawer's own scope may show a part.
CREATE FUNCTION wall_next_ledger_serial(office bigint, of_year smallint) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(format('ledger-number:%s:%s', office, of_year), 0));
    RETURN (SELECT coalesce(max(h.ledger_serial), 0) + 1
        FROM listing l JOIN hazard h ON h.id = l.hazard_id
        WHERE l.listing_office_id = office AND h.ledger_year = of_year);
END $$;

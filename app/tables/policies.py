"""The second wall: row-level security, declared as data and rendered to SQL (design 4, Roles).

Every table has row-level security enabled and forced, a policy for the owner, and at most one policy for each role
class and command; no policy tests a role. What is not declared is refused. The migrations hold the rendered text
frozen; a test compares the database with this declaration.
"""

from app.regulation.vocabulary import RoleClass
from app.tables.access import Access, Policy, policies, security_sql
from app.tables.access_credentials import CREDENTIALS
from app.tables.access_delivery import DELIVERY
from app.tables.access_enforcement import ENFORCEMENT
from app.tables.access_escalation import ESCALATION
from app.tables.access_hazards import CHILDREN, HAZARDS, HISTORY
from app.tables.access_reference import PEOPLE, REFERENCE
from app.tables.access_sign_on import SIGN_ON
from app.tables.access_trees import TREES
from app.tables.roles import role_of

DECLARED: dict[str, tuple[Access, ...]] = {
    **REFERENCE,
    **PEOPLE,
    **CREDENTIALS,
    **HAZARDS,
    **CHILDREN,
    **HISTORY,
    **TREES,
    **SIGN_ON,
    **ENFORCEMENT,
    **ESCALATION,
    **DELIVERY,
}

# The import's working rows stand outside row-level security: the one reviewed exception.
STAGE = (
    f"GRANT USAGE ON SCHEMA stage TO {role_of(RoleClass.IMPORT)}",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON stage.ledger_row TO {role_of(RoleClass.IMPORT)}",
)


def declared_policies() -> list[Policy]:
    """Every policy the database must have, and no other of a role class."""
    return list(policies(DECLARED))


def policies_sql() -> list[str]:
    """The whole second wall: one statement each, without semicolons."""
    return [*security_sql(DECLARED), *STAGE]

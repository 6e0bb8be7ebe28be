"""The cluster's roles (design 4, Roles before the first migration; promises 2.9): their one source, idempotent.

A superuser applies this before the first migration: the embedded runner, or a DBA by `qingling roles --sql`. Roles are
the cluster's, so no migration creates, alters or drops one.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.regulation.vocabulary import RoleClass

OWNER = "qingling_owner"
WALL = "qingling_wall"
APP_LOGIN = "qingling_app"
JOB_LOGIN = "qingling_job_login"
REPORT_LOGIN = "qingling_report_login"
MIGRATE_LOGIN = "qingling_migrate"

_SCRAM_ITERATIONS = 4096
_SALT_BYTES = 16


def role_of(role_class: RoleClass) -> str:
    """PostgreSQL's name of a role class."""
    return f"qingling_{role_class.value}"


ROLE_CLASSES: tuple[str, ...] = tuple(role_of(role_class) for role_class in RoleClass)
_OF_OTHER_LOGINS = (RoleClass.JOB, RoleClass.REPORT)


@dataclass(frozen=True)
class Login:
    """A login, the roles it may SET and what it carries (promises 2.9); it inherits none of them."""

    name: str
    becomes: tuple[str, ...]
    connection_limit: int
    settings: Mapping[str, str]


LOGINS: tuple[Login, ...] = (
    Login(
        APP_LOGIN,
        tuple(role_of(role_class) for role_class in RoleClass if role_class not in _OF_OTHER_LOGINS),
        60,
        {
            "statement_timeout": "5s",
            "lock_timeout": "2s",
            "idle_in_transaction_session_timeout": "10s",
            "default_transaction_read_only": "off",
            "work_mem": "16MB",
            "temp_file_limit": "1GB",
        },
    ),
    Login(
        JOB_LOGIN,
        (role_of(RoleClass.JOB),),
        4,
        {
            "statement_timeout": "60s",
            "lock_timeout": "5s",
            "idle_in_transaction_session_timeout": "30s",
            "default_transaction_read_only": "off",
            "work_mem": "64MB",
            "temp_file_limit": "4GB",
        },
    ),
    Login(
        REPORT_LOGIN,
        (role_of(RoleClass.REPORT),),
        4,
        {
            "statement_timeout": "30s",
            "lock_timeout": "2s",
            "idle_in_transaction_session_timeout": "10s",
            "default_transaction_read_only": "on",
            "work_mem": "64MB",
            "temp_file_limit": "4GB",
        },
    ),
    Login(
        MIGRATE_LOGIN,
        (OWNER,),
        1,
        {
            "statement_timeout": "30s",
            "lock_timeout": "500ms",
            "idle_in_transaction_session_timeout": "60s",
            "default_transaction_read_only": "off",
            "work_mem": "256MB",
        },
    ),
)

LOG_SETTINGS: Mapping[str, str] = {
    "log_error_verbosity": "terse",
    "log_min_duration_sample": "-1",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "ddl",
}
"""PostgreSQL's own log quotes no row, statement or parameter: DETAIL and CONTEXT repeat what people entered."""
# Temporary tables last: a session's own must never stand in for the registry's.
_EVERY_LOGIN: Mapping[str, str] = {
    "TimeZone": "Asia/Shanghai",
    "search_path": "public, pg_temp",
    **LOG_SETTINGS,
}
LIMITS: Mapping[str, Mapping[str, str]] = {login.name: {**login.settings, **_EVERY_LOGIN} for login in LOGINS}
"""What each login carries; a process refuses to start under a login that has lost any of it."""
# A comment's words are read by a person in psql, who runs this as superuser.
_FOR_THE_ADMINISTRATOR = (
    "-- 服务器日志不得记录数据行、语句和参数。下列设置随本脚本对清零的登录生效;",
    "-- 请在 postgresql.conf 中对全部登录同样设置:",
    *(f"--   {name} = {value}" for name, value in LOG_SETTINGS.items()),
    "-- 不要加载 auto_explain。设置口令请用 psql 的 \\password(只发送校验值),勿在语句中写明文口令。",
)
_UNPRIVILEGED = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"


def roles_sql(passwords: Mapping[str, str], *, production: bool = False) -> str:
    """SQL that makes or repairs every role; a login without a password here keeps the one it has.

    `production` adds the connection limits. ValueError: a password that is empty or not printable ASCII, or for no
    login of ours.
    """
    unknown = set(passwords) - {login.name for login in LOGINS}
    if unknown:
        raise ValueError(f"no such login: {', '.join(sorted(unknown))}")
    return "\n".join(_statements(passwords, production=production)) + "\n"


def _statements(passwords: Mapping[str, str], *, production: bool) -> Iterator[str]:
    yield from _FOR_THE_ADMINISTRATOR
    for role in (OWNER, WALL, *ROLE_CLASSES):
        yield _made(role)
        yield f"ALTER ROLE {role} NOLOGIN {_UNPRIVILEGED};"
    yield from _granted(WALL, to=OWNER, inherited=True)
    for login in LOGINS:
        yield _made(login.name)
        limit = login.connection_limit if production else -1
        yield f"ALTER ROLE {login.name} LOGIN NOINHERIT {_UNPRIVILEGED} CONNECTION LIMIT {limit};"
        if login.name in passwords:
            yield f"ALTER ROLE {login.name} PASSWORD {_literal(_scram_verifier(passwords[login.name]))};"
        for name, value in LIMITS[login.name].items():
            words = value if name == "search_path" else _literal(value)
            yield f"ALTER ROLE {login.name} SET {name} TO {words};"
        for role in login.becomes:
            yield from _granted(role, to=login.name, inherited=False)


def _made(role: str) -> str:
    return f"DO $$ BEGIN CREATE ROLE {role}; EXCEPTION WHEN duplicate_object THEN NULL; END $$;"


def _granted(role: str, *, to: str, inherited: bool) -> Iterator[str]:
    """Membership by SET ROLE alone; before 16 the member's own NOINHERIT says so, since then the grant does."""
    inherit = "TRUE" if inherited else "FALSE"
    yield (
        "DO $$ BEGIN IF current_setting('server_version_num')::int >= 160000 THEN "
        f"EXECUTE 'GRANT {role} TO {to} WITH INHERIT {inherit}, SET TRUE'; "
        f"ELSE GRANT {role} TO {to}; END IF; END $$;"
    )


def _literal(text: str) -> str:
    if "\\" in text or "\0" in text:
        raise ValueError("neither a backslash nor NUL can stand in a literal here")
    return "'" + text.replace("'", "''") + "'"


def _scram_verifier(password: str) -> str:
    """What PostgreSQL keeps of a password, computed here so that no server log ever shows the password."""
    if not password or not password.isascii() or not password.isprintable():
        raise ValueError("a login's password must be printable ASCII and not empty")
    salt = secrets.token_bytes(_SALT_BYTES)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _SCRAM_ITERATIONS)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    encoded = [base64.b64encode(part).decode() for part in (salt, stored_key, server_key)]
    return f"SCRAM-SHA-256${_SCRAM_ITERATIONS}:{encoded[0]}${encoded[1]}:{encoded[2]}"

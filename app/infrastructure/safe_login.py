"""What must hold before anything is served: the login depends on the row-level walls, the walls stand, writes last.

Every refusal is one Chinese sentence for the operator, naming what is wrong and the remedy.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

Limits = Mapping[str, Mapping[str, str]]
"""Login → setting → value, as `qingling roles --sql` gives them; a time or a size may be smaller, never larger."""

_log: Final = structlog.get_logger("qingling.start")

_LOGIN: Final = text(
    """
    SELECT r.rolname,
           r.rolsuper AS is_superuser,
           r.rolbypassrls AS bypasses_policies,
           r.rolinherit AS inherits,
           EXISTS (SELECT FROM pg_roles o
                    WHERE o.oid <> r.oid AND (o.rolsuper OR o.rolbypassrls) AND pg_has_role(r.oid, o.oid, 'MEMBER'))
           AS becomes_unbound,
           EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE n.nspname IN ('public', 'stage') AND c.relkind IN ('r', 'p', 'v', 'm')
                      AND pg_has_role(r.oid, c.relowner, 'MEMBER'))
           OR EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                       WHERE n.nspname = 'public' AND pg_has_role(r.oid, p.proowner, 'MEMBER'))
           AS reaches_owner
      FROM pg_roles r WHERE r.rolname = session_user
    """
)
_LOGIN_FAULTS: Final[Mapping[str, str]] = {
    "is_superuser": "是超级用户",
    "bypasses_policies": "带有 BYPASSRLS",
    "inherits": "继承所属角色的权限(INHERIT)",
    "becomes_unbound": "可以切换为超级用户或者带有 BYPASSRLS 的角色",
    "reaches_owner": "可以切换为表或者防线函数的所有者",
}

# One statement; a fault is what stands in the first column. Schema stage is the one reviewed exception (design 4).
_OPEN_WALLS: Final = text(
    """
    SELECT 'table_without_forced_policies' AS fault, c.relname AS name
      FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
       AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
    UNION ALL
    SELECT 'table_without_policy', c.relname
      FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
       AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)
    UNION ALL
    SELECT 'unprotectable_relation', c.relname
      FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('m', 'f')
    UNION ALL
    SELECT 'view_with_its_owners_rights', c.relname
      FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'v'
       AND NOT coalesce(c.reloptions && '{security_invoker=true,security_invoker=on,security_invoker=1}', false)
    UNION ALL
    SELECT 'function_with_open_search_path', p.proname
      FROM pg_proc p
     WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
       AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS s WHERE s ~ '^search_path=.*pg_temp"?$')
    UNION ALL
    SELECT 'function_of_another_owner', p.proname
      FROM pg_proc p JOIN pg_roles o ON o.oid = p.proowner
     WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef AND o.rolname <> 'qingling_wall'
     ORDER BY 1, 2
    """
)
_WALL_FAULTS: Final[Mapping[str, str]] = {
    "table_without_forced_policies": "表未强制行级安全(FORCE ROW LEVEL SECURITY)",
    "table_without_policy": "表没有任何行级策略",
    "unprotectable_relation": "物化视图或者外部表不受行级策略约束",
    "view_with_its_owners_rights": "视图未设 security_invoker",
    "function_with_open_search_path": "SECURITY DEFINER 函数没有固定以 pg_temp 结尾的 search_path",
    "function_of_another_owner": "SECURITY DEFINER 函数的所有者不是 qingling_wall",
}
_NAMES_SHOWN: Final = 5

_IN_FORCE: Final = text("SELECT name, setting, unit FROM pg_settings WHERE name = ANY (:names)")
_LOGIN_NAME: Final = text("SELECT session_user")
_QUANTITY: Final = re.compile(r"(\d+)\s*(ms|s|min|h|kB|MB|GB)")
# pg_settings tells times in milliseconds and sizes in kilobytes.
_FACTORS: Final = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "kB": 1, "MB": 1024, "GB": 1024**2}
_MEASURED: Final = frozenset({"ms", "kB"})

_DURABILITY: Final = text(
    "SELECT name, setting FROM pg_settings"
    " WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums')"
)
_MUST_BE_ON: Final = ("fsync", "full_page_writes", "synchronous_commit")


class UnsafeLogin(Exception):
    """The login, or the database it meets, would pass the row-level walls; one Chinese sentence naming the remedy."""


class WritesWouldBeLost(Exception):
    """PostgreSQL is set so that an acknowledged write may vanish; one Chinese sentence naming the setting."""


async def assert_safe_login(connection: AsyncConnection, limits: Limits) -> None:
    """UnsafeLogin unless the login depends on the walls, carries its limits, and every table, view and function holds.

    A login that `limits` does not name must carry those of nobody: it is refused too.
    """
    login = (await connection.execute(_LOGIN)).one()
    faults = [words for name, words in _LOGIN_FAULTS.items() if getattr(login, name)]
    if faults:
        raise UnsafeLogin(
            f"数据库登录 {login.rolname} {'、'.join(faults)},可以绕过行级防线,"
            "请改用 `qingling roles --sql` 建立的应用登录 qingling_app。"
        )
    open_walls = (await connection.execute(_OPEN_WALLS)).all()
    if open_walls:
        raise UnsafeLogin(
            f"数据库的行级防线有缺口:{_described(open_walls)},"
            "请由数据库管理员恢复,数据库结构不是本程序版本的,请先执行 `qingling migrate`。"
        )
    await _refuse_missing_limits(connection, limits)


def _described(faults: Sequence[Row[Any]]) -> str:
    by_fault: dict[str, list[str]] = {}
    for one in faults:
        by_fault.setdefault(one.fault, []).append(one.name)
    return ";".join(f"{_WALL_FAULTS[fault]}({_shown(names)})" for fault, names in by_fault.items())


def _shown(names: Sequence[str]) -> str:
    more = f" 等 {len(names)} 个" if len(names) > _NAMES_SHOWN else ""
    return "、".join(names[:_NAMES_SHOWN]) + more


async def _refuse_missing_limits(connection: AsyncConnection, limits: Limits) -> None:
    name = (await connection.execute(_LOGIN_NAME)).scalar_one()
    if name not in limits:
        raise UnsafeLogin(f"不认识数据库登录 {name},请改用 `qingling roles --sql` 建立的登录,如 qingling_app。")
    wanted = {setting.lower(): value for setting, value in limits[name].items()}
    rows = (await connection.execute(_IN_FORCE, {"names": list(limits[name])})).all()
    kept = {row.name.lower() for row in rows if _keeps(row, wanted[row.name.lower()])}
    lost = [setting for setting in limits[name] if setting.lower() not in kept]
    if lost:
        raise UnsafeLogin(
            f"数据库登录 {name} 没有带上规定的限制({'、'.join(lost)}),"
            "请由数据库管理员重新执行 `qingling roles --sql` 输出的语句。"
        )


def _keeps(row: Row[Any], wanted: str) -> bool:
    """Whether a setting is what it must be; of a time or a size, no larger and not without end (0, −1)."""
    quantity = _QUANTITY.fullmatch(wanted) if row.unit in _MEASURED else None
    if quantity is None:
        return _words(row.setting) == _words(wanted)
    return 0 < int(row.setting) <= int(quantity[1]) * _FACTORS[quantity[2]]


def _words(value: str) -> list[str]:
    return re.findall(r"[^\s,\"]+", value.lower())


async def assert_lasting_writes(connection: AsyncConnection) -> None:
    """WritesWouldBeLost while fsync, full_page_writes or synchronous_commit is off; warns without data checksums."""
    in_force = {row.name: row.setting for row in await connection.execute(_DURABILITY)}
    lost = [name for name in _MUST_BE_ON if in_force[name] == "off"]
    if lost:
        raise WritesWouldBeLost(
            f"PostgreSQL 的 {'、'.join(lost)} 已关闭,断电或者崩溃会丢失已经受理的业务,"
            "请改为 on 并重新加载配置后再启动。"
        )
    if in_force["data_checksums"] != "on":
        _log.warning("data_checksums_off", remedy="请停库后用 pg_checksums --enable 开启,否则磁盘损坏无法察觉")

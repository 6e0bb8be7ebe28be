"""`qingling …`: one thin command for each thing an operator does; every refusal is one sentence and an exit code."""

import sys
from typing import Annotated, NoReturn

import psycopg
import typer
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from app.cli import account, audit, calendar, ledger, posts, registry, serving, statistics
from app.cli import docs as docs_command
from app.cli.worker import worker
from app.infrastructure.errors import InvalidInput, RegistryError
from app.infrastructure.migrations import MigrationRefused
from app.infrastructure.safe_login import UnsafeLogin, WritesWouldBeLost
from app.infrastructure.server_account import EmbeddedPostgresError
from app.infrastructure.settings import SettingsRefused, load_settings

app = typer.Typer(
    name="qingling",
    help="清零:重大事故隐患动态清零登记系统。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(registry.edition, name="edition", help="规则版本:核对、加载。")
app.add_typer(account.account, name="account", help="账号:首任三员,应急恢复登录、确认任职。")
app.add_typer(audit.audit, name="audit", help="审计:封存、树头、签名密钥。")
app.add_typer(calendar.calendar, name="calendar", help="工作日历:重新计算暂定期限。")
app.add_typer(ledger.app, name="ledger", help="历史台账:导入、核对确认。")
app.add_typer(posts.posts, name="posts", help="岗位:核查签字链能否签满、职责是否分离。")
app.command(name="init", help="启用登记系统(只能一次):加载属地和规则版本,确定启用日期。")(registry.init)
app.command(name="migrate", help="把数据库结构更新到本程序的版本。")(registry.migrate_database)
app.command(name="roles", help="输出数据库角色的 SQL,由数据库管理员以超级用户执行。")(registry.roles)
app.command(name="statistics", help="清零率等数据:任一天、任一时刻所知,可按多个维度分列。")(statistics.statistics)
app.command(name="worker", help="运行作业进程:封存、交存树头、每日清理(Ctrl-C 停止)。")(worker)
app.command(name="docs", help="生成规则手册(docs/),或核对其是否最新。")(docs_command.docs)

_PORT = Annotated[int | None, typer.Option("--port", min=1, max=65535, help="监听端口(默认 8000)")]
_CLEAR_SENTENCES = (
    SettingsRefused,
    UnsafeLogin,
    WritesWouldBeLost,
    EmbeddedPostgresError,
    MigrationRefused,
    RegistryError,
)


@app.command(help="启动演示:内置数据库、样例机构和台账,就绪后给出登录方式。")
def demo(port: _PORT = None, *, fresh: Annotated[bool, typer.Option("--fresh", help="清空后重新开始")] = False) -> None:
    """The demo until Ctrl-C or SIGTERM."""
    settings = load_settings()
    serving.run_demo(settings.model_copy(update={"port": port or settings.port}), fresh=fresh)


@app.command(help="启动服务,不带样例数据。")
def serve(port: _PORT = None) -> None:
    """The registry until Ctrl-C or SIGTERM."""
    settings = load_settings()
    serving.run_server(settings.model_copy(update={"port": port or settings.port}))


def main() -> None:
    """The command line's outermost edge: a refusal is one sentence on stderr and exit code 2, a failure 1."""
    try:
        app()
    except _CLEAR_SENTENCES as refusal:
        _end(sentence_of(refusal), 2)
    except (SQLAlchemyError, psycopg.Error) as failure:
        # The driver's own words may hold addresses and values: only its kind is shown.
        _end(f"数据库无法完成这一操作({type(failure).__name__})。请检查数据库地址、登录和结构(qingling migrate)。", 1)


def sentence_of(refusal: Exception) -> str:
    """What a terminal shows of a refusal: what is wrong and what to do about it."""
    if not isinstance(refusal, RegistryError):
        return str(refusal)
    if isinstance(refusal, InvalidInput):
        return _every_field(refusal)
    return refusal.message + (refusal.remedy or "")


def _every_field(refusal: InvalidInput) -> str:
    """The default remedy points to a list that a terminal does not show: the list itself stands in its place."""
    faults = [f"{one.pointer.strip('/')}:{one.message}" for one in refusal.fields if one.message != refusal.message]
    remedy = "" if refusal.remedy == refusal.default_remedy else refusal.remedy or ""
    return refusal.message + "".join(faults) + remedy


def _end(message: str, code: int) -> NoReturn:
    Console(stderr=True, highlight=False, soft_wrap=True).print(message, style="red", markup=False)
    sys.exit(code)

"""`qingling …`: one thin command for each thing an operator does; every refusal is one sentence and an exit code.

Of the commands only the one that is called is imported: a server keeps none of the others in memory, and `--help`
comes at once.
"""

import sys
from importlib import import_module
from typing import Annotated, Any, Final, NoReturn

import typer
from rich.console import Console
from typer.core import TyperGroup
from typer.main import get_group

_COMMANDS: Final = {
    "init": ("registry", "init", "启用登记系统(只能一次):加载属地和规则版本,确定启用日期。"),
    "migrate": ("registry", "migrate_database", "把数据库结构更新到本程序的版本。"),
    "roles": ("registry", "roles", "输出数据库角色的 SQL,由数据库管理员以超级用户执行。"),
    "statistics": ("statistics", "statistics", "清零率等数据:任一天、任一时刻所知,可按多个维度分列。"),
    "worker": ("worker", "worker", "运行作业进程:夜间升档、发送、公文文件、封存、每日清理(Ctrl-C 停止)。"),
    "docs": ("docs", "docs", "生成规则手册(docs/),或核对其是否最新。"),
    "edition": ("registry", "edition", "规则版本:核对、加载。"),
    "account": ("account", "account", "账号:首任三员,应急恢复登录、确认任职。"),
    "audit": ("audit", "audit", "审计:封存、树头、签名密钥。"),
    "calendar": ("calendar", "calendar", "工作日历:重新计算暂定期限。"),
    "demo-clock": ("demo_clock", "app", "演示时钟:查看、向后拨(只用于演示),逐夜运行升档作业。"),
    "delivery": ("delivery", "app", "发送:情况、暂停和解除、接收地址。"),
    "escalate": ("escalate", "escalate", "升档作业:为今天或者指定日期运行一次。"),
    "enforcement": ("enforcement", "app", "行政处罚:导入、执法次数提醒。"),
    "ledger": ("ledger", "app", "历史台账:导入、核对确认。"),
    "posts": ("posts", "posts", "岗位:核查签字链能否签满、职责是否分离。"),
}
"""Name → the file here, what in it is the command or the group of commands, help."""


class _Called(TyperGroup):
    """The commands by name and help; which one is called, is imported then."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - Typer's own types are private
        """The command that the arguments name."""
        if args and args[0] in _COMMANDS:
            self.commands[args[0]] = _imported(args[0])
        return super().resolve_command(ctx, args)


def _imported(name: str) -> Any:  # noqa: ANN401 - as above
    file, attribute, text = _COMMANDS[name]
    found = getattr(import_module(f"app.cli.{file}"), attribute)
    alone = typer.Typer()
    if isinstance(found, typer.Typer):
        alone.add_typer(found, name=name, help=text)
    else:
        alone.command(name=name, help=text)(found)
    return get_group(alone).commands[name]


def _not_yet_imported() -> None:
    """Stands for a command in the list of all."""


app = typer.Typer(
    name="qingling",
    cls=_Called,
    help="清零:重大事故隐患动态清零登记系统。",
    no_args_is_help=True,
    add_completion=False,
    # Every command below inherits it.
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
_PORT = Annotated[int | None, typer.Option("--port", min=1, max=65535, help="监听端口(默认 8000)")]


@app.command(help="启动演示:内置数据库、样例机构和台账,就绪后给出登录方式。")
def demo(
    port: _PORT = None,
    clock: Annotated[
        str | None, typer.Option("--clock", help="演示时钟从哪一天 9 时开始走(YYYY-MM-DD);默认今天")
    ] = None,
    *,
    fresh: Annotated[bool, typer.Option("--fresh", help="清空后重新开始")] = False,
) -> None:
    """The demo until Ctrl-C or SIGTERM."""
    from app.cli import serving
    from app.cli.demo_clock import starting_day
    from app.infrastructure.settings import load_settings

    settings, begins_on = load_settings(), starting_day(clock)
    serving.run_demo(settings.model_copy(update={"port": port or settings.port}), fresh=fresh, begins_on=begins_on)


@app.command(help="启动服务,不带样例数据。")
def serve(port: _PORT = None) -> None:
    """The registry until Ctrl-C or SIGTERM."""
    from app.cli import serving
    from app.infrastructure.settings import load_settings

    settings = load_settings()
    serving.run_server(settings.model_copy(update={"port": port or settings.port}))


for _name, (_file, _attribute, _help) in _COMMANDS.items():
    app.command(name=_name, help=_help)(_not_yet_imported)


def main() -> None:
    """The command line's outermost edge: a refusal is one sentence on stderr and exit code 2, a failure 1."""
    try:
        app()
    except _refusals() as refusal:
        _end(sentence_of(refusal), 2)
    except _failures() as failure:
        # The driver's own words may hold addresses and values: only its kind is shown.
        _end(f"数据库无法完成这一操作({type(failure).__name__})。请检查数据库地址、登录和结构(qingling migrate)。", 1)


def _refusals() -> tuple[type[Exception], ...]:
    """What is said in one clear sentence."""
    from app.infrastructure.errors import RegistryError
    from app.infrastructure.migrations import MigrationRefused
    from app.infrastructure.safe_login import UnsafeLogin, WritesWouldBeLost
    from app.infrastructure.server_account import EmbeddedPostgresError
    from app.infrastructure.settings import SettingsRefused

    return SettingsRefused, UnsafeLogin, WritesWouldBeLost, EmbeddedPostgresError, MigrationRefused, RegistryError


def _failures() -> tuple[type[Exception], ...]:
    """What the database could not do."""
    from psycopg import Error
    from sqlalchemy.exc import SQLAlchemyError

    return SQLAlchemyError, Error


def sentence_of(refusal: Exception) -> str:
    """What a terminal shows of a refusal: what is wrong and what to do about it."""
    from app.infrastructure.errors import InvalidInput, RegistryError

    if not isinstance(refusal, RegistryError):
        return str(refusal)
    if isinstance(refusal, InvalidInput):
        # The default remedy points to a list that a terminal does not show: the list itself stands in its place.
        faults = [f"{one.pointer.strip('/')}:{one.message}" for one in refusal.fields if one.message != refusal.message]
        remedy = "" if refusal.remedy == refusal.default_remedy else refusal.remedy or ""
        return refusal.message + "".join(faults) + remedy
    return refusal.message + (refusal.remedy or "")


def _end(message: str, code: int) -> NoReturn:
    Console(stderr=True, highlight=False, soft_wrap=True).print(message, style="red", markup=False)
    sys.exit(code)

"""`qingling demo` and `qingling serve`: the registry on this machine, until Ctrl-C or SIGTERM."""

import asyncio
import contextlib
import gc
import shutil
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import date
from http import HTTPStatus

import uvicorn
from rich.console import Console

from app.cli.connection import Addresses, open_database, registry_of
from app.cli.worker import jobs_beside
from app.infrastructure.clock import today_in_shanghai
from app.infrastructure.database import Database
from app.infrastructure.errors import Conflict
from app.infrastructure.http_server import server_config
from app.infrastructure.logging import configure_logging
from app.infrastructure.settings import Settings, SettingsRefused, refuse_public_demo, with_generated_keys
from app.jobs.hand_out_heads import refuse_older_than_handed_out
from app.main import create_app
from app.tables.roles import LIMITS

_err = Console(stderr=True, highlight=False, soft_wrap=True)
_OURS = ("postgres", "keys", "evidence", "server.lock", "postgres.log", "superuser-password")
_READY_WITHIN = 60.0


def tell(message: str) -> None:
    """A line of progress on the terminal."""
    _err.print(f"· {message}")


def run_demo(settings: Settings, *, fresh: bool, begins_on: date | None = None) -> None:
    """Starts the registry with the sample city and ledger; prints where to look once it is ready.

    `begins_on`: the business date (Asia/Shanghai) on which a new demo's clock starts, at nine o'clock.
    """
    from app.cli.demo_letters import with_fonts

    refuse_public_demo(settings)
    if "log_level" not in settings.model_fields_set:
        settings = settings.model_copy(update={"log_level": "warning"})
    with _listening(settings) as listener:
        if fresh:
            _remove_demo(settings)
        settings = with_fonts(_without_second_factor(with_generated_keys(settings)), tell)
        with registry_of(settings, progress=tell) as addresses:
            asyncio.run(prepare_demo(settings, addresses, begins_on))
            _serve(settings, addresses, listener, lambda: _print_welcome(settings))


def _without_second_factor(settings: Settings) -> Settings:
    """The demo's sample people have no telephones; outside of it the second factor is required."""
    security = settings.security.model_copy(update={"second_factor": "optional"})
    return settings.model_copy(update={"security": security})


def run_server(settings: Settings) -> None:
    """Starts the registry without sample data."""
    with _listening(settings) as listener:
        settings = with_generated_keys(settings)
        with registry_of(settings, progress=tell) as addresses:
            tell(f"监听 {_address(settings)};首次使用请在另一终端执行 qingling init")
            _serve(settings, addresses, listener, lambda: tell(f"清零已就绪:{_address(settings)}"))


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """The port, taken before anything is started: a busy one is one sentence and changes nothing."""
    listener = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(2048)
        listener.set_inheritable(False)
    except OSError as busy:
        listener.close()
        raise SettingsRefused(
            f"端口 {settings.host}:{settings.port} 无法监听（{busy.strerror}），请用 --port 换一个端口。"
        ) from busy
    with listener:
        yield listener


def _remove_demo(settings: Settings) -> None:
    """Removes what a registry of ours left in the data folder, and nothing else."""
    folder = settings.data_dir
    if not folder.exists():
        return
    if not (folder / "server.lock").exists():
        raise SettingsRefused(f"数据目录 {folder} 不是清零建立的，不会清空；请另指定 QINGLING_DATA_DIR。")
    for name in _OURS:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        elif name != "server.lock":
            path.unlink(missing_ok=True)
    tell("已清空上一次演示的数据")


async def prepare_demo(settings: Settings, addresses: Addresses, begins_on: date | None) -> None:
    """Sets up and settles a new demo, or finds it done; SettingsRefused where it has begun on another day.

    Dispatch stays held: by the first start and by the ledger, until whoever plays the city's office releases it.
    """
    from app.cli.demo_city import settle
    from app.cli.demo_clock import refuse_another_day, starting_instant
    from app.cli.demo_ledger import take_in_sample_ledger
    from app.infrastructure.owner import owner_transaction
    from app.reference.initialise import Initialisation, initialise

    if addresses.migrate is None:
        raise SettingsRefused("演示需要迁移登录，请设置 QINGLING_MIGRATION_DATABASE_URL。")
    wanted = Initialisation(
        settings.area.read_text(encoding="utf-8"),
        settings.edition.read_text(encoding="utf-8"),
        begins_on or today_in_shanghai(),
        is_demo=True,
        movable_clock=True,
        begins_at=starting_instant(begins_on) if begins_on else None,
    )
    async with owner_transaction(addresses.migrate, label="qingling demo") as context:
        with contextlib.suppress(Conflict):
            await initialise(context, wanted)
            tell("已加载属地、规则版本、工作日历和判定标准")
    async with owner_transaction(addresses.migrate, label="qingling demo") as context:
        await refuse_another_day(context, begins_on)
        await settle(context, settings.identity_key_bytes())
    await take_in_sample_ledger(settings, addresses, progress=tell)


def _serve(settings: Settings, addresses: Addresses, listener: socket.socket, when_ready: Callable[[], None]) -> None:
    asyncio.run(_refuse_unusable(settings, addresses))
    configure_logging(settings.log_level)
    database = Database.at(
        addresses.app, pool_size=settings.database_pool_size, idle_minutes=settings.session_idle_minutes
    )
    app = create_app(settings, database)
    proxies = settings.forwarded_allow_ips
    config = server_config(app, forwarded_allow_ips=proxies, unnamed=app.state.unnamed_proxies)
    server = uvicorn.Server(config)
    watcher = threading.Thread(target=_when_ready, args=(settings, server, when_ready), daemon=True)
    watcher.start()
    with jobs_beside(settings, addresses):
        _set_collector()
        server.run(sockets=[listener])


def _set_collector() -> None:
    """What was imported stays for good: the collector leaves it alone and comes round less often (p99 of a read).

    Not less often than this: a round over 50,000 young objects takes 7 ms, over 10,000 a fifth of one, and what waits
    for it stays in memory.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 100)


async def _refuse_unusable(settings: Settings, addresses: Addresses) -> None:
    """Asks the database before the server starts, so that what is wrong is one sentence and not a log."""
    async with open_database(addresses) as database:
        await database.refuse_unsafe_login(LIMITS)
        await refuse_older_than_handed_out(database, None, settings)
        await database.refuse_losing_writes()


def _when_ready(settings: Settings, server: uvicorn.Server, told: Callable[[], None]) -> None:
    deadline = time.monotonic() + _READY_WITHIN
    while time.monotonic() < deadline and not server.should_exit:
        if _answers_ready(settings):
            told()
            return
        time.sleep(0.2)


def _answers_ready(settings: Settings) -> bool:
    try:
        with urllib.request.urlopen(f"{_address(settings)}/readyz", timeout=5) as answer:  # noqa: S310 - our own address
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False


def _address(settings: Settings) -> str:
    host = "127.0.0.1" if settings.host in ("", "0.0.0.0") else settings.host  # noqa: S104 - asked, not set
    return f"http://{host}:{settings.port}"


_LOGINS = (
    ("chemical-safety-officer", "企业安全管理员", "上报、方案、进展、整改完成"),
    ("chemical-principal", "企业主要负责人", "整改完成报告签字"),
    ("chemical-controller", "企业实际控制人", "整改完成报告签字"),
    ("dongsheng-inspector1", "主办检查人员", "现场核查、第一级签字"),
    ("dongsheng-section", "业务科室负责人", "第二级签字"),
    ("dongsheng-deputy", "分管负责人", "第三级签字"),
    ("dongsheng-head", "部门主要负责人", "判定、第四级签字"),
    ("dongsheng-clerk", "旗区安委办经办人", "挂牌督办"),
    ("city-office-head", "市安委办主任", "全市台账、统计"),
    ("system-admin", "系统管理员", "账号、任职"),
)


def _print_welcome(settings: Settings) -> None:
    from app.cli.demo_city import SAMPLE_PASSWORD

    address = _address(settings)
    rows = "\n".join(f"    {login:<26}{post:<10}{does}" for login, post, does in _LOGINS)
    Console(highlight=False, soft_wrap=True).print(
        f"""
清零 Qingling 演示已就绪 (ready)
  接口文档 API docs   {address}/docs
  就绪检查 readiness  {address}/readyz
  数据目录 data       {settings.data_dir}

发文暂停中:先演练、再解除,逐步做法见 docs/walk-up-the-ladder.md(时钟可拨:qingling demo-clock advance)

样例登录 sample logins(口令 password:{SAMPLE_PASSWORD};演示不要求动态口令,正式部署要求)
{rows}

试一试 try:
  curl -s {address}/api/v1/session -H 'Content-Type: application/json' \\
       -d '{{"login_name": "city-office-head", "password": "{SAMPLE_PASSWORD}"}}'
  TOKEN=<上一步返回的 token>
  curl -s {address}/api/v1/statistics/clearance -H "Authorization: Bearer $TOKEN"
  curl -s '{address}/api/v1/hazards?state=listed&limit=3' -H "Authorization: Bearer $TOKEN"

Ctrl-C 停止;再次运行保留数据,--fresh 从头开始。
""",
        markup=False,
    )

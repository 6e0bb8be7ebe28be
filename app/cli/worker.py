"""`qingling worker`: the jobs, until Ctrl-C or SIGTERM; and the worker that demo and serve run beside the API."""

import asyncio
import contextlib
from collections.abc import Iterator

from sqlalchemy.engine import URL

from app.cli.connection import Addresses, registry_of
from app.infrastructure.database import Database, SystemPrincipal
from app.infrastructure.logging import configure_logging
from app.infrastructure.settings import Settings, SettingsRefused, load_settings
from app.jobs.hand_out_heads import refuse_older_than_handed_out
from app.jobs.work import signer_of
from app.regulation.vocabulary import RoleClass


def worker() -> None:
    """Rings each job at its time; several workers at once do no harm."""
    from app.jobs.worker import run_worker

    settings = load_settings()
    with registry_of(settings) as addresses:
        url = working_login(addresses)
        asyncio.run(_refuse_older_backup(url, settings))
        signer_of(settings)
        configure_logging(settings.log_level)
        run_worker(settings, url)


def working_login(addresses: Addresses) -> URL:
    """The job login's address; SettingsRefused where the operator has not given it."""
    if addresses.job is None:
        raise SettingsRefused("这条命令需要作业登录，请设置 QINGLING_JOB_DATABASE_URL。")
    return addresses.job


async def _refuse_older_backup(url: URL, settings: Settings) -> None:
    database = Database.at(url, pool_size=1)
    try:
        await refuse_older_than_handed_out(database, SystemPrincipal(RoleClass.JOB, "qingling worker"), settings)
    finally:
        await database.close()


@contextlib.contextmanager
def jobs_beside(settings: Settings, addresses: Addresses) -> Iterator[None]:
    """The worker in a thread where the database is the embedded one; elsewhere `qingling worker` is a process."""
    if not settings.uses_embedded_database or addresses.job is None:
        yield
        return
    from app.jobs.worker import working_beside

    signer_of(settings)
    with working_beside(settings, addresses.job):
        yield

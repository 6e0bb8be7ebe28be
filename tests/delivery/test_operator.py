"""The operator's commands: what stands, the kill switch and its release in a person's name, addresses."""

import json
import subprocess

from app.cli.demo_city import CHEMICAL_WORKS
from app.delivery.channels import webhook_secret
from app.infrastructure.settings import Settings
from app.jobs.dispatch import webhook_key_of
from tests.support.command import qingling
from tests.support.outbox_town import OutboxTown
from tests.support.registry import IDENTITY_KEY, open_registry


def run(town: OutboxTown, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return qingling(
        "delivery",
        *arguments,
        settings={
            "QINGLING_DATABASE_URL": town.database.app_url,
            "QINGLING_MIGRATION_DATABASE_URL": town.database.migrate_url,
            "QINGLING_IDENTITY_KEY": IDENTITY_KEY,
            "QINGLING_DATA_DIR": str(town.folder),
        },
    )


def test_a_person_pauses_all_sending_and_releases_it(town: OutboxTown) -> None:
    town.issue()
    paused = run(town, "pause", "--by", "city-office-head", "--note", "短信网关故障")
    assert (paused.returncode, paused.stdout) == (0, "已暂停发送。\n"), paused.stderr
    assert "已处于暂停状态" in run(town, "pause", "--by", "city-office-head", "--note", "再次").stdout
    assert town.dispatch()["paused"] == 1
    told = run(town, "status").stdout
    assert told.splitlines()[:3] == ["发送情况:", "  站内收件箱  待发送  1 条", "暂停发送:"]
    assert "人工暂停:短信网关故障" in told
    assert json.loads(run(town, "status", "--json").stdout)["pauses"][0]["note"] == "短信网关故障"
    assert run(town, "release", "--by", "city-office-head").stdout == "已解除 1 项暂停。\n"
    assert town.dispatch()["sent"] == 1
    assert town.ask(
        "SELECT a.login_name, b.login_name FROM delivery_pause p JOIN account a ON a.id = p.paused_by_account_id"
        " JOIN account b ON b.id = p.released_by_account_id"
    ) == [("city-office-head", "city-office-head")]
    assert town.ask(
        "SELECT e.event, a.login_name FROM audit_event e JOIN audit_stream s ON s.id = e.stream_id"
        " JOIN account a ON a.id = e.account_id WHERE s.kind = 'delivery_pause' ORDER BY e.id"
    ) == [("delivery:pause:ordered", "city-office-head"), ("delivery:pause:released", "city-office-head")]


def test_a_fresh_registry_says_that_there_is_nothing(town: OutboxTown) -> None:
    told = run(town, "status")
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == [
        *("发送情况:", "  还没有任何待发送或者已发送的信息"),
        *("暂停发送:", "  没有"),
        *("暂停发文:", "  没有"),
    ]
    assert json.loads(run(town, "status", "--json").stdout) == {"deliveries": [], "pauses": [], "dispatch_holds": []}


def test_an_open_hold_of_dispatch_is_told_with_its_reason_and_remedy(town: OutboxTown) -> None:
    town.ask("INSERT INTO dispatch_hold (reason, note) VALUES ('too_many_letters', '2026-11-22 起草 31 件')")
    told = run(town, "status").stdout
    assert "  一夜起草过多:2026-11-22 起草 31 件(自 " in told
    assert "/api/v1/dispatch-holds/{id}/release" in told
    assert json.loads(run(town, "status", "--json").stdout)["dispatch_holds"][0]["reason"] == "too_many_letters"


def test_every_command_tells_its_use_under_either_name_of_help(town: OutboxTown) -> None:
    for asked in (("-h",), ("--help",), ("pause", "-h"), ("status", "--help")):
        told = run(town, *asked)
        assert told.returncode == 0, told.stderr
        assert "Usage: " in told.stdout
        assert "发送" in told.stdout


def test_nobody_pauses_in_the_name_of_nobody(town: OutboxTown) -> None:
    refused = run(town, "pause", "--by", "nobody", "--note", "示例")
    assert refused.returncode == 2
    assert "没有登录名为 nobody 的在用人员账号" in refused.stderr
    assert town.ask("SELECT count(*) FROM delivery_pause") == [(0,)]


def test_an_address_takes_the_place_of_the_one_before_and_a_webhook_shows_its_secret(town: OutboxTown) -> None:
    addresses = ["https://a.example.test/hook", "https://b.example.test/hook"]
    told = [run(town, "address", str(CHEMICAL_WORKS.code), "--channel", "webhook", "--to", one) for one in addresses]
    assert [one.returncode for one in told] == [0, 0], told
    rows = town.ask("SELECT address, ended_at IS NULL, public_id::text FROM delivery_address ORDER BY id")
    assert [row[:2] for row in rows] == [(addresses[0], False), (addresses[1], True)]
    key = webhook_key_of(Settings(data_dir=town.folder))
    assert town.ask("SELECT event FROM audit_event ORDER BY id DESC LIMIT 1") == [("delivery:address:set",)]
    assert told[1].stdout == f"已设置。\n签名密钥:{webhook_secret(key, rows[1][2])}\n"


def test_a_webhook_in_clear_and_an_unknown_enterprise_are_refused(town: OutboxTown) -> None:
    clear = run(town, "address", str(CHEMICAL_WORKS.code), "--channel", "webhook", "--to", "http://a.example.test/")
    assert "https" in clear.stderr
    unknown = run(town, "address", "9" * 18, "--channel", "email", "--to", "a@example.test")
    assert "没有统一社会信用代码为" in unknown.stderr
    assert town.ask("SELECT count(*) FROM delivery_address") == [(0,)]


def test_readiness_tells_of_a_pause_and_of_what_lies_in_doubt(town: OutboxTown) -> None:
    town.issue(kind="exposure_notice")
    town.dispatch()
    town.ask("UPDATE delivery SET status = 'in_doubt'")
    run(town, "pause", "--by", "city-office-head", "--note", "示例")
    with open_registry(town.database, town.folder) as registry:
        told = registry.client.get("/readyz").json()["warnings"]
    assert any("发送处于暂停状态" in one for one in told)
    assert any("1 条曝光是否送出不明" in one for one in told)

"""What readiness warns of: messages that lie dead or in doubt, that wait too long, or all of them standing still."""

from sqlalchemy import text

from app.infrastructure.context import Context

_ALARMS = text("SELECT dead, in_doubt, is_paused, waiting FROM delivery_alarms()")


async def delivery_alarms(context: Context) -> list[str]:
    """Warnings in Chinese sentences, counts only."""
    dead, in_doubt, is_paused, waiting = (await context.session.execute(_ALARMS)).one()
    warnings = {
        f"有 {dead} 条信息多次发送失败,请检查发送渠道": dead > 0,
        f"有 {in_doubt} 条曝光是否送出不明,须由发文机关核实": in_doubt > 0,
        "发送处于暂停状态,请核对后执行 qingling delivery release": is_paused,
        f"有 {waiting} 条信息超过 1 小时未发出,请检查作业进程和发送渠道的设置": waiting > 0 and not is_paused,
    }
    return [words for words, applies in warnings.items() if applies]

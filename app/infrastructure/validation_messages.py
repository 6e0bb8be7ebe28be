"""Chinese for what pydantic reports. A message names the rule and the remedy; it never repeats what the caller sent."""

from collections.abc import Mapping
from typing import Any, Final

_ENDING: Final = "，请改正后重新提交。"
_MESSAGES: Final[Mapping[str, str]] = {
    "missing": "此项必填，请补充后重新提交。",
    "missing_argument": "此项必填，请补充后重新提交。",
    "extra_forbidden": "不认识这一项，请核对名称或删去。",
    "json_invalid": "内容不是合法的 JSON，请检查括号、引号和逗号。",
    "json_type": "应为 JSON 文本" + _ENDING,
    "model_type": "应为对象（名称与值成对）" + _ENDING,
    "model_attributes_type": "应为对象（名称与值成对）" + _ENDING,
    "dataclass_type": "应为对象（名称与值成对）" + _ENDING,
    "dict_type": "应为对象（名称与值成对）" + _ENDING,
    "mapping_type": "应为对象（名称与值成对）" + _ENDING,
    "invalid_key": "名称应为文字" + _ENDING,
    "list_type": "应为数组" + _ENDING,
    "tuple_type": "应为数组" + _ENDING,
    "set_type": "应为数组" + _ENDING,
    "iterable_type": "应为数组" + _ENDING,
    "none_required": "此项应为空，请删去其内容。",
    "string_type": "应为文字" + _ENDING,
    "string_unicode": "含有不成对的代理字符，无法保存，请重新输入。",
    "string_too_short": "不得少于 {min_length} 个字符，请补充完整。",
    "string_too_long": "不得超过 {max_length} 个字符，请精简。",
    "string_pattern_mismatch": "格式不符合要求，请核对后重新填写。",
    "string_not_ascii": "只能使用半角字母和数字" + _ENDING,
    "too_short": "不得少于 {min_length} 项，请补充。",
    "too_long": "不得超过 {max_length} 项，请分次提交。",
    "enum": "只能填写 {expected} 之一，请从中选择。",
    "literal_error": "只能填写 {expected} 之一，请从中选择。",
    "union_tag_invalid": "类别只能填写 {expected_tags} 之一，请从中选择。",
    "union_tag_not_found": "缺少区分类别的 {discriminator}，请补充。",
    "bool_type": "应为 true 或 false" + _ENDING,
    "bool_parsing": "应为 true 或 false" + _ENDING,
    "int_type": "应为整数" + _ENDING,
    "int_parsing": "应为整数" + _ENDING,
    "int_parsing_size": "整数过大" + _ENDING,
    "int_from_float": "应为整数，不得带小数" + _ENDING,
    "float_type": "应为数字" + _ENDING,
    "float_parsing": "应为数字" + _ENDING,
    "finite_number": "应为有限的数" + _ENDING,
    "decimal_type": "应为数字" + _ENDING,
    "decimal_parsing": "应为数字" + _ENDING,
    "decimal_max_digits": "总位数不得超过 {max_digits}" + _ENDING,
    "decimal_max_places": "小数不得超过 {decimal_places} 位" + _ENDING,
    "decimal_whole_digits": "整数部分不得超过 {whole_digits} 位" + _ENDING,
    "greater_than": "应大于 {gt}" + _ENDING,
    "greater_than_equal": "应不小于 {ge}" + _ENDING,
    "less_than": "应小于 {lt}" + _ENDING,
    "less_than_equal": "应不大于 {le}" + _ENDING,
    "multiple_of": "应为 {multiple_of} 的整数倍" + _ENDING,
    "date_type": "应为日期，形如 2024-05-31" + _ENDING,
    "date_parsing": "不是有效日期，应形如 2024-05-31" + _ENDING,
    "date_from_datetime_parsing": "不是有效日期，应形如 2024-05-31" + _ENDING,
    "date_from_datetime_inexact": "应只填日期、不带时刻，形如 2024-05-31" + _ENDING,
    "date_past": "应早于今天" + _ENDING,
    "date_future": "应晚于今天" + _ENDING,
    "time_type": "应为时刻，形如 08:30:00" + _ENDING,
    "time_parsing": "不是有效时刻，应形如 08:30:00" + _ENDING,
    "datetime_type": "应为带时区的时间，形如 2024-05-31T08:30:00+08:00" + _ENDING,
    "datetime_parsing": "不是有效时间，应形如 2024-05-31T08:30:00+08:00" + _ENDING,
    "datetime_from_date_parsing": "不是有效时间，应形如 2024-05-31T08:30:00+08:00" + _ENDING,
    "datetime_object_invalid": "不是有效时间，应形如 2024-05-31T08:30:00+08:00" + _ENDING,
    "timezone_aware": "时间必须带时区，形如 2024-05-31T08:30:00+08:00" + _ENDING,
    "uuid_type": "应为 UUID 编号，请核对后重新填写。",
    "uuid_parsing": "应为 UUID 编号，请核对后重新填写。",
    "uuid_version": "UUID 编号的版本不符，请核对后重新填写。",
    "url_parsing": "不是有效网址" + _ENDING,
    "url_scheme": "网址应以 {expected_schemes} 开头" + _ENDING,
    "url_too_long": "网址不得超过 {max_length} 个字符" + _ENDING,
    "bytes_type": "应为文件内容，请重新选择文件。",
    "recursion_loop": "内容自我嵌套" + _ENDING,
}
_UNKNOWN: Final = "内容不符合要求，请核对后重新填写。"


def message_of(error: Mapping[str, Any]) -> str:
    """The Chinese message of one entry of `ValidationError.errors()`."""
    kind: str = error["type"]
    context: Mapping[str, Any] = error.get("ctx", {})
    if kind in _MESSAGES:
        return _MESSAGES[kind].format_map(_Shown(context))
    if kind in {"value_error", "assertion_error"}:
        return _ours(str(context.get("error", "")))
    return _ours(error["msg"])


def _ours(message: str) -> str:
    # Only our own validators write Chinese; anything else would be a library's English, which may quote the input.
    return message if any("\u4e00" <= character <= "\u9fff" for character in message) else _UNKNOWN


class _Shown(dict[str, Any]):
    """Limits as Chinese shows them; a limit that pydantic did not state is left out."""

    def __missing__(self, key: str) -> str:
        return "规定值"

    def __getitem__(self, key: str) -> str:
        return str(super().__getitem__(key)).replace(" or ", "、").replace("', '", "'、'")

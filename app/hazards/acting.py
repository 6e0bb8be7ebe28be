"""What every act's route shares: which hazard at which version, whether only to try, and how the result is told."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Query
from pydantic import BaseModel, ConfigDict

from app.hazards.queries import hazard_view
from app.hazards.transition import Target, Verdict
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.errors import FieldError, InvalidParameter
from app.infrastructure.fields import Clean
from app.regulation.facts import Unmet


class Document(BaseModel):
    """A document someone sends: unknown fields are refused, so that a misspelt one is never silently lost."""

    model_config = ConfigDict(extra="forbid")


_ETAG = re.compile(r'"(\d{1,18})"', re.ASCII)

Reference = Annotated[str, Clean(64), Path(description="隐患 id 或台账编号")]
DryRun = Annotated[bool, Query(description="只核对条件,不办理:返回全部未满足的条件")]
IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=40, description='所依据版本的 ETag,如 "7"')]


async def target_hazard(reference: Reference, if_match: IfMatch = None) -> Target:
    """The hazard and the version the caller read; InvalidParameter for an entity tag that is not one of ours."""
    if if_match is None:
        return Target(reference)
    found = _ETAG.fullmatch(if_match)
    if found is None:
        message = 'If-Match 须为读取隐患时返回的 ETag,形如 "7"。'
        raise InvalidParameter(
            "invalid_if_match", message, fields=(FieldError("/If-Match", "invalid_if_match", message, "header"),)
        )
    return Target(reference, int(found[1]))


TargetHazard = Annotated[Target, Depends(target_hazard)]


def tried(unmet: tuple[Unmet, ...]) -> Answer:
    """A dry run's answer: whether it would be done, and every rule that is not met."""
    rows = [
        {
            "code": one.code,
            "message": one.message,
            "rule": one.rule,
            "article": one.article,
            "remedy": one.remedy,
            "field": one.field,
        }
        for one in unmet
    ]
    return Answer({"dry_run": True, "would_be_done": not unmet, "unmet": rows}, was_tried_only=True)


async def hazard_answer(context: Context, hazard_id: int) -> Answer:
    """A hazard with its ETag and address."""
    return view_answer(await hazard_view(context, hazard_id))


def view_answer(view: Mapping[str, Any]) -> Answer:
    """A hazard already read, with its ETag and address."""
    return Answer(view, version=view["version"], location=f"/api/v1/hazards/{view['id']}")


async def act_answer(context: Context, verdict: Verdict) -> Answer:
    """What an act's route answers: the hazard after the act with `allowed_acts`, or the dry run's verdict."""
    if verdict.was_tried_only:
        return tried(verdict.unmet)
    return await hazard_answer(context, verdict.facts.hazard_id)

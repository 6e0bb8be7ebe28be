"""Runs schemathesis against the application in this process and says what it sent and what it found."""

import json
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.hooks import unregister
from schemathesis.python.asgi import shutdown_lifespans
from schemathesis.schemas import BaseSchema

from tests.fuzz.stage import Stage

SEED: Final = 20261123
ALL_PHASES: Final = ("examples", "coverage", "fuzzing", "stateful")
# They would end the persona's own sign-in, and all that follows would only fuzz a refusal.
_ENDS_THE_RUN: Final = ("sign_out", "change_password", "end_session")
_ADMINISTRATORS: Final = 3
_SMALLEST_NUMBERS: Final = 40
_EVERY_ANSWER: Final = ("x-request-id", "x-content-type-options", "content-security-policy", "referrer-policy")
_EVERY_API_ANSWER: Final = ("cache-control", "ratelimit", "ratelimit-policy")


@dataclass(slots=True)
class Outcome:
    """What a run sent and found."""

    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    @property
    def server_errors(self) -> int:
        """Answers of 500 and above; 503 too, for nothing here is short of anything."""
        return sum(count for status, count in self.statuses.items() if status >= 500)

    def told(self) -> str:
        """For whoever reads the failed test."""
        found = "\n\n".join([*self.errors, *self.failures.values()])
        return f"{self.cases} cases, {dict(sorted(self.statuses.items()))}\n{found}"


@schemathesis.check
def hygiene(_context: Any, response: Response, case: schemathesis.Case[Any]) -> None:
    """Every answer bears the edge's headers, refusals are problem documents, and no answer repeats the token."""
    missing = [name for name in _EVERY_ANSWER if name not in response.headers]
    if case.path.startswith("/api/"):
        missing += [name for name in _EVERY_API_ANSWER if name not in response.headers]
    if missing:
        raise Failure(operation=case.operation.label, title="Missing headers", message=", ".join(missing))
    media_type = response.headers.get("content-type", [""])[0]
    if response.status_code >= 400 and case.path != "/readyz" and media_type != "application/problem+json":
        raise Failure(operation=case.operation.label, title="A refusal is no problem document", message=media_type)
    token = case.headers.get("Authorization", "").removeprefix("Bearer ")
    if len(token) > 20 and token.encode() in response.content:
        raise Failure(operation=case.operation.label, title="The answer repeats the token", message="")


def fuzz(stage: Stage, *, phases: tuple[str, ...], examples: int, seed: int = SEED) -> Outcome:
    """One run of the engine; the same seed sends the same cases."""
    schema = _schema(stage, phases, examples, seed)
    hooks, outcome = (_hitting_what_exists(stage), *_signed_in(stage)), Outcome()
    for hook in hooks:
        schemathesis.hook(hook)
    try:
        for event in from_schema(schema).execute():
            _note(event, outcome)
    finally:
        for hook in hooks:
            unregister(hook)
        shutdown_lifespans()
    return outcome


def _schema(stage: Stage, phases: tuple[str, ...], examples: int, seed: int) -> BaseSchema:
    settings: dict[str, Any] = {
        "seed": seed,
        "workers": 1,
        "continue-on-failure": True,
        "generation": {
            "max-examples": examples,
            "deterministic": True,
            "no-shrink": True,
            "with-security-parameters": False,
            "database": "none",
        },
        # Which refusal a well-formed document meets depends on the hazard's state, not on its schema; the matrix of
        # roles and routes says who may what.
        "checks": {
            "positive_data_acceptance": {"enabled": False},
            "ignored_auth": {"enabled": False},
            # Any refusal will do: a value too long for its field may be too long for an address before.
            "negative_data_rejection": {"expected-statuses": ["4xx"]},
        },
        "phases": {phase: {"enabled": phase in phases} for phase in ALL_PHASES},
        # GET on the first two is the reading of a batch or penalty of that name; the longest code of the last fits
        # into no address.
        "operations": [
            {
                "include-operation-id": ["import_ledger", "import_enforcements", "complete_sign_on"],
                "checks": {"unsupported_method": {"enabled": False}, "allow_header_conformance": {"enabled": False}},
            }
        ],
    }
    config = SchemathesisConfig.from_dict(settings)
    schema: BaseSchema = schemathesis.openapi.from_dict(_strict_document(stage), config=config)
    schema.app = stage.app
    return schema.exclude(operation_id=list(_ENDS_THE_RUN)) if stage.tokens else schema


def _strict_document(stage: Stage) -> dict[str, Any]:
    """The documentation without its catch-all: each status must be documented by its number."""
    document: dict[str, Any] = json.loads(json.dumps(stage.app.openapi()))
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"].pop("default", None)
    return document


def _hitting_what_exists(stage: Stage) -> Any:
    """Turns half of the made-up references and numbers into ones that exist: behind 404 there is much to break."""

    def before_call(context: Any, case: schemathesis.Case[Any], kwargs: dict[str, Any]) -> None:
        drawn = zlib.crc32(repr((case.path, case.path_parameters, case.query, case.body)).encode("utf-8", "replace"))
        _spare_the_administrators(case, drawn)
        if drawn % 2 or not case.path_parameters:
            return
        for name in case.path_parameters:
            if name == "reference":
                case.path_parameters[name] = stage.references[drawn // 2 % len(stage.references)]
            elif name.endswith("_id") and name != "public_id":
                case.path_parameters[name] = _ADMINISTRATORS + 1 + drawn // 2 % _SMALLEST_NUMBERS
        if "reference" in case.path_parameters and case.method == "POST" and drawn % 4 == 0:
            case.headers["If-Match"] = f'"{drawn // 4 % 12}"'

    return before_call


def _signed_in(stage: Stage) -> tuple[Any, Any]:
    """Bears the persona's sign-in on each request; the next one when it was ended."""
    left = list(stage.tokens)

    def before_call(context: Any, case: schemathesis.Case[Any], kwargs: dict[str, Any]) -> None:
        if left:
            case.headers["Authorization"] = f"Bearer {left[0]}"

    def after_call(context: Any, case: schemathesis.Case[Any], response: Response) -> None:
        if response.status_code == 401 and len(left) > 1:
            left.pop(0)

    return before_call, after_call


def _spare_the_administrators(case: schemathesis.Case[Any], drawn: int) -> None:
    """Whoever ended the administrators' appointments or accounts would fuzz refusals from there on."""
    ends = case.path.endswith(("/ending", "/disablement"))
    for name, value in (case.path_parameters or {}).items():
        if ends and str(value) in {str(number) for number in range(1, _ADMINISTRATORS + 1)}:
            case.path_parameters[name] = _ADMINISTRATORS + 1 + drawn % _SMALLEST_NUMBERS


def _note(event: events.EngineEvent, outcome: Outcome) -> None:
    if isinstance(event, events.NonFatalError):
        outcome.errors.append(f"{event.label}: {event.value!r}")
    elif isinstance(event, events.FatalError):
        outcome.errors.append(f"fatal: {event.exception!r}")
    elif isinstance(event, events.ScenarioFinished):
        for interaction in event.recorder.interactions.values():
            outcome.cases += 1
            if interaction.response is not None:
                outcome.statuses[interaction.response.status_code] += 1
        outcome.failures |= dict(_failures(event.recorder))


def _failures(recorder: ScenarioRecorder) -> Iterator[tuple[str, str]]:
    """One for each kind, operation and message, with the request that shows it."""
    for checks in recorder.checks.values():
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                key = f"{check.name} {failure.operation} {failure.title} {failure.message[:120]}"
                yield key, f"{key}\n{check.failure_info.code_sample[:2000]}"

"""What is kept can be checked but not turned back; the canonical form of a document is one."""

import hashlib
import statistics
import time

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.infrastructure import security
from app.infrastructure.security import (
    LONGEST_PASSWORD,
    canonical_json,
    content_digest,
    hash_password,
    new_token,
    person_digest,
    token_digest,
    verify_password,
)
from tests.support.quick_passwords import AS_SERVED

KEY = b"k" * 32


@pytest.fixture(autouse=True)
def as_served(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here passwords cost what they cost when nobody tests."""
    for name, value in AS_SERVED.items():
        monkeypatch.setattr(security, name, value)


def test_whoever_is_signed_in_does_not_wait_behind_a_crowd_of_strangers() -> None:
    finished: list[str] = []

    async def verified(who: str, **of: bool) -> None:
        await verify_password("anything", None, **of)
        finished.append(who)

    async def all_at_once() -> None:
        async with anyio.create_task_group() as asking:
            for _ in range(12):
                asking.start_soon(lambda: verified("stranger", of_stranger=True))
            asking.start_soon(verified, "signed in")

    anyio.run(all_at_once)
    assert finished.index("signed in") < 6


def test_only_the_right_password_verifies() -> None:
    kept = anyio.run(hash_password, "correct horse 电池")
    assert anyio.run(verify_password, "correct horse 电池", kept)
    assert not anyio.run(verify_password, "correct horse", kept)


@pytest.mark.parametrize("password", ["", "\x00", "\ud800", "x" * (LONGEST_PASSWORD + 1)])
def test_a_strange_password_is_merely_wrong(password: str) -> None:
    assert not anyio.run(verify_password, password, anyio.run(hash_password, "right"))


def test_an_account_that_does_not_exist_has_no_right_password() -> None:
    assert not anyio.run(verify_password, "anything", None)
    assert not anyio.run(verify_password, "anything", "!")


def test_an_unknown_account_is_not_told_apart_by_a_quick_answer() -> None:
    kept = anyio.run(hash_password, "right")

    def cost(stored: str | None) -> float:
        def once() -> float:
            start = time.perf_counter()
            anyio.run(verify_password, "wrong", stored)
            return time.perf_counter() - start

        return statistics.median(once() for _ in range(5))

    assert cost(None) > cost(kept) / 4


def test_two_hashes_of_one_password_differ() -> None:
    assert anyio.run(hash_password, "same") != anyio.run(hash_password, "same")


def test_a_token_is_256_bits_and_only_its_digest_is_kept() -> None:
    token = new_token("qlk_")
    assert token.startswith("qlk_")
    assert len(token) == 4 + 43
    assert token_digest(token) == hashlib.sha256(token.encode()).digest()
    assert new_token() != new_token()


def test_one_person_has_one_digest_under_one_key() -> None:
    assert person_digest(KEY, "11010119900307231x ") == person_digest(KEY, "11010119900307231X")
    assert person_digest(KEY, "11010119900307231X") != person_digest(b"j" * 32, "11010119900307231X")


def test_the_canonical_form_is_fixed() -> None:
    document = {"乙": [1, None, True], "a": {"c": "é\n", "b": ""}}
    assert canonical_json(document) == '{"a":{"b":"","c":"é\\n"},"乙":[1,null,true]}'.encode()
    assert content_digest(document) == hashlib.sha256(canonical_json(document)).hexdigest()


@pytest.mark.parametrize("document", [{"a": 1.5}, [float("nan")], {1: "a"}, {"a": {"b": object()}}, "\ud800", b"a"])
def test_what_has_no_single_form_is_refused(document: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - UnicodeEncodeError is one too
        canonical_json(document)


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), st.integers() | st.booleans() | st.none(), max_size=6))
def test_the_order_of_keys_never_shows(document: dict[str, int | bool | None]) -> None:
    assert canonical_json(document) == canonical_json(dict(reversed(document.items())))

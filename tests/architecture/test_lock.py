"""The lock files carry versions and hashes and no addresses; pyproject.toml pins the same versions."""

import re
import tomllib

import pytest

from scripts.pin_dependencies import BEGIN, END, LOCKS, between_markers, pins
from tests.architecture.source_tree import REPOSITORY

EVERYTHING = "requirements-dev.lock"


def locked(name: str) -> list[str]:
    return pins((REPOSITORY / name).read_text("utf-8"))


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_hashes_for_every_version_and_no_address(name: str) -> None:
    text = (REPOSITORY / name).read_text("utf-8")
    assert pins(text)
    assert all("--hash=sha256:" in entry for entry in re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:])
    assert "://" not in text


@pytest.mark.parametrize("name", sorted(set(LOCKS) - {EVERYTHING}))
def test_each_lock_is_part_of_the_whole(name: str) -> None:
    assert set(locked(name)) < set(locked(EVERYTHING))


def test_pyproject_pins_what_the_lock_says() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    expected = tomllib.loads(f"pins = [{' '.join(locked(EVERYTHING))}]")["pins"]
    assert project["tool"]["uv"]["constraint-dependencies"] == expected


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    groups = project["dependency-groups"].values()
    wanted = [*project["project"]["dependencies"], *(each for group in groups for each in group)]
    names = {re.split(r"[\[<>=!~; ]", requirement)[0].lower() for requirement in wanted}
    assert names <= {pin.strip('"').split("==")[0] for pin in locked(EVERYTHING)}


def test_pins_replace_what_stood_between_the_markers() -> None:
    text = f"a = [\n  {BEGIN}\n  old\n  {END}\n]\n"
    assert between_markers(text, ['"x==1",']) == f'a = [\n  {BEGIN}\n  "x==1",\n  {END}\n]\n'
    assert between_markers(between_markers(text, ['"x==1",']), []) == f"a = [\n  {BEGIN}\n  {END}\n]\n"


@pytest.mark.parametrize("text", ["", BEGIN, f"{END} {BEGIN}", f"{BEGIN} {BEGIN} {END}"])
def test_missing_markers_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="begin pins"):
        between_markers(text, [])


def test_an_environment_marker_stays_with_its_pin() -> None:
    lock = "uvloop==0.23.0 ; sys_platform != 'win32' \\\n    --hash=sha256:00\nidna==3.20 \\\n    --hash=sha256:01\n"
    assert pins(lock) == ["\"uvloop==0.23.0 ; sys_platform != 'win32'\",", '"idna==3.20",']

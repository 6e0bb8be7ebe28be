"""The image and the run of every change say what the design asks; neither can be tried on every machine."""

import os
import re

from tests.architecture.source_tree import REPOSITORY

DOCKERFILE = (REPOSITORY / "Dockerfile").read_text("utf-8")
STAGES = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]


def test_the_image_is_built_in_stages_from_hashed_locks() -> None:
    builder, _, image = STAGES
    assert "pip install --require-hashes -r requirements.lock" in builder
    assert "--no-deps --no-build-isolation" in builder
    assert "pip install" not in image


def test_the_image_brings_the_faces_that_letters_are_set_in() -> None:
    _, fonts, image = STAGES
    assert "apt-get download -q texlive-lang-chinese" in fonts
    assert all(f"fandol/Fandol{face}-" in fonts for face in ("Fang", "Kai", "Hei", "Song"))
    copied = re.search(r"^COPY --from=fonts /fonts/fandol (\S+)$", image, re.MULTILINE)
    assert copied
    assert copied[1].startswith("/usr/local/share/fonts/"), "where families are looked for"


def test_the_image_runs_as_a_numbered_user_with_a_passwd_row_and_is_asked_for_its_health() -> None:
    image = STAGES[-1]
    user = re.search(r"^USER (\d+):(\d+)$", image, re.MULTILINE)
    assert user
    assert user[1] != "0"
    assert f"useradd --uid {user[1]}" in image
    assert re.search(r"^HEALTHCHECK .*\\\n\s+CMD \[\"python\".*/healthz", image, re.MULTILINE)


def test_what_the_image_copies_is_not_ignored() -> None:
    ignored = (REPOSITORY / ".dockerignore").read_text("utf-8").splitlines()
    copied = {
        name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE) for name in line.split()
    }
    assert "*" in ignored
    assert {f"!{name}" for name in copied} <= set(ignored)
    assert all((REPOSITORY / name).exists() for name in copied)


def test_the_run_of_every_change_is_the_readmes_command_and_both_checks() -> None:
    run = REPOSITORY / ".ci" / "run"
    assert os.access(run, os.X_OK)
    text = run.read_text("utf-8")
    order = [text.index(f"\n{command}\n") for command in ("uv run pytest", "make check", "make check-system")]
    assert order == sorted(order)
    assert "set -euo pipefail" in text


def test_the_check_has_every_part_the_design_names() -> None:
    makefile = (REPOSITORY / "Makefile").read_text("utf-8")
    parts = re.search(r"^check: (.*)$", makefile, re.MULTILINE)
    assert parts
    expected = "format-check lint types contracts architecture docs-check squawk dependencies proofs"
    assert parts[1].split() == expected.split()

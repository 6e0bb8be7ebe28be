"""Resolves the newest versions that pyproject.toml allows and writes them down.

`requirements.lock` (what runs), `requirements-build.lock` (what builds the wheel) and `requirements-dev.lock` (all of
it, with tests and checks) carry versions and SHA-256 hashes but no addresses, so that any index serves them;
`[tool.uv] constraint-dependencies`, between the markers `# begin pins` and `# end pins`, gives `uv run` the same
versions without uv.lock. Needs `uv` on PATH.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
BEGIN, END = "# begin pins", "# end pins"
HEADER = "# Written by `make lock`: versions and hashes, no addresses. Do not edit.\n"
EXPORT = ["export", "--format", "requirements-txt", "--no-emit-project", "--no-header", "--no-annotate", "--frozen"]
LOCKS = {
    "requirements.lock": ["--no-default-groups"],
    "requirements-build.lock": ["--only-group", "build"],
    "requirements-dev.lock": ["--all-groups"],
}
PIN = re.compile(r"^(?P<requirement>[A-Za-z0-9][^\\]*?)\s*\\?$", re.MULTILINE)


def between_markers(text: str, lines: list[str]) -> str:
    """The pyproject text with the lines between the markers replaced.

    Raises ValueError when the two markers do not stand there once each, in order.
    """
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        message = f"pyproject.toml needs the lines '{BEGIN}' and '{END}' once each in constraint-dependencies"
        raise ValueError(message)
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    indent = head[head.rfind("\n") + 1 :]
    return head + "\n".join([BEGIN, *(f"{indent}{line}" for line in lines), f"{indent}{END}"]) + tail


def pins(lock: str) -> list[str]:
    """Each pinned requirement of the lock as a TOML string, its environment marker kept."""
    return [f'"{found["requirement"].strip()}",' for found in PIN.finditer(lock)]


def export(uv: str, folder: Path, *arguments: str) -> str:
    """What `uv export` prints for the project in the folder."""
    command = [uv, *EXPORT, *arguments]
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603 - uv


def main() -> None:
    """Resolves in a folder of its own, so that neither uv.lock nor an environment here is touched."""
    uv = shutil.which("uv")
    if uv is None:
        sys.exit("uv is not on PATH: pip install uv")
    project = REPOSITORY / "pyproject.toml"
    text = project.read_text("utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "README.md").touch()
        (folder / "pyproject.toml").write_text(between_markers(text, []), "utf-8")
        subprocess.run([uv, "lock", "--quiet"], cwd=folder, check=True)  # noqa: S603 - uv
        locks = {name: HEADER + export(uv, folder, *groups) for name, groups in LOCKS.items()}
    for name, lock in locks.items():
        (REPOSITORY / name).write_text(lock, "utf-8")
    project.write_text(between_markers(text, pins(locks["requirements-dev.lock"])), "utf-8")


if __name__ == "__main__":
    main()

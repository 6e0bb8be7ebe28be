"""`qingling docs`: the rule book as pages a lawyer reads, written from the rules or compared with what stands."""

import difflib
from pathlib import Path
from typing import Annotated

import typer

from app.regulation.handbook import PAGES

_STALE = 3
_PAGES = {Path(path).name: page for path, page in PAGES.items()}


def docs(
    folder: Annotated[Path, typer.Option("--folder", help="文档目录")] = Path("docs"),
    *,
    check: Annotated[bool, typer.Option("--check", help="只核对,不写入")] = False,
) -> None:
    """Writes the generated pages of docs; with --check says which are stale (exit code 3)."""
    stale = 0
    for name, page in _PAGES.items():
        path, text = folder / name, page()
        standing = path.read_text(encoding="utf-8") if path.exists() else ""
        if standing == text:
            continue
        stale += 1
        if check:
            lines = difflib.unified_diff(
                standing.splitlines(), text.splitlines(), f"{name} (已提交)", name, lineterm=""
            )
            typer.echo("\n".join(lines))
        else:
            path.write_text(text, encoding="utf-8")
            typer.echo(f"已写入 {path}")
    if check and stale:
        typer.echo(f"{stale} 份文档与规则不一致,请执行 make docs 后提交。", err=True)
        raise typer.Exit(_STALE)

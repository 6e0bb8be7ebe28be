"""Which file a reader asks for, and the files of issued letters: each set once, kept under its hash, never again made.

Whoever of the issuing office asks first has it made, else the job within a minute; any other reader is told to wait.
"""

from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from sqlalchemy import exists, func, select, text
from sqlalchemy.dialects.postgresql import insert

from app.audit.record import Subject, record
from app.infrastructure.context import Context
from app.infrastructure.errors import NotFound, TemporarilyUnavailable
from app.letter_forms.content import LetterContent
from app.letter_forms.rendering import FileFormat, RenderedLetter
from app.letters.files.printing import Press
from app.letters.files.sheets import composed, file_name
from app.letters.queries import OUT, copy_of, is_looked_after, is_whole, letter_in_sight
from app.letters.reading import refuse_who_may_not
from app.regulation.permissions import Permission
from app.regulation.vocabulary import LetterStatus, RoleClass
from app.tables.letters import Letter, LetterCopy, LetterFile

DRAFT: Final = LetterStatus.DRAFT.value
_WAIT: Final = 30
"""Seconds after which asking again is of use."""
_MISSING: Final = text(
    """
    SELECT s.letter_id, s.copy_id, f.format FROM (
            SELECT l.id AS letter_id, NULL::bigint AS copy_id FROM letter l
             WHERE l.status = 'issued' AND l.issued_at > registry_now() - interval '60 days'
            UNION ALL
            SELECT c.letter_id, c.id FROM letter_copy c JOIN letter l ON l.id = c.letter_id
             WHERE l.status = 'issued' AND l.issued_at > registry_now() - interval '60 days') s
     CROSS JOIN (VALUES ('pdf'), ('docx')) AS f (format)
     WHERE NOT EXISTS (SELECT 1 FROM letter_file k WHERE k.letter_id = s.letter_id
               AND coalesce(k.copy_id, 0) = coalesce(s.copy_id, 0) AND k.format = f.format)
       AND s.letter_id > :after
     ORDER BY s.letter_id, s.copy_id NULLS FIRST, f.format DESC LIMIT :most
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One file that was asked for: its bytes are kept under `sha256`, or `content` is to be set."""

    letter_id: int
    copy_id: int | None
    form: FileFormat
    name: str
    sha256: bytes | None = None
    content: LetterContent | None = None
    is_draft: bool = False
    """Set anew each time and never kept."""
    opened: tuple[UUID, int] | None = None
    """Of a whole draft its id and version: whoever was given it has opened it."""

    async def read(self, press: Press) -> RenderedLetter:
        """Its bytes: as kept, Conflict where they are not what they were; else set anew."""
        if self.sha256 is not None:
            return RenderedLetter(format=self.form, data=await press.folder.fetch(self.sha256))
        if self.content is None:
            raise NotFound
        return await press.rendered(self.content, self.form)


async def asked_sheet(context: Context, public_id: UUID, form: FileFormat, copy_id: UUID | None) -> Sheet:
    """The letter's file, or a copy's; NotFound out of sight, TemporarilyUnavailable while it is being made."""
    refuse_who_may_not(context, Permission.LETTER_READ)
    letter = await letter_in_sight(context, public_id)
    return await _sheet(context, letter, await _copy(context, letter, copy_id), form)


async def missing_sheets(context: Context, after: int, most: int) -> list[Sheet]:
    """Files that issued letters lack, of letters after one; for the job."""
    rows = (await context.session.execute(_MISSING, {"after": after, "most": most})).all()
    return [
        await _sheet(
            context,
            (await context.session.execute(select(Letter).where(Letter.id == row.letter_id))).scalar_one(),
            await context.session.get(LetterCopy, row.copy_id) if row.copy_id is not None else None,
            row.format,
        )
        for row in rows
    ]


async def keep(context: Context, press: Press, sheet: Sheet, made: RenderedLetter) -> RenderedLetter:
    """Keeps what was made, once; whoever comes second is given what the first one made."""
    sha256 = await press.folder.keep(made.data)
    row = {
        "letter_id": sheet.letter_id,
        "copy_id": sheet.copy_id,
        "format": sheet.form,
        "sha256": sha256,
        "size_bytes": len(made.data),
        "fonts": {
            "families": dict(made.fonts),
            "grades": dict(made.grades),
            "rare_characters": made.rare_characters,
            "template": made.template,
        },
    }
    written = insert(LetterFile).values(row).on_conflict_do_nothing().returning(LetterFile.id)
    if (await context.session.execute(written)).scalar_one_or_none() is None:
        kept = await kept_sha256(context, sheet.letter_id, sheet.copy_id, sheet.form)
        if kept is None:
            raise NotFound
        return RenderedLetter(format=sheet.form, data=await press.folder.fetch(kept))
    told = {"copy": sheet.copy_id, "format": sheet.form, "sha256": sha256.hex(), "size_bytes": len(made.data)}
    await record(context, "letter:file:kept", Subject("letter", sheet.letter_id), told)
    return made


async def _copy(context: Context, letter: Letter, copy_id: UUID | None) -> LetterCopy | None:
    """The copy that was named, or the reader's own where that is all it may read; None for the whole letter."""
    actor = context.actor
    wanted = select(LetterCopy).where(LetterCopy.letter_id == letter.id)
    if copy_id is None:
        whole = select(exists().where(Letter.id == letter.id, is_whole(actor)))
        if (await context.session.execute(whole)).scalar_one():
            return None
        wanted = wanted.where(copy_of(actor))
    else:
        looked_after = exists().where(Letter.id == letter.id, is_looked_after(actor))
        wanted = wanted.where(LetterCopy.public_id == copy_id, looked_after | copy_of(actor))
    found = (await context.session.execute(wanted)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


async def _sheet(context: Context, letter: Letter, copy: LetterCopy | None, form: FileFormat) -> Sheet:
    sheet = Sheet(
        letter_id=letter.id,
        copy_id=copy.id if copy is not None else None,
        form=form,
        name=file_name(letter, is_copy=copy is not None, form=form),
    )
    if letter.status not in OUT:
        content = await composed(context, letter, copy)
        opened = (letter.public_id, letter.version) if copy is None and letter.status == DRAFT else None
        return replace(sheet, content=content, is_draft=True, opened=opened)
    kept = await kept_sha256(context, letter.id, copy.id if copy is not None else None, form)
    if kept is not None:
        return replace(sheet, sha256=kept)
    if not _makes_it(context, letter):
        raise TemporarilyUnavailable(
            "letter_file_not_made",
            "这件公文已签发,文件正在制作,请稍候重试;持续出现时请联系制发机构或者管理员。",
            retry_after=_WAIT,
        )
    return replace(sheet, content=await composed(context, letter, copy))


def _makes_it(context: Context, letter: Letter) -> bool:
    actor = context.actor
    is_issuers = actor.role_class is RoleClass.OFFICIAL and actor.organisation_id == letter.issuer_organisation_id
    return actor.role_class is RoleClass.JOB or is_issuers


async def kept_sha256(context: Context, letter_id: int, copy_id: int | None, form: FileFormat) -> bytes | None:
    """Under which hash the sheet's file is kept; None where it is still to be made."""
    wanted = select(LetterFile.sha256).where(
        LetterFile.letter_id == letter_id,
        func.coalesce(LetterFile.copy_id, 0) == (copy_id or 0),
        LetterFile.format == form,
    )
    return (await context.session.execute(wanted)).scalar_one_or_none()

"""What a file really is: photos by decoding their header, documents by their content; the name is never believed.

The decoders are imported with the first file: a worker that takes none in keeps none.
"""

import io
import zipfile
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.infrastructure.errors import FieldError, InvalidInput

_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_MOST_PIXELS: Final = 60_000_000
_PHOTOS: Final = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_DOCUMENTS: Final = frozenset({"application/pdf", _DOCX})
_EXIF_TIME, _EXIF_IFD, _GPS_IFD = 36867, 0x8769, 0x8825
_DEGREES = 3


@dataclass(frozen=True, slots=True)
class Sniffed:
    """Media type, and for a photo the time and position it carries."""

    media_type: str
    taken_at: datetime | None = None
    longitude: Decimal | None = None
    latitude: Decimal | None = None


def sniff(content: bytes) -> Sniffed:
    """What the bytes are; InvalidInput for anything but a photo (JPEG, PNG, WebP), PDF or docx."""
    import puremagic  # noqa: PLC0415 - see the module

    photo = _photo(content)
    if photo is not None:
        return photo
    try:
        found = {match.mime_type for match in puremagic.magic_string(content)}
    except (puremagic.PureError, ValueError):
        found = set()
    known = {kind for kind in found & _DOCUMENTS if kind != _DOCX or _is_docx(content)}
    if not known:
        raise _refused("只接受 JPEG、PNG、WebP 照片,PDF 和 docx 文件;请转换格式后重新上传。")
    return Sniffed(min(known))


def _is_docx(content: bytes) -> bool:
    """Whether the archive has what every docx has: its first bytes are any archive's. Nothing is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {"[Content_Types].xml", "word/document.xml"} <= set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def _photo(content: bytes) -> Sniffed | None:
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - see the module

    try:
        with Image.open(io.BytesIO(content), formats=list(_PHOTOS)) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise _refused("照片像素过大(超过六千万),请缩小后重新上传。")
            media_type = _PHOTOS[image.format or ""]
            exif = image.getexif()
            longitude, latitude = _position(exif.get_ifd(_GPS_IFD))
            return Sniffed(media_type, _time(exif.get_ifd(_EXIF_IFD).get(_EXIF_TIME)), longitude, latitude)
    except UnidentifiedImageError:
        return None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise _refused("照片已损坏或无法识别,请重新拍摄或导出后上传。") from None


def _refused(message: str) -> InvalidInput:
    return InvalidInput("evidence_refused", message, fields=(FieldError("/file", "evidence_refused", message),))


def _time(text: Any) -> datetime | None:  # noqa: ANN401 - EXIF holds anything
    try:
        return datetime.strptime(str(text), "%Y:%m:%d %H:%M:%S").replace(tzinfo=_SHANGHAI)
    except ValueError:
        return None


def _position(gps: dict[int, Any]) -> tuple[Decimal | None, Decimal | None]:
    """Longitude and latitude in degrees (WGS-84), or none: half a position is no position."""
    latitude, longitude = _degrees(gps.get(2), gps.get(1)), _degrees(gps.get(4), gps.get(3))
    return (longitude, latitude) if longitude is not None and latitude is not None else (None, None)


def _degrees(parts: Any, reference: Any) -> Decimal | None:  # noqa: ANN401 - EXIF holds anything
    try:
        degrees, minutes, seconds = (Decimal(str(float(part))) for part in parts[:_DEGREES])
    except (TypeError, ValueError, ZeroDivisionError, ArithmeticError):
        return None
    value = degrees + minutes / 60 + seconds / 3600
    return (-value if reference in ("S", "W") else value).quantize(Decimal("0.000001"))

"""Changes to the bytes of a delivery: as storage, transfer, other programs and malice make them.

Belongs here: changes after which nobody knows what the file holds. Does not belong here: changes to
its content (mutated_content).
"""

from __future__ import annotations

import io
import random
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable

Change = Callable[[bytes, bytes, random.Random], bytes]
INTERESTING = (0, 1, 2, 7, 127, 255, 256, 32767, 65535, 2**31 - 1, 2**31, 2**32 - 1, 999)


def change_bytes(
    content: bytes, other: bytes, extension: str, chance: random.Random
) -> tuple[bytes, tuple[str, ...]]:
    """Apply one to three changes; half of them are those that only this format has."""
    own = OWN.get(extension, ANY)
    chosen = [
        chance.choice(own if chance.random() < 0.5 else ANY)
        for _ in range(chance.choice((1, 1, 2, 3)))
    ]
    for change in chosen:
        content = change(content, other, chance)
    return content, tuple(change.__name__ for change in chosen)


def flip_bits(content: bytes, other: bytes, chance: random.Random) -> bytes:
    del other
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 10, 100))):
        if changed:
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def random_bytes(content: bytes, other: bytes, chance: random.Random) -> bytes:
    del other
    at, count = chance.randint(0, len(content)), chance.choice((1, 4, 50, 1000))
    kept = at if chance.random() < 0.5 else at + count
    return content[:at] + chance.randbytes(count) + content[kept:]


def only_random_bytes(content: bytes, other: bytes, chance: random.Random) -> bytes:
    del other
    return content[: chance.choice((0, 4, 8, 200))] + chance.randbytes(chance.choice((1, 50, 5000)))


def delete_a_block(content: bytes, other: bytes, chance: random.Random) -> bytes:
    del other
    at = chance.randint(0, len(content))
    return content[:at] + content[at + chance.choice((1, 1, 2, 16, 512, 4096)) :]


def repeat_a_block(content: bytes, other: bytes, chance: random.Random) -> bytes:
    del other
    at = chance.randint(0, len(content))
    block = content[at : at + chance.choice((1, 2, 16, 512, 4096))]
    return content[:at] + block * chance.choice((2, 2, 3, 50)) + content[at + len(block) :]


def swap_blocks(content: bytes, other: bytes, chance: random.Random) -> bytes:
    del other
    size = chance.choice((1, 16, 512))
    first, second = sorted(chance.randint(0, len(content)) for _ in range(2))
    second = max(second, first + size)
    one, two = content[first : first + size], content[second : second + size]
    middle = content[first + size : second]
    return content[:first] + two + middle + one + content[second + size :]


def truncate(content: bytes, other: bytes, chance: random.Random) -> bytes:
    del other
    return content[: chance.randint(0, len(content))]


def zeros(content: bytes, other: bytes, chance: random.Random) -> bytes:
    del other
    at, count = chance.randint(0, len(content)), chance.choice((1, 16, 512, 4096))
    return content[:at] + b"\0" * count + content[at + count :]


def append(content: bytes, other: bytes, chance: random.Random) -> bytes:
    return content + chance.choice((b"\0" * 100, b"\n", other, content, chance.randbytes(100)))


def prepend(content: bytes, other: bytes, chance: random.Random) -> bytes:
    return chance.choice((b"\xef\xbb\xbf", b"\0", b"\n", other, b"\xff\xfe", b"PK\3\4")) + content


def splice(content: bytes, other: bytes, chance: random.Random) -> bytes:
    return content[: chance.randint(0, len(content))] + other[chance.randint(0, len(other)) :]


def as_text_mode(content: bytes, other: bytes, chance: random.Random) -> bytes:
    """Change line ends or the encoding of something that may not be text."""
    del other
    if chance.random() < 0.5:
        return content.replace(b"\n", b"\r\n")
    return content.decode("latin-1").encode("utf-8")


def odd_marks(content: bytes, other: bytes, chance: random.Random) -> bytes:
    """Put quotation marks, separators, line ends and the like anywhere into a text."""
    del other
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        at = chance.randint(0, len(content))
        mark = chance.choice((b'"', b'"', b";", b",", b"\t", b"\n", b"\r", b"\0", b"'", b"\x1a"))
        kept = at + chance.choice((0, 1))
        content = content[:at] + mark + content[kept:]
    return content


def odd_number(content: bytes, other: bytes, chance: random.Random) -> bytes:
    """Overwrite a number of four bytes somewhere near the beginning, where files have headers."""
    del other
    near = min(len(content), chance.choice((180, 180, 600, 4000)))
    at = chance.randint(0, max(near - 4, 0)) // 4 * 4
    return content[:at] + struct.pack("<I", chance.choice(INTERESTING)) + content[at + 4 :]


def odd_counts(content: bytes, other: bytes, chance: random.Random) -> bytes:
    """Overwrite what the header of an SPSS file says of layout, size of a row and rows."""
    del other
    at = chance.choice((64, 68, 72, 76, 80))
    return content[:at] + struct.pack("<I", chance.choice(INTERESTING)) + content[at + 4 :]


def odd_records(content: bytes, other: bytes, chance: random.Random) -> bytes:
    """Overwrite a number beside the beginning of a record of an SPSS file."""
    del other
    starts = [found.start() for found in re.finditer(rb"(?s)[\2\3\4\6\7]\0\0\0", content)]
    if not starts:
        return content
    at = chance.choice(starts) + chance.choice((0, 4, 8, 12, 16))
    return content[:at] + struct.pack("<I", chance.choice(INTERESTING)) + content[at + 4 :]


def footer(content: bytes, other: bytes, chance: random.Random) -> bytes:
    """Change bytes of the footer of a Parquet file, its length or its end."""
    if len(content) < 12:
        return content
    length = min(struct.unpack("<I", content[-8:-4])[0], len(content) - 8)
    if chance.random() < 0.2:
        number = chance.choice((*INTERESTING, length - 1, length + 1))
        return content[:-8] + struct.pack("<I", number) + content[-4:]
    start = len(content) - 8 - length
    changed = flip_bits(content[start:-8], other, chance)
    return content[:start] + changed + content[-8:]


def pages(content: bytes, other: bytes, chance: random.Random) -> bytes:
    """Change bytes of the pages of a Parquet file and leave its footer."""
    if len(content) < 12:
        return content
    length = min(struct.unpack("<I", content[-8:-4])[0], len(content) - 8)
    start = len(content) - 8 - length
    change = chance.choice((flip_bits, random_bytes, zeros))
    return change(content[:start], other, chance)[:start].ljust(start, b"\0") + content[start:]


def _members(content: bytes) -> dict[str, bytes] | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, zlib.error):
        return None
    except (KeyError, EOFError, struct.error):
        return None


def _zipped(members: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names that stand twice are meant
        with zipfile.ZipFile(content, "w", method) as archive:
            for name, member in members:
                info = zipfile.ZipInfo(name or "x")
                info.compress_type = method
                archive.writestr(info, member)
    return content.getvalue()


def members(content: bytes, other: bytes, chance: random.Random) -> bytes:
    """Leave out, rename, double, reorder, empty or store members of a workbook."""
    found = _members(content)
    if not found:
        return content
    listed = list(found.items())
    place = chance.randrange(len(listed))
    name, member = listed[place]
    what = chance.randrange(9)
    if what == 0:
        del listed[place]
    elif what == 1:
        listed[place] = (chance.choice((name.upper(), name.replace("/", "\\"), f"/{name}")), member)
    elif what == 2:
        listed.append((name, chance.choice((member, other, b""))))
    elif what == 3:
        chance.shuffle(listed)
    elif what == 4:
        listed[place] = (name, chance.choice((b"", b"<", other[:500], member[: len(member) // 2])))
    elif what == 5:
        return _zipped(listed, chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_BZIP2)))
    elif what == 6:
        listed.insert(0, ("../../odd", b"x"))
    elif what == 7:
        listed[place] = (name, flip_bits(member, other, chance))
    else:
        one = chance.randrange(len(listed))
        listed[place], listed[one] = (name, listed[one][1]), (listed[one][0], member)
    return _zipped(listed)


def xml(content: bytes, other: bytes, chance: random.Random) -> bytes:
    """Edit the XML of one part of a workbook."""
    del other
    found = _members(content)
    if not found:
        return content
    parts = [name for name in found if name.endswith((".xml", ".rels"))]
    if not parts:
        return content
    sheets = [name for name in parts if "sheet" in name]
    name = chance.choice(sheets if sheets and chance.random() < 0.6 else parts)
    old, new = chance.choice(EDITS)
    edited = found[name]
    spots = list(re.finditer(old, edited))
    if spots:
        spot = chance.choice(spots)
        edited = edited[: spot.start()] + spot.expand(new) + edited[spot.end() :]
    return _zipped([*(found | {name: edited}).items()])


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]>"
)
EDITS: tuple[tuple[bytes, bytes], ...] = (
    (rb"<c r=\"[A-Z]+(\d+)\"", rb'<c r="XFD\1"'),
    (rb"<c r=\"([A-Z]+)\d+\"", rb'<c r="\g<1>1048576"'),
    (rb"<c r=\"[A-Z]+\d+\"", rb"<c"),
    (rb"<c r=\"([A-Z]+)(\d+)\"", rb'<c r="\1"'),
    (rb"<c r=\"[A-Z]+(\d+)\"", rb'<c r="A\1"'),
    (rb"<row r=\"\d+\"", rb'<row r="3"'),
    (rb"<row r=\"\d+\"", rb'<row r="99999999999"'),
    (rb"<row r=\"\d+\"", rb"<row"),
    (rb"(<row.*?</row>)", rb"\1\1"),
    (rb"<row.*?</row>", rb""),
    (rb"<v>([^<]*)</v>", rb"<v>99999</v>"),
    (rb"<v>([^<]*)</v>", rb"<v></v>"),
    (rb"<v>([^<]*)</v>", rb"<v>-1</v>"),
    (rb"<v>([^<]*)</v>", rb"<f>1+1</f><v>\1</v>"),
    (rb"<v>([^<]*)</v>", rb"<f>1+1</f>"),
    (rb"<v>([^<]*)</v>", rb"<v>#N/A</v>"),
    (rb" t=\"\w+\"", rb' t="e"'),
    (rb" t=\"\w+\"", rb' t="b"'),
    (rb" t=\"\w+\"", rb' t="d"'),
    (rb" t=\"\w+\"", rb' t="n"'),
    (rb" t=\"\w+\"", rb' t="inlineStr"'),
    (rb" t=\"\w+\"", rb' t="zzz"'),
    (rb" s=\"\d+\"", rb' s="9999"'),
    (rb"<dimension ref=\"[^\"]*\"", rb'<dimension ref="A1:XFD1048576"'),
    (rb"<dimension ref=\"[^\"]*\"", rb'<dimension ref="B2:A1"'),
    (rb"<dimension ref=\"[^\"]*\"", rb'<dimension ref=""'),
    (rb"<sheetData>", rb"<sheetData><row/>"),
    (rb"</sheetData>", rb"</sheetData><mergeCells><mergeCell ref='A1:A9'/></mergeCells>"),
    (rb"</sheetData>", rb""),
    (rb"<\?xml[^>]*\?>", rb'<?xml version="1.0" encoding="utf-16"?>'),
    (rb"<\?xml[^>]*\?>", rb'<?xml version="1.0" encoding="iso-8859-1"?>'),
    (rb"<\?xml[^>]*\?>", rb""),
    (rb"^", BOMB.replace(b"\\", b"")),
    (rb"<t[^>]*>([^<]*)</t>", rb"<t>&j;</t>"),
    (rb"<t[^>]*>([^<]*)</t>", rb"<t>&#0;&#xD800;\1</t>"),
    (rb"<t[^>]*>([^<]*)</t>", rb"<t><![CDATA[\1]]></t>"),
    (rb"<t[^>]*>([^<]*)</t>", rb"<r><t>\1</t></r><rPh><t>x</t></rPh>"),
    (rb"<si>", rb""),
    (rb"count=\"\d+\"", rb'count="4294967295"'),
    (rb"uniqueCount=\"\d+\"", rb'uniqueCount="99999999999"'),
    (rb"name=\"[^\"]*\"", rb'name=""'),
    (rb"r:id=\"[^\"]*\"", rb'r:id="rId99"'),
    (rb"Target=\"[^\"]*\"", rb'Target="/etc/passwd"'),
    (rb"Target=\"[^\"]*\"", rb'Target="https://example.org/x"'),
    (rb"state=\"\w+\"", rb'state="hidden"'),
    (rb"formatCode=\"[^\"]*\"", rb'formatCode="yyyy\\"[\\"'),
    (rb"numFmtId=\"\d+\"", rb'numFmtId="14"'),
    (rb"xmlns=\"[^\"]*\"", rb'xmlns="http://example.org"'),
    (rb"xmlns=\"[^\"]*\"", rb'xmlns:x="http://example.org"'),
)
ANY: tuple[Change, ...] = (
    flip_bits,
    random_bytes,
    only_random_bytes,
    delete_a_block,
    repeat_a_block,
    swap_blocks,
    truncate,
    zeros,
    append,
    prepend,
    splice,
    as_text_mode,
)
OWN: dict[str, tuple[Change, ...]] = {
    "csv": (odd_marks,),
    "xlsx": (members, xml, xml),
    "sav": (odd_number, odd_counts, odd_records),
    "parquet": (footer, pages),
}

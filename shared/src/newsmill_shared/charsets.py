"""Names of character encodings as the web writes them, and where a document declares its own.

Labels and the prescan follow the WHATWG Encoding and HTML standards.
"""

import codecs
import re

__all__ = ["codec_for_label", "declared_in_content", "declared_in_header"]

PRESCAN_BYTES = 128 * 1024
"""How far a declaration is looked for. Browsers stop at 1,024 bytes at first, and start again
when they meet one later; so does many a page rely on it."""

_LABELS = {
    "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8",
    "cp866": "866 cp866 csibm866 ibm866",
    "iso8859-2": "csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2"
    " iso_8859-2:1987 l2 latin2",
    "iso8859-3": "csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3"
    " iso_8859-3:1988 l3 latin3",
    "iso8859-4": "csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4"
    " iso_8859-4:1988 l4 latin4",
    "iso8859-5": "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595"
    " iso_8859-5 iso_8859-5:1988",
    "iso8859-6": "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6"
    " iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987",
    "iso8859-7": "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7"
    " iso88597 iso_8859-7 iso_8859-7:1987 sun_eu_greek",
    "iso8859-8": "csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138"
    " iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 visual csiso88598i iso-8859-8-i logical",
    "iso8859-10": "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6",
    "iso8859-13": "iso-8859-13 iso8859-13 iso885913",
    "iso8859-14": "iso-8859-14 iso8859-14 iso885914",
    "iso8859-15": "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9",
    "iso8859-16": "iso-8859-16",
    "koi8-r": "cskoi8r koi koi8 koi8-r koi8_r",
    "koi8-u": "koi8-ru koi8-u",
    "mac-roman": "csmacintosh mac macintosh x-mac-roman",
    "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "cp874": "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874",
    "cp1250": "cp1250 windows-1250 x-cp1250",
    "cp1251": "cp1251 windows-1251 x-cp1251",
    "cp1252": "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100"
    " iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252"
    " x-user-defined",
    "cp1253": "cp1253 windows-1253 x-cp1253",
    "cp1254": "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9"
    " iso_8859-9:1989 l5 latin5 windows-1254 x-cp1254",
    "cp1255": "cp1255 windows-1255 x-cp1255",
    "cp1256": "cp1256 windows-1256 x-cp1256",
    "cp1257": "cp1257 windows-1257 x-cp1257",
    "cp1258": "cp1258 windows-1258 x-cp1258",
    "gb18030": "chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk"
    " gb18030",
    "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "euc-jp": "cseucpkdfmtjapanese euc-jp x-euc-jp",
    "iso2022-jp": "csiso2022jp iso-2022-jp",
    "cp932": "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis",
    "cp949": "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601"
    " ksc_5601 windows-949",
    "utf-16-be": "unicodefffe utf-16be",
    "utf-16-le": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le",
}
_CODECS = {label: codec for codec, labels in _LABELS.items() for label in labels.split()}

_CODE_PAGE = re.compile(r"(?:windows|win|cp)*(125[0-8]|874|866|932|949)")
_MARKS = re.compile(r"[-_ .:]|^x-")
_FOLDED = {_MARKS.sub("", label): codec for label, codec in _CODECS.items()} | {
    "utf8mb3": "utf-8",
    "utf8mb4": "utf-8",
    "eucjpms": "euc-jp",
    "eucjpwin": "euc-jp",
    "sjiswin": "cp932",
    "uhc": "cp949",
    "ms949": "cp949",
    "big5eten": "big5hkscs",
    "koi8ru": "koi8-u",
}
"""Labels without their punctuation, and names that databases and mail programs use."""
_SPACES = b" \t\n\x0c\r"
_TAG = re.compile(rb"</?[A-Za-z]")
_TAG_NAME = re.compile(rb"[^ \t\n\x0c\r>]*")
_GAP = re.compile(rb"[ \t\n\x0c\r/]*")
_ATTRIBUTE_NAME = re.compile(rb"[ \t\n\x0c\r/]*([^ \t\n\x0c\r/>][^ \t\n\x0c\r/>=]*)")
_EQUALS = re.compile(rb"[ \t\n\x0c\r]*=[ \t\n\x0c\r]*")
_ATTRIBUTE_VALUE = re.compile(
    rb"\"([^\"]*)\"|'([^']*)'|(?=>)|([^ \t\n\x0c\r>\"'][^ \t\n\x0c\r>]*)(?=[ \t\n\x0c\r>])"
)
_CHARSET = re.compile(rb"charset[ \t\n\x0c\r]*=[ \t\n\x0c\r]*", re.IGNORECASE)
_VALUE = re.compile(rb"\"([^\"]*)\"|'([^']*)'|([^\"' \t\n\x0c\r;][^ \t\n\x0c\r;]*)")
_XML_DECLARATION = re.compile(
    rb"<\?xml\s[^>]*?encoding\s*=\s*(?:\"([^\">]*)\"|'([^'>]*)')[^>]*\?>", re.IGNORECASE
)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([^\"'\s;,]+)", re.IGNORECASE)


def codec_for_label(label: str) -> str | None:
    """Return Python's codec for a label, or None for a label the web does not know.

    As browsers do, ISO-8859-1 is read as windows-1252 and GB2312 as GB18030; spellings that
    only differ in their punctuation (``win1251``, ``euc_jp``) are understood too.
    """
    name = label.strip("\t\n\x0c\r ").lower()
    folded = _MARKS.sub("", name)
    codec = _CODECS.get(name) or _FOLDED.get(folded)
    if codec is None and (page := _CODE_PAGE.fullmatch(folded)):
        codec = codecs.lookup(f"cp{page[1]}").name
    return codec


def declared_in_header(content_type: str | None) -> str | None:
    """Return the codec that a Content-Type header names, or None."""
    match = _HEADER_CHARSET.search(content_type or "")
    return codec_for_label(match[1]) if match else None


def declared_in_content(body: bytes) -> str | None:
    """Return the codec that a document declares in a meta element or its XML declaration."""
    head = body[:PRESCAN_BYTES]
    codec = _prescan(head) or _in_xml_declaration(head)
    # A declaration that can be read byte by byte is not in UTF-16.
    return "utf-8" if codec in ("utf-16-le", "utf-16-be") else codec


def _in_xml_declaration(head: bytes) -> str | None:
    match = _XML_DECLARATION.match(head.lstrip(_SPACES))
    return codec_for_label((match[1] or match[2] or b"").decode("latin-1")) if match else None


def _prescan(data: bytes) -> str | None:
    """Prescan a byte stream to determine its encoding (HTML standard, 13.2.3.2)."""
    position = 0
    while (position := data.find(b"<", position)) >= 0:
        if data.startswith(b"<!--", position):
            end = data.find(b"-->", position + 2)
            if end < 0:
                return None
            position = end + 3
        elif _is_meta(data, position):
            codec, position = _read_meta(data, position + 6)
            if codec is not None:
                return codec
        elif _TAG.match(data, position):
            name = _TAG_NAME.match(data, position)
            position = name.end() if name else position + 1
            attribute: tuple[bytes, bytes] | None = (b"", b"")
            while attribute is not None:
                attribute, position = _read_attribute(data, position)
        elif data[position + 1 : position + 2] in (b"!", b"/", b"?"):
            position = data.find(b">", position)
            if position < 0:
                return None
        else:
            position += 1
    return None


def _is_meta(data: bytes, position: int) -> bool:
    return (
        data[position : position + 5].lower() == b"<meta"
        and data[position + 5 : position + 6] != b""
        and data[position + 5 : position + 6] in _SPACES + b"/"
    )


def _read_meta(data: bytes, position: int) -> tuple[str | None, int]:
    """Return the codec that a meta element declares, and where it ends."""
    seen: set[bytes] = set()
    is_pragma = False
    needs_pragma: bool | None = None
    label: str | None = None
    attribute, position = _read_attribute(data, position)
    while attribute is not None:
        name, value = attribute
        if name not in seen:
            seen.add(name)
            if name == b"http-equiv" and value == b"content-type":
                is_pragma = True
            elif name == b"content" and label is None:
                label = _charset_in(value)
                needs_pragma = True if label is not None else needs_pragma
            elif name == b"charset":
                label = value.decode("latin-1")
                needs_pragma = False
        attribute, position = _read_attribute(data, position)
    if label is None or needs_pragma is None or (needs_pragma and not is_pragma):
        return None, position
    return codec_for_label(label), position


def _charset_in(content: bytes) -> str | None:
    """Extract a character encoding from a meta element's content (HTML standard, 2.5.4)."""
    match = _CHARSET.search(content)
    value = _VALUE.match(content, match.end()) if match else None
    return (value[1] or value[2] or value[3] or b"").decode("latin-1") if value else None


def _read_attribute(data: bytes, start: int) -> tuple[tuple[bytes, bytes] | None, int]:
    """Get an attribute (HTML standard, 13.2.3.2): name and value in lower case, or None.

    At the end of the data there is no attribute: what is cut off declares nothing.
    """
    name = _ATTRIBUTE_NAME.match(data, start)
    if name is None:
        end = _GAP.match(data, start)
        return None, end.end() if end else start
    equals = _EQUALS.match(data, name.end())
    if equals is None:
        return (
            (None, len(data)) if name.end() == len(data) else ((name[1].lower(), b""), name.end())
        )
    value = _ATTRIBUTE_VALUE.match(data, equals.end())
    if value is None:
        return None, len(data)
    text = value[1] or value[2] or value[3] or b""
    return (name[1].lower(), text.lower()), value.end()

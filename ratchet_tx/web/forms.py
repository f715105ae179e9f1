"""
Parses the fields of a request's form and query, in linear time.

twisted.web parses forms before it calls a page, in time that is quadratic in the body's length, or by recursion as deep as
the peer chooses: a body of 200 kB can block the process for half a minute. This parser refuses anything that no browser
sends.
"""

import re

from twisted.web.http import parse_qs

from ratchet_tx.errors import RatchetError

#: How many fields a form may have, and a query; Django has the same limit.
MOST_FIELDS = 1000

#: How many bytes the head of one part of a C{multipart/form-data} body may have.
_MOST_PART_HEAD = 4096

#: How many bytes the boundary between parts may have (RFC 2046 section 5.1.1).
_LONGEST_BOUNDARY = 70

_DISPOSITION = re.compile(rb"content-disposition: *form-data *(?=;)", re.I)

#: A parameter of a header's value, with the semicolon before it (RFC 9110 section 5.6.6).
_PARAMETER = re.compile(rb"""; *([\w*-]{1,40})=(?:"([^"\r\n]*)"|([^\s;"]*))""")

Fields = dict[bytes, list[bytes]]


class BadForm(RatchetError):
    """
    Raised for a form that can't be parsed, or has too many fields; it says which rule the form breaks.
    """


def readQuery(query: bytes) -> Fields:
    """
    Parse C{a=1&b=2}: a query, or a form of the type C{application/x-www-form-urlencoded}.

    @return: all values of each name; fields without C{=} are left out, as in twisted.web
    @raise BadForm: for more than L{MOST_FIELDS} fields
    """
    if query.count(b"&") + query.count(b";") >= MOST_FIELDS:
        raise BadForm(f"a form or a query of more than {MOST_FIELDS} fields")
    return dict(parse_qs(query, keep_blank_values=True))


def readForm(contentType: bytes, body: bytes) -> Fields:
    """
    Parse the body of a form, as browsers send it.

    @return: as in L{readQuery}; empty for a body that isn't a form
    @raise BadForm: for a form that can't be parsed
    """
    kind = contentType.partition(b";")[0].strip().lower()
    if kind == b"application/x-www-form-urlencoded":
        return readQuery(body)
    return _readMultipart(contentType, body) if kind == b"multipart/form-data" else {}


def _readMultipart(contentType: bytes, body: bytes) -> Fields:
    boundary = _parameter(contentType, b"boundary")
    if not boundary or len(boundary) > _LONGEST_BOUNDARY:
        raise BadForm("multipart/form-data without a boundary")
    # A line that only begins like the boundary belongs to a field, such as another form's boundary.
    delimiter = re.compile(b"\r\n--" + re.escape(boundary) + rb"(?=(?:--)?[ \t]*(?:\r\n|\Z))")
    # Two more than the fields: the text before the first boundary, and after the last.
    _, *parts = delimiter.split(b"\r\n" + body, MOST_FIELDS + 2)
    if len(parts) > MOST_FIELDS + 1:
        raise BadForm(f"a form or a query of more than {MOST_FIELDS} fields")
    if not parts or not parts[-1].startswith(b"--"):
        raise BadForm("multipart/form-data that doesn't end")
    fields: Fields = {}
    for part in parts[:-1]:
        name, value = _readPart(part)
        fields.setdefault(name, []).append(value)
    return fields


def _readPart(part: bytes) -> tuple[bytes, bytes]:
    """
    Parse C{\\r\\n}, the headers, an empty line, and the value.
    """
    end = part.find(b"\r\n\r\n", 0, _MOST_PART_HEAD)
    lines = part[:end].split(b"\r\n") if end >= 0 else []
    names = [_parameter(line[found.end() :], b"name") for line in lines if (found := _DISPOSITION.match(line))]
    if len(names) != 1 or names[0] is None:
        raise BadForm("multipart/form-data with a part without a name")
    return names[0], part[end + 4 :]


def _parameter(text: bytes, name: bytes) -> bytes | None:
    """
    Find a parameter of a header's value by its name, in any case.
    """
    for found in _PARAMETER.finditer(text):
        if found[1].lower() == name:
            return found[3] if found[2] is None else found[2]
    return None

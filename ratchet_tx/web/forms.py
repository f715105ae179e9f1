"""
Parses the fields of a request's form and query, within bounds.

twisted.web reads forms before it asks a page, in time that grows with the square of what a peer sends, or by recursion whose
depth the peer chooses: a body of 200 kB can hold the process for half a minute.  What is here is linear, and gives up at the
first thing that no browser sends.
"""

import re

from twisted.web.http import parse_qs

from ratchet_tx.errors import RatchetError

#: How many fields a form may have, and a query; Django has the same limit.
MOST_FIELDS = 1000

#: How long the head of one part of a C{multipart/form-data} body may be.
_MOST_PART_HEAD = 4096

#: How long what separates the parts of a body is at most (RFC 2046 section 5.1.1).
_LONGEST_BOUNDARY = 70

_DISPOSITION = re.compile(rb"content-disposition: *form-data *(?=;)", re.I)

#: What may stand behind a header's value (RFC 9110 section 5.6.6), each begun by a semicolon.
_PARAMETER = re.compile(rb"""; *([\w*-]{1,40})=(?:"([^"\r\n]*)"|([^\s;"]*))""")

Fields = dict[bytes, list[bytes]]


class BadForm(RatchetError):
    """
    A form that can't be read, or has too many fields; it says which rule it breaks.
    """


def readQuery(query: bytes) -> Fields:
    """
    Read C{a=1&b=2}, which is a query, or a form as C{application/x-www-form-urlencoded}.

    @return: all values of each name; what has no C{=} is left out, as twisted.web does it
    @raise BadForm: where there are more than L{MOST_FIELDS}
    """
    if query.count(b"&") + query.count(b";") >= MOST_FIELDS:
        raise BadForm(f"a form or a query of more than {MOST_FIELDS} fields")
    return dict(parse_qs(query, keep_blank_values=True))


def readForm(contentType: bytes, body: bytes) -> Fields:
    """
    Read a form's body, as browsers send it.

    @return: as L{readQuery}; nothing for a body that is no form
    @raise BadForm: where it can't be read
    """
    kind = contentType.partition(b";")[0].strip().lower()
    if kind == b"application/x-www-form-urlencoded":
        return readQuery(body)
    return _readMultipart(contentType, body) if kind == b"multipart/form-data" else {}


def _readMultipart(contentType: bytes, body: bytes) -> Fields:
    boundary = _parameter(contentType, b"boundary")
    if not boundary or len(boundary) > _LONGEST_BOUNDARY:
        raise BadForm("multipart/form-data without a boundary")
    # A line that only begins so is another form's, which stands in a field of this one.
    delimiter = re.compile(b"\r\n--" + re.escape(boundary) + rb"(?=(?:--)?[ \t]*(?:\r\n|\Z))")
    # One more than there may be: what stands before the first, and what stands behind the last.
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
    Read C{\\r\\n}, the headers, an empty line, and the value.
    """
    end = part.find(b"\r\n\r\n", 0, _MOST_PART_HEAD)
    lines = part[:end].split(b"\r\n") if end >= 0 else []
    names = [_parameter(line[found.end() :], b"name") for line in lines if (found := _DISPOSITION.match(line))]
    if len(names) != 1 or names[0] is None:
        raise BadForm("multipart/form-data with a part without a name")
    return names[0], part[end + 4 :]


def _parameter(text: bytes, name: bytes) -> bytes | None:
    """
    Find a parameter of a header's value by its name, which is written in any case.
    """
    for found in _PARAMETER.finditer(text):
        if found[1].lower() == name:
            return found[3] if found[2] is None else found[2]
    return None

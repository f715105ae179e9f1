"""
The fields of forms and queries.
"""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet_tx.web.forms import MOST_FIELDS, BadForm, readForm, readQuery
from tests.kit.examples import examples

URLENCODED = b"application/x-www-form-urlencoded"


def part(name: bytes, value: bytes, more: bytes = b"") -> bytes:
    return b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (name, more, value)


def test_query() -> None:
    """Names and values are unquoted, and a name may have several values."""
    assert readQuery(b"a=1&b=%C3%A9&a=2+3&c=&d") == {b"a": [b"1", b"2 3"], b"b": ["é".encode()], b"c": [b""]}
    assert readQuery(b"") == {}
    assert readQuery(b"%zz=%&%=%%%") == {b"%zz": [b"%"], b"%": [b"%%%"]}


def test_urlencoded() -> None:
    """A form is parsed like a query, whatever its type's parameters are; another body isn't a form."""
    assert readForm(URLENCODED, b"a=1") == {b"a": [b"1"]}
    assert readForm(b" Application/X-WWW-Form-URLencoded ; charset=UTF-8", b"a=1") == {b"a": [b"1"]}
    assert readForm(b"application/json", b"a=1") == {}
    assert readForm(b"", b"a=1") == {}


@pytest.mark.parametrize(
    "boundary", [b"boundary=x", b'boundary="x"', b"charset=utf-8; boundary=x", b"BOUNDARY=x; charset=utf-8"]
)
def test_multipart(boundary: bytes) -> None:
    """A form with files is parsed, each value as bytes."""
    file = part(b"file", b"\x00\r\n--y\r\n", b'; filename="a.bin"\r\nContent-Type: application/octet-stream')
    body = part(b"a", b"1") + file + part(b"a", b"") + b"--x--\r\n"
    fields = readForm(b"multipart/form-data; " + boundary, body)
    assert fields == {b"a": [b"1", b""], b"file": [b"\x00\r\n--y\r\n"]}


@pytest.mark.parametrize("value", [b"--xy\r\n1\r\n--xy--", b"\r\n--x-\r\n", b"\r\n-x", b"\r\n--x--y"])
def test_nested(value: bytes) -> None:
    """A line that only begins with the boundary belongs to a value."""
    assert readForm(b"multipart/form-data; boundary=x", part(b"a", value) + b"--x--\r\n") == {b"a": [value]}


@pytest.mark.parametrize(
    "disposition",
    [b"name=a", b"NAME=a; x=y", b'filename="n; name=b"; name="a"', b"filename*=UTF-8''n; name=a"],
)
def test_names(disposition: bytes) -> None:
    """A part's name is found at any place, quoted or not."""
    body = b"--x\r\nContent-Disposition: form-data; %s\r\n\r\n1\r\n--x--\r\n" % disposition
    assert readForm(b"multipart/form-data; type=other; boundary=x", body) == {b"a": [b"1"]}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x\r\n",
        part(b"a", b"1"),
        b"--x\r\n\r\n1\r\n--x--",
        b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--",
        part(b"a", b"1", b"\r\nX: " + b"y" * 5000) + b"--x--",
    ],
    ids=["empty", "begun", "noEnd", "noHead", "noName", "longHead"],
)
def test_badMultipart(body: bytes) -> None:
    """Forms that browsers don't send are refused."""
    with pytest.raises(BadForm):
        readForm(b"multipart/form-data; boundary=x", body)


@pytest.mark.parametrize("more", [b"", b"; boundary=", b"; boundary=" + b"x" * 71, b"; a" + b";" * 10_000, b"; " * 10_000])
def test_badTypes(more: bytes) -> None:
    """A type without a boundary, or with a thousand parameters, is refused."""
    with pytest.raises(BadForm):
        readForm(b"multipart/form-data" + more, part(b"a", b"1") + b"--x--")


def test_bounds() -> None:
    """The greatest number of fields is accepted, and one more is refused."""
    assert len(readQuery(b"&".join(b"%d=" % number for number in range(MOST_FIELDS)))) == MOST_FIELDS
    multipart = b"multipart/form-data; boundary=x"
    parts = [part(b"%d" % number, b"") for number in range(MOST_FIELDS + 1)]
    assert len(readForm(multipart, b"".join(parts[:-1]) + b"--x--")) == MOST_FIELDS
    for separator in (b"&", b";"):
        with pytest.raises(BadForm):
            readQuery(separator * MOST_FIELDS)
    with pytest.raises(BadForm):
        readForm(multipart, b"".join(parts) + b"--x--")


@examples(300)
@given(st.binary(max_size=200), st.binary(max_size=200))
def test_anything(contentType: bytes, body: bytes) -> None:
    """Any form is parsed or refused."""
    for kind in (contentType, URLENCODED, b"multipart/form-data; " + contentType, b"multipart/form-data; boundary=x"):
        with suppress(BadForm):
            readForm(kind, body)

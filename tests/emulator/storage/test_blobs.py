"""The emulator's blobs: what is served, what is refused and how, held by raw requests."""

from __future__ import annotations

import base64
import hashlib
import itertools
import ssl
import urllib.error
import urllib.request
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from urllib.parse import quote

import pytest

from tests.conftest import Emulator

_numbers = itertools.count(1)
AUDIENCE = "https://storage.azure.com"
SERVED = {"x-ms-version": "2021-12-02"}


@dataclass(frozen=True)
class Reply:
    """An answer: its body is bytes."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def error(self) -> tuple[int, str, str]:
        """Status, code and the first line of the sentence, the same in header and body."""
        document = ET.fromstring(self.body)  # noqa: S314 - the emulator's own
        code, message = document.findtext("Code", ""), document.findtext("Message", "")
        assert code == self.headers["x-ms-error-code"]
        assert self.headers["Content-Type"] == "application/xml"
        return self.status, code, message.splitlines()[0]


@dataclass(frozen=True)
class Account:
    """A storage account of its own."""

    emulator: Emulator
    name: str
    token: str

    def call(self, method: str, path: str, content: bytes | None = None, **headers: str) -> Reply:
        """A request with a token; underscores in names of headers are hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {**SERVED, "Authorization": f"Bearer {self.token}", **named}
        kept = {name: value for name, value in sent.items() if value}
        url = f"{self.emulator.base}/{self.name}/{path}"
        request = urllib.request.Request(url, content, kept, method=method)  # noqa: S310 - https
        context = ssl.create_default_context(cafile=self.emulator.ca_file)
        try:
            with urllib.request.urlopen(request, context=context) as answer:  # noqa: S310 - https
                return Reply(answer.status, answer.read(), dict(answer.headers))
        except urllib.error.HTTPError as refusal:
            with refusal:
                return Reply(refusal.code, refusal.read(), dict(refusal.headers))

    def put(self, name: str, content: bytes, **headers: str) -> Reply:
        """Put Blob."""
        return self.call("PUT", f"box/{name}", content, x_ms_blob_type="BlockBlob", **headers)


@pytest.fixture
def account(emulator: Emulator) -> Account:
    """An account with a container `box`."""
    token = emulator.credential().get_token(f"{AUDIENCE}/.default").token
    made = Account(emulator, f"shop{next(_numbers)}", token)
    assert made.call("PUT", "box?restype=container", b"").status == 201
    return made


def test_a_put_on_condition_of_what_is_there_changes_nothing_else(account: Account) -> None:
    refused = (
        412,
        "ConditionNotMet",
        "The condition specified using HTTP conditional header(s) is not met.",
    )
    assert account.put("one", b"1", If_Match='"0x0"').error == refused
    assert account.call("GET", "box/one").status == 404
    account.put("one", b"1")
    assert account.put("one", b"2", If_Match='"0x0"').error == refused
    tag = account.call("HEAD", "box/one").headers["ETag"]
    assert account.put("one", b"2", If_Match=tag).status == 201
    assert account.call("GET", "box/one").body == b"2"


def listed(account: Account, query: str = "") -> tuple[list[str], str]:
    """The names, and the marker of the next page."""
    reply = account.call("GET", f"box?restype=container&comp=list{query}")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/xml")
    document = ET.fromstring(reply.body)  # noqa: S314 - the emulator's own
    names = [one.findtext("Name", "") for one in document.iter("Blob")]
    return names, document.findtext("NextMarker", "")


def test_blobs_are_listed_by_prefix_and_in_pages(account: Account) -> None:
    assert listed(account) == ([], "")
    for name in ("b/2", "a<1>", "b/1", "b/3"):
        account.put(quote(name), b"x")

    assert listed(account) == (["a<1>", "b/1", "b/2", "b/3"], "")
    assert listed(account, "&prefix=b/&maxresults=2") == (["b/1", "b/2"], "b/3")
    assert listed(account, "&prefix=b/&maxresults=2&marker=b/3") == (["b/3"], "")
    for wrong in ("0", "5001", "x"):
        refusal = account.call("GET", f"box?restype=container&comp=list&maxresults={wrong}")
        assert refusal.error[:2] == (400, "OutOfRangeQueryParameterValue")


def test_a_blob_is_deleted_once_and_only_as_it_is_meant(account: Account) -> None:
    tag = account.put("one", b"1").headers["ETag"]
    assert account.call("PUT", "box/one?comp=metadata", b"").status == 200
    assert account.call("DELETE", "box/one", If_Match='"0x0"').error[:2] == (412, "ConditionNotMet")
    assert account.call("GET", "box/one").headers["ETag"] != tag

    assert account.call("DELETE", "box/one").status == 202

    assert account.call("DELETE", "box/one").error[:2] == (404, "BlobNotFound")
    assert account.call("PUT", "box/one?comp=metadata", b"").error[:2] == (404, "BlobNotFound")
    assert listed(account) == ([], "")


def test_a_container_is_made_once_and_told(account: Account) -> None:
    again = account.call("PUT", "box?restype=container", b"")
    assert again.error == (
        409,
        "ContainerAlreadyExists",
        "The specified container already exists.",
    )
    told = account.call("HEAD", "box?restype=container")
    assert (told.status, told.body) == (200, b"")
    assert told.headers["ETag"].startswith('"0x')
    assert account.call("GET", "box?restype=container").headers["Last-Modified"]
    absent = account.call("GET", "no-box?restype=container")
    assert absent.error[:2] == (404, "ContainerNotFound")


def test_a_blob_is_put_and_got_byte_by_byte(account: Account) -> None:
    content = bytes(range(256))
    made = account.put("sha256/abc", content)
    digest = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()

    assert (made.status, made.headers["Content-MD5"]) == (201, digest)
    got = account.call("GET", "box/sha256/abc")
    assert (got.status, got.body) == (200, content)
    assert got.headers["Content-Type"] == "application/octet-stream"
    assert got.headers["x-ms-blob-type"] == "BlockBlob"
    assert (got.headers["ETag"], got.headers["x-ms-version"]) == (
        made.headers["ETag"],
        SERVED["x-ms-version"],
    )
    told = account.call("HEAD", "box/sha256/abc")
    assert (told.status, told.body, told.headers["Content-Length"]) == (200, b"", "256")


def test_a_blob_that_is_there_is_not_written_again_where_none_may_be(account: Account) -> None:
    assert account.put("a", b"1", If_None_Match="*").status == 201
    again = account.put("a", b"2", If_None_Match="*")
    assert again.error == (409, "BlobAlreadyExists", "The specified blob already exists.")
    assert account.call("GET", "box/a").body == b"1"
    assert account.put("a", b"3").status == 201
    assert account.call("GET", "box/a").body == b"3"


def test_what_is_not_there_is_told_by_its_code(account: Account) -> None:
    assert account.call("GET", "box/nowhere").error == (
        404,
        "BlobNotFound",
        "The specified blob does not exist.",
    )
    absent = account.call("PUT", "no-box/a", b"", x_ms_blob_type="BlockBlob")
    assert absent.error == (
        404,
        "ContainerNotFound",
        "The specified container does not exist.",
    )
    assert account.call("HEAD", "box/nowhere").headers["x-ms-error-code"] == "BlobNotFound"


def test_only_a_token_for_storage_is_let_in(account: Account) -> None:
    anonymous = account.call("GET", "box/a", Authorization="")
    assert anonymous.error[:2] == (401, "NoAuthenticationInformation")
    assert AUDIENCE in anonymous.headers["WWW-Authenticate"]
    of_manager = account.call("GET", "box/a", Authorization=f"Bearer {account.emulator.token()}")
    assert of_manager.error[:2] == (401, "InvalidAuthenticationInfo")
    assert "wrong audience" in of_manager.error[2]
    shared = account.call("GET", "box/a", Authorization="SharedKey a:b")
    assert shared.error[:2] == (403, "AuthenticationFailed")


def test_a_token_for_storage_opens_nothing_else(account: Account) -> None:
    reply = account.emulator.call("GET", "/resourcegroups", token=account.token)
    assert (reply.status, reply.body["error"]["code"]) == (
        401,
        "InvalidAuthenticationTokenAudience",
    )


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "?comp=list", {}),
        ("GET", "box?restype=container&comp=list&include=metadata", {}),
        ("DELETE", "box?restype=container", {}),
        ("DELETE", "box/a", {"If_None_Match": "*"}),
        ("DELETE", "box/a?snapshot=1", {}),
        ("PUT", "box/a?comp=block&blockid=AAAA", {"x_ms_blob_type": "BlockBlob"}),
        ("PUT", "box/a", {"x_ms_blob_type": "PageBlob"}),
        ("PUT", "box/a", {"x_ms_blob_type": "BlockBlob", "x_ms_meta_who": "me"}),
        ("PUT", "box/a", {"x_ms_blob_type": "BlockBlob", "If_None_Match": '"0x1"'}),
        ("GET", "box/a", {"If_Match": '"0x1"'}),
        ("GET", "box/a", {"Range": "bytes=0-1"}),
        ("GET", "box/a", {"If_None_Match": '"0x1"'}),
        ("GET", "box/a?timeout=3", {}),
    ],
)
def test_what_is_not_served_is_refused_by_name(
    account: Account, method: str, path: str, headers: dict[str, str]
) -> None:
    refusal = account.call(method, path, b"" if method == "PUT" else None, **headers)
    assert refusal.error[:2] == (501, "NotImplemented")
    assert refusal.error[2].startswith("The emulator does not serve ")


@pytest.mark.parametrize(
    ("path", "headers", "code"),
    [
        ("box/a", {"x_ms_version": "2016-05-31"}, "InvalidHeaderValue"),
        ("box/a", {"x_ms_version": "new"}, "InvalidHeaderValue"),
        ("Box/a", {}, "InvalidResourceName"),
        ("box/a", {"x_ms_blob_type": ""}, "MissingRequiredHeader"),
        ("box/a", {"Content_MD5": "AAAA"}, "Md5Mismatch"),
        (f"box/{'a' * 1025}", {}, "InvalidUri"),
    ],
)
def test_what_azure_refuses_is_refused_with_its_code(
    account: Account, path: str, headers: dict[str, str], code: str
) -> None:
    refusal = account.call("PUT", path, b"x", **{"x_ms_blob_type": "BlockBlob", **headers})
    assert refusal.error[:2] == (400, code)

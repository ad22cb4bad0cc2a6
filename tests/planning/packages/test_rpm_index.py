"""What rpm repositories publish, as values."""

from __future__ import annotations

import pytest

from pipeline.planning.packages.rpm_advisories import fixed
from pipeline.planning.packages.rpm_index import (
    LONGEST_PROLOG,
    Checksum,
    Data,
    Mirrors,
    is_plain,
    mirrors,
    repomd,
)

SUM = "0a" * 32
REPOMD = f"""<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm">
  <revision>8</revision>
  <data type="primary">
    <checksum type="sha256">{SUM.upper()}</checksum>
    <open-checksum type="sha256">{SUM}</open-checksum>
    <location href="repodata/{SUM}-primary.xml.gz"/>
    <size>10</size><open-size>100</open-size>
  </data>
  <data type="updateinfo">
    <checksum type="sha512">{SUM * 2}</checksum>
    <location xml:base="http://example.com/other/" href="updateinfo.xml"/>
    <size>-1</size>
  </data>
  <data type="filelists"><checksum type="sha256">{SUM}</checksum><location href="files"/></data>
  <data type="primary_zck"><checksum type="sha256">{SUM}</checksum><location href="zck"/></data>
</repomd>
"""


def test_an_index_names_lists_with_their_checksums() -> None:
    found = repomd(REPOMD.encode())
    assert set(found) == {"primary", "updateinfo", "filelists"}
    assert found["primary"] == Data(
        "primary", f"repodata/{SUM}-primary.xml.gz", "", Checksum("sha256", SUM), 10, 100
    )
    assert found["primary"].name == f"primary-{SUM}.xml.gz"
    told = found["updateinfo"]
    assert (told.base, told.checksum.kind, told.size) == ("http://example.com/other/", "sha512", 0)
    assert told.name == f"updateinfo-{SUM * 2}.xml"
    assert found["filelists"].name == f"filelists-{SUM}"


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ("", "not XML without a document type"),
        ("<repomd>", "not XML: "),
        ("<repomd/>", "no list of packages"),
        (REPOMD.replace('"sha256"', '"sha"'), "not a checksum that is believed: sha"),
        (REPOMD.replace(' type="sha256"', ""), "not a checksum that is believed: none"),
        (REPOMD.replace(SUM.upper(), "x"), "not a checksum that is believed"),
        (REPOMD.replace(f' href="repodata/{SUM}-primary.xml.gz"', ""), "primary has no address"),
    ],
)
def test_an_index_that_names_nothing_sound_is_refused(told: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        repomd(told.encode())


@pytest.mark.parametrize(
    ("start", "answer"),
    [
        (b"<a/>", True),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- what -->\n<?pi?> <a", True),
        (b"<?xml version='1.0' encoding='utf-8'?><a", True),
        (b"<?xml version='1.0' encoding='iso-2022-jp'?><a", False),
        (b"<!DOCTYPE a><a", False),
        (b"<?xml version='1.0'?><!-- <a> --><!DOCTYPE a><a", False),
        (b"<\0a\0", False),
        (b" " * LONGEST_PROLOG + b"<a", False),
        (b" <!--" * 9999, False),
        (b"text", False),
    ],
)
def test_only_xml_without_entities_is_read(start: bytes, answer: bool) -> None:
    assert is_plain(start) == answer


def test_a_list_of_mirrors_is_read() -> None:
    assert mirrors(b"# a\nhttp://one.example.com/x/\n\nhttps://two.example.com\nrsync://x\n") == (
        Mirrors(("http://one.example.com/x", "https://two.example.com"))
    )


def test_a_metalink_is_read() -> None:
    told = (
        '<metalink xmlns="http://www.metalinker.org/" xmlns:mm0="http://example.com/mm0"><files>'
        f'<file name="repomd.xml"><mm0:alternates><mm0:alternate><verification>'
        f'<hash type="sha256">{"0b" * 32}</hash></verification></mm0:alternate></mm0:alternates>'
        f'<verification><hash type="md5">00</hash><hash type="sha256">{SUM}</hash></verification>'
        '<resources><url preference="90">http://slow.example.com/r/repodata/repomd.xml</url>'
        '<url preference="100">https://fast.example.com/r/repodata/repomd.xml</url>'
        "<url>rsync://example.com/r/repodata/repomd.xml</url>"
        "<url>http://last.example.com/r/repodata/repomd.xml</url>"
        "<url>http://example.com/other</url><url/></resources></file></files></metalink>"
    )
    assert mirrors(told.encode()) == Mirrors(
        ("https://fast.example.com/r", "http://slow.example.com/r", "http://last.example.com/r"),
        (Checksum("sha256", "0b" * 32), Checksum("sha256", SUM)),
    )


@pytest.mark.parametrize("content", [b"", b"nothing", b"<metalink/>", b"<", b"<!DOCTYPE a><a/>"])
def test_what_names_no_mirror_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"no mirror|not XML"):
        mirrors(content)


UPDATES = """<?xml version="1.0"?><updates>
<update type="security"><id>A</id><pkglist><collection>
<package name="nginx" epoch="2" version="1.20" release="1.el9" arch="x86_64"/>
<package name="nginx" epoch="2" version="1.20" release="1.el9" arch="x86_64"/>
<package name="nginx" epoch="2" version="1.22" release="1.el9" arch="x86_64"/>
<package name="doc" epoch="0" version="1" release="1" arch="noarch"/>
<package name="bare" version="1" release="1" arch="noarch"/>
<package name="" version="1"/><package name="none"/>
<package name="nodejs" epoch="1" version="18" release="1.module+el9" arch="x86_64"/>
</collection></pkglist></update>
<update type="bugfix"><pkglist><collection>
<package name="curl" epoch="0" version="8" release="1" arch="x86_64"/>
</collection></pkglist></update></updates>"""


def test_advisories_of_security_name_the_versions_that_fix() -> None:
    whole = UPDATES.encode()
    expected = {
        "bare.noarch": ("1-1",),
        "doc.noarch": ("1-1",),
        "nginx.x86_64": ("2:1.20-1.el9", "2:1.22-1.el9"),
    }
    assert fixed([whole]) == expected
    assert fixed(whole[at : at + 7] for at in range(0, len(whole), 7)) == expected


@pytest.mark.parametrize("pieces", [[b"<a>"], [], [b"<a>", b"</b>"]])
def test_advisories_that_are_no_xml_are_refused(pieces: list[bytes]) -> None:
    with pytest.raises(ValueError, match="not XML"):
        fixed(pieces)

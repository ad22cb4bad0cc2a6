"""Evidence as a folder of files, for whoever has other tools."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pipeline.execution.run.session import Session
from pipeline.planning.evidence.policy import Evidence
from pipeline.state_files import make_folder, naming, open_regular, read_bytes

README = "README.md"
_NAME = re.compile(r"\w[\w.-]*")
"""Names that are written: whoever wrote an unsigned statement chose them."""


def export(session: Session, found: Evidence, folder: Path) -> tuple[str, ...]:
    """Write all of it; answers the names of the files. Raises StateFileError."""
    make_folder(folder)
    keys = session.environment.evidence.signed_by
    seen = (*((found.envelope,) if found.envelope else ()), *found.documents)
    files = {one.named.name: one.content for one in seen if _NAME.fullmatch(one.named.name)}
    files |= {Path(key).name: read_bytes(session.project.root / key) for key in keys}
    files[README] = _page(found, keys).encode()
    for name, content in files.items():
        _write(folder / name, content)
    return tuple(sorted(files))


def _write(path: Path, content: bytes) -> None:
    descriptor = open_regular(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    with naming(path), os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _page(found: Evidence, keys: tuple[str, ...]) -> str:
    listed = "\n".join(f"{one.named.digest}  {one.named.name}" for one in found.documents)
    key = Path(keys[0]).name if keys else "PUBLIC-KEY.pem"
    envelope = found.envelope.named.name if found.envelope else ""
    return f"""\
# Evidence of {found.image} {found.version}

{found.resource}

`{envelope}` is a DSSE envelope around an in-toto statement (SLSA provenance 1.0), SHA-256
{found.digest}. Its byproducts are the other files, by digest:

```
{listed}
```

The subject's digest is that of `descriptor.json`: a version of an Azure Compute Gallery exposes no
digest of its disk, so the disk itself is not hashed.

## Verify it with other tools

The signature, with Packer 1.16 or newer:

```
packer verify-attestation -signing-mode=key -verifier={key} {envelope}
```

The signature, with Python and securesystemslib:

```python
import json
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

envelope = Envelope.from_dict(json.load(open("{envelope}")))
public = load_pem_public_key(open("{key}", "rb").read())
key = SSlibKey.from_crypto(public, keyid=next(iter(envelope.signatures)))
envelope.verify([key], 1)
```

The other files: `sha256sum FILE` for each, against the list above. The statement has it:
`jq -r .payload {envelope} | base64 -d`.

The bill of materials: `cyclonedx validate --input-file sbom.cdx.json`.
"""

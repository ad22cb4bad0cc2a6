"""What Packer is started with: its words, its var-file, its environment, and what is secret."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pipeline.definition.given import KNOWN, SECRET, Plain, takers
from pipeline.definition.model import TRUSTED_LAUNCH, Environment, Image
from pipeline.errors import DefinitionError, Mistake, Unreachable
from pipeline.execution.packer.credential import Credential, credential_for
from pipeline.execution.packer.plugins import refuse_without_plugins
from pipeline.execution.packer.tools import Tools, find_tools, newer
from pipeline.planning.build.packer_variables import variables
from pipeline.planning.build.steps import BakeVersion
from pipeline.planning.plugin import too_old
from pipeline.state_files import write_private

# PACKER_LOG prints the deployment with the machine's password.
NOT_FOR_PACKER = frozenset({"PACKER_LOG", "PACKER_LOG_PATH"})

PROVING = frozenset(KNOWN[reference] for reference in SECRET)
SIGN_IN = PROVING | {"client_id", "tenant_id"}


@dataclass(frozen=True, slots=True)
class Job:
    """What to start, with which process environment, and what of it nobody may see."""

    command: tuple[str, ...]
    surroundings: Mapping[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


def prepare(
    verb: Literal["build", "validate"],
    step: BakeVersion,
    image: Image,
    environment: Environment,
    folder: Path,
    read: Mapping[str, str],
) -> Job:
    """What to start, its var-file written into a folder of the run's own; `read` are the values of
    variables that come from key vaults.

    Raises DefinitionError when the template cannot be right, Unreachable when Packer or a plugin is
    missing or too old, SignInFailed when there is no credential.
    """
    tools = find_tools()
    refuse_without_plugins(image.template, tools)
    refuse_half_trusted(image, tools)
    if wrong := too_old(tools.plugin_version, environment):
        raise Unreachable(f"packer: {wrong}", advice=newer())
    credential = credential_for(environment, tools, declared=image.told)
    here = {**credential.variables, **_cloud(environment, tools)}
    pinned = variables(step, image, environment, here)
    var_file = folder / var_file_name(environment.name, image.name)
    write_private(var_file, json.dumps(pinned, indent=2) + "\n")
    only = (f"-only={','.join(image.only)}",) if image.only else ()
    color = ("-color=false",) if verb == "build" else ()
    words = (verb, *color, *only, f"-var-file={var_file}", str(image.template.folder))
    return Job(
        (str(tools.packer), *words),
        {
            **_surroundings(image, environment, tools, credential),
            **{f"PKR_VAR_{name}": value for name, value in read.items()},
        },
        (*read.values(), *_secrets(image, credential)),
    )


def refuse_half_trusted(image: Image, tools: Tools) -> None:
    """Plugin 2.1 and newer say what the template says, and Azure refuses half of it."""
    is_silent = "security_type" not in image.told
    if image.security_type == TRUSTED_LAUNCH and tools.wants_security_type and is_silent:
        plugin = ".".join(str(number) for number in tools.plugin_version)
        what = f"plugin {plugin} bakes no Trusted Launch image unless the source says security_type"
        right = 'add variable "security_type" { ... } and security_type = var.security_type'
        raise DefinitionError((Mistake(f"packer/{image.template.name}", 1, what, right),))


def var_file_name(environment: str, image: str) -> str:
    """The last part of a var-file's path: by it, a Packer that outlived its run is recognised."""
    return f"{environment}-{image}.pkrvars.json"


def _cloud(environment: Environment, tools: Tools) -> dict[str, Plain]:
    """Public Azure is built in. Another cloud's name is one that Azure does not know: with it,
    Packer fails rather than sending the secret to public Azure when the address does not answer.
    """
    cloud = environment.cloud
    if cloud.is_public:
        return {"cloud_environment_name": "Public"}
    host = tools.metadata_host(cloud.resource_manager)
    return {"cloud_environment_name": cloud.name, "metadata_host": host}


def _surroundings(
    image: Image, environment: Environment, tools: Tools, credential: Credential
) -> dict[str, str]:
    """This process's environment, with one credential: not with parts of another."""
    signing = {
        name: thing
        for name, thing in takers(image.template.variables, image.variables).items()
        if thing in SIGN_IN
    }
    hidden = {*NOT_FOR_PACKER, *(f"PKR_VAR_{name}" for name in {*SIGN_IN, *signing})}
    inherited = {name: value for name, value in os.environ.items() if name not in hidden}
    bundle = environment.cloud.ca_bundle
    trust = {"SSL_CERT_FILE": str(bundle)} if bundle else {}
    secrets = {
        f"PKR_VAR_{name}": credential.secrets.get(thing, "")
        for name, thing in signing.items()
        if thing in credential.secrets or (thing in PROVING and name in image.template.required)
    }
    return {**inherited, **tools.environment(), **trust, **secrets}


def _secrets(image: Image, credential: Credential) -> tuple[str, ...]:
    """What must not be seen: our credential, and what the author passes by the environment."""
    passed = (os.environ.get(f"PKR_VAR_{name}", "") for name in image.template.sensitive)
    return tuple(filter(None, (*credential.secrets.values(), *passed)))

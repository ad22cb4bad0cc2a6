"""Whether Azure would publish what is about to be baked: told before the bake, not after it."""

from __future__ import annotations

from pipeline.advice import Advice, Shell, create_environment
from pipeline.definition.model import Environment, Image
from pipeline.errors import Refused
from pipeline.planning import security
from pipeline.planning.names import image_definition_id


def refuse_unpublishable(image: Image, environment: Environment, security_type: str) -> None:
    """Raises Refused where the image definition takes no version from a machine of this image.

    `security_type` is the definition's in Azure's words, "" for a standard one.
    """
    if wrong := security.takes_no_bake(image.security_type, security_type):
        definition = image_definition_id(environment, image.name)
        delete = Shell(f"az sig image-definition delete --ids {definition}")
        raise Refused(
            f"{definition}: {wrong}; {security.WAYS_OUT}",
            advice=(
                Advice("delete it, once it has no versions", delete),
                Advice("create it again", create_environment()),
            ),
        )

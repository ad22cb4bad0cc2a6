"""What has to be known before a version is revoked: its children, and where it runs."""

from __future__ import annotations

from functools import partial

from pipeline.execution.azure.side_by_side import side_by_side
from pipeline.execution.azure.versions import image_versions
from pipeline.execution.run.session import Session
from pipeline.execution.swap.survey import survey_swap
from pipeline.planning.lineage import version_of
from pipeline.planning.names import Tag
from pipeline.planning.revoke.plan import Child, RevokeSurvey


def survey_revoke(session: Session, image: str, version: str) -> RevokeSurvey:
    """Ask Azure of the image, of those that are made of it, and of what runs."""
    session.image(image)
    is_served = session.environment.load_balancer_of(image) is not None
    running = (survey_swap(session, image),) if is_served else ()
    azure = session.azure
    versions = running[0].versions if running else image_versions(azure, image)
    names = [one.name for one in session.project.images if one.parent == image]
    found = side_by_side([partial(image_versions, azure, name) for name in names])
    children = tuple(
        Child(name, one.name)
        for name, made in zip(names, found, strict=True)
        for one in made
        if version_of(one.tags.get(Tag.BASE, ""), image) == version and not one.is_revoked
    )
    gallery = session.environment.gallery.name
    return RevokeSurvey(image, gallery, versions, children, running)

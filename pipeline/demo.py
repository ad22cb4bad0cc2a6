"""The demo: the whole pipeline on one machine, with the commands a person would type.

It runs in a folder of its own, on copies of the definitions, against an emulator of its own:
nothing of the reader's is changed, and it can be run again at once.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import advice
from pipeline.advice import PACKAGE, Advice, Caller, Command, Shell
from pipeline.definition.balancing import PRODUCTION, FrontendName
from pipeline.definition.files import relative
from pipeline.definition.project import read
from pipeline.errors import PipelineError, UsageError
from pipeline.execution.watch.prober import Load, Prober
from pipeline.output.facts import Output
from pipeline.planning.watch.figures import Watched
from pipeline.planning.watch.targets import Target
from pipeline.project_root import ENVIRONMENTS

LOAD = Load(rate=50.0, late=30.0)
"""What is asked of the production frontend while the second version is brought in.

Answers may take long on a machine that also runs the machines: it tells loss, not slowness.
"""

IMAGE = "web"
"""The image that is shown whole: two versions, traffic, a rollback."""
ALL = "all"
"""Instead of it: the others too, built by one `nightly` and served once each."""
CHOICES = (IMAGE, ALL)
FOLDER = (".pipeline", "demo")
"""Where it runs, below the project's root."""


LOAD_BALANCER = """
  load_balancer "{name}" {{
    image = "{name}"

    rule "http" {{
      production_port = {port}
      staging_port    = {port}
      backend_port    = {port}
    }}
  }}

"""
"""What environments.hcl says of an image that it does not serve yet."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the demo measured: traffic of release and rollback, and the last status."""

    release: Watched
    rollback: Watched
    status: dict[str, Any]
    seconds: float


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a demo runs: its folder, and what the emulator is started with.

    `images` is the folder that theirs are in; `shown` is one of CHOICES. `port` None is that of the
    definitions, `addresses` "" the emulator's own block.
    """

    project: Path
    folder: Path
    images: Path
    machines: str = "qemu"
    shown: str = IMAGE
    port: int | None = None
    addresses: str = ""

    @property
    def program(self) -> list[str]:
        """What runs a command as this one was called; a folder of the reader's shadows nothing."""
        if Caller.program == PACKAGE:
            return [sys.executable, sys.argv[0]]
        return [sys.executable, "-m", "invoke", "--search-root", str(self.project)]


class Demo:
    """One demo. `output` gets what a reader should see besides the commands' own output."""

    def __init__(self, scene: Scene, output: Output) -> None:
        self.scene = scene
        self.folder = scene.folder
        self.say = output.say
        self.tell = output.truth
        self.page = output.page

    def prepare(self) -> None:
        """Copy the definitions afresh, after ending the emulator of an earlier demo."""
        self.end_emulator()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        shutil.copytree(self.scene.project / "packer", self.folder / "packer")
        shutil.copytree(self.scene.images, self.folder / "images")
        text = (self.scene.project / "environments.hcl").read_text()
        if self.scene.port is not None:
            text = text.replace("127.0.0.1:9443", f"127.0.0.1:{self.scene.port}")
        (self.folder / ENVIRONMENTS).write_text(text)
        if self.scene.shown == ALL:
            self.serve_the_others()

    def serve_the_others(self) -> None:
        """Give each image that has instances and no load balancer one in the first environment."""
        project = read(self.folder)
        project.refuse_mistakes()
        environment = project.environments[0]
        file = self.folder / ENVIRONMENTS
        for image in project.images:
            if image.scale_set.capacity and not environment.load_balancer_of(image.name):
                block = LOAD_BALANCER.format(name=image.name, port=image.health.port)
                first = f'environment "{environment.name}" {{\n'
                file.write_text(file.read_text().replace(first, first + block, 1))

    def end_emulator(self) -> None:
        """Stop the emulator of an earlier demo; no error when there is none."""
        if (self.folder / ENVIRONMENTS).exists():
            self.invoke(advice.stop_emulator(), quiet=True)

    def invoke(self, command: Command, *more: str, quiet: bool = False) -> str:
        """Run one command as a person would; when quiet, unseen, and its output is answered."""
        typed = " ".join((command.typed(), *map(shlex.quote, more)))
        if not quiet:
            self.say(f"\n$ {typed}")
        words = shlex.split(typed)[1:]
        ended = subprocess.run(
            [*self.scene.program, *words],
            cwd=self.folder,
            check=False,
            text=True,
            stdout=subprocess.PIPE if quiet else None,
        )
        if ended.returncode:
            raise PipelineError(f"`{typed}` ended with exit code {ended.returncode}")
        return ended.stdout or ""

    def change_the_page(self) -> None:
        """What makes the second version: one changed line of the page."""
        page = self.folder / "images" / "web" / "files" / "index.html"
        text = page.read_text()
        page.write_text(text.replace("</h1>", ", baked anew</h1>", 1))
        self.say("\n# images/web/files/index.html: the heading changes")

    def status(self) -> dict[str, Any]:
        """What `invoke status --json` tells."""
        document: dict[str, Any] = json.loads(self.invoke(advice.status(), "--json", quiet=True))
        return document

    def emulator(self) -> dict[str, Any]:
        """What `invoke emulator.status --json` tells."""
        facts: dict[str, Any] = json.loads(
            self.invoke(advice.emulator_status(), "--json", quiet=True)
        )
        return facts

    @contextmanager
    def under_traffic(self, why: str) -> Iterator[Prober]:
        """Steady requests through the production frontend as long as the block lasts."""
        host, port = frontend(self.status(), IMAGE, PRODUCTION)
        target = Target("http", "http", host, port, "/healthz")
        self.say(f"\n# {LOAD.rate:.0f} requests a second to {target} from here on")
        with Prober([target], LOAD) as prober:
            yield prober
        self.say(f"\n# {why}: {prober.watched}")

    def run(self) -> Outcome:
        """Everything, in order. Raises PipelineError when a command fails or a request is lost."""
        started = time.monotonic()
        chosen = ["--addresses", self.scene.addresses] if self.scene.addresses else []
        self.invoke(advice.start_emulator(), "--machines", self.scene.machines, *chosen)
        self.invoke(advice.create_environment())
        self.release()
        self.change_the_page()
        with self.under_traffic("while 1.0.1 was built, checked, staged and promoted") as release:
            self.release()
        with self.under_traffic("during the rollback") as rollback:
            self.invoke(advice.rollback(IMAGE))
        if self.scene.shown == ALL:
            self.release_the_others()
        self.invoke(advice.status())
        self.invoke(advice.emulator_status())
        seconds = time.monotonic() - started
        outcome = Outcome(release.watched, rollback.watched, self.status(), seconds)
        lost = outcome.release.total.all.lost + outcome.rollback.total.all.lost
        if lost:
            raise PipelineError(f"{lost} requests were lost: {outcome.release}; {outcome.rollback}")
        return outcome

    def release(self) -> None:
        """From the definitions to production."""
        for command in (advice.build_image(IMAGE), advice.stage(IMAGE), advice.promote(IMAGE)):
            self.invoke(command)

    def release_the_others(self) -> None:
        """Build every other image, after those that they are made of, and serve what is served."""
        self.say("\n# all other images, each after the one that it is made of")
        self.invoke(advice.nightly())
        served = [one["image"] for one in self.status()["images"]]
        for image in (name for name in served if name != IMAGE):
            self.invoke(advice.stage(image))
            self.invoke(advice.promote(image))

    def go_on(self, outcome: Outcome) -> None:
        """Say how long it took and what the reader can type next."""
        where = self.folder.relative_to(self.scene.project)
        activate = f"source {relative(self.scene.project, Path(sys.prefix))}/bin/activate && "
        first = f"{'' if Caller.program == PACKAGE else activate}cd {where}"
        self.tell(
            f"\nThe demo took {outcome.seconds / 60:.1f} min; no request was lost."
            " Everything is still running:",
            (
                Advice("first", Shell(first)),
                Advice("show the state", advice.status()),
                Advice("promote again", advice.promote(IMAGE, again=True)),
                Advice("change the app", Shell("$EDITOR images/web/files/index.html")),
                Advice("bake it", advice.build_image(IMAGE)),
                Advice("stop everything", advice.stop_emulator()),
            ),
        )
        found = json.loads(self.invoke(advice.report(), "--json", quiet=True))
        self.page(str(found["page"]))


def show(project: Path, images: str, machines: str, addresses: str, output: Output) -> None:
    """The demo for a reader: in `.pipeline/demo`, left running, with the commands to continue.

    Raises UsageError for `images` that are not one of CHOICES.
    """
    if images not in CHOICES:
        raise UsageError(f'--images "{images}" is not one of {", ".join(CHOICES)}')
    if project.parts[-len(FOLDER) :] == FOLDER:  # typed where an earlier one ended
        project = project.parents[len(FOLDER) - 1]
    folder = project.joinpath(*FOLDER)
    scene = Scene(project, folder, project / "images", machines, images, addresses=addresses)
    demo = Demo(scene, output)
    demo.prepare()
    demo.go_on(demo.run())


def frontend(status: dict[str, Any], image: str, role: FrontendName) -> tuple[str, int]:
    """Address and port of the frontend of an image's first rule pair, from a status document."""
    (found,) = [one for one in status["images"] if one["image"] == image]
    first = found["frontends"][role][0]
    return first["address"], first["port"]

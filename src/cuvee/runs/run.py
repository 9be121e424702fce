"""An open run folder: steps are asked of it, files are published in it, and the manifest concludes it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cuvee import disk, names
from cuvee.runs.claims import LOCK, WORK, Claim, claimed
from cuvee.runs.costs import Cost, measured
from cuvee.runs.hashes import canonical, code_version, digest
from cuvee.runs.manifest import MANIFEST, Output, output_facts, outputs_of, versions, write_json
from cuvee.runs.publishing import publish_file, publish_folder
from cuvee.runs.steps import Step, cost_of, place, there, unfinished
from cuvee.version import VERSION


@dataclass
class Run:
    """An open run folder. Use ``open_run`` to get one."""

    path: Path
    steps: list[Step] = field(default_factory=list)
    published: list[Path] = field(default_factory=list)  # files and folders at the top of the run folder
    made_elsewhere: set[str] = field(default_factory=set)  # steps that were put in place and not yet asked for

    def step(
        self, name: str, depends: Mapping[str, object], make: Callable[[Path], None], *, resumable: bool = False
    ) -> Step:
        """Return the step of this name over these dependencies, making it first if it is not there, or damaged.

        depends: JSON-able; everything that decides the result (fingerprints of earlier steps, settings, seeds).
        make: receives an empty folder and fills it. It may be killed at any point.
        resumable: after a kill ``make`` receives the folder as it was left (with its checkpoints), not an empty one.
        """
        fingerprint, folder = self._address(name, depends)
        found = there(folder)
        if not found:
            self._make(folder, make, resumable)
        reused = found and folder.name not in self.made_elsewhere
        self.made_elsewhere.discard(folder.name)
        cost = cost_of(folder)
        step = Step(name, fingerprint, folder, cost["seconds"], cost["peak_mb"], reused)
        self.steps.append(step)
        return step

    def missing(self, name: str, depends: Mapping[str, object]) -> Path | None:
        """Return the folder in which another process may make a step, for ``put``; None where the step is there."""
        _, folder = self._address(name, depends)
        return None if there(folder) else unfinished(folder)

    def put(self, making: Path, cost: Cost) -> None:
        """Put a step in its place that was made whole in the folder that ``missing`` named; ``step`` then returns it."""
        self.made_elsewhere.add(place(making, cost).name)

    def _address(self, name: str, depends: Mapping[str, object]) -> tuple[str, Path]:
        guests = names.guests_in(canonical(depends).decode())
        fingerprint = digest({"name": name, "depends": depends, "code": code_version(), "guests": guests})
        return fingerprint, self.path / WORK / f"{name}-{fingerprint}"

    def _make(self, folder: Path, make: Callable[[Path], None], resumable: bool) -> None:
        temporary = unfinished(folder)
        if not resumable:
            disk.remove_folder(temporary)
        place(temporary, measured(make, disk.folder(temporary)))

    def publish(self, step: Step, names: list[str]) -> list[Path]:
        """Put copies of a step's files at the top of the run folder, each whole or not at all; return their paths there."""
        files = [publish_file(step.path, name, self.path) for name in names]
        self.published += files
        return files

    def publish_folder(self, step: Step, name: str) -> Path:
        """Put a copy of a step's folder at the top of the run folder, whole or not at all; return its path there."""
        target = publish_folder(step.path, name, self.path)
        self.published.append(target)
        return target

    def conclude(self, verb: str, settings: Mapping[str, object], *, seed: int, **facts: object) -> None:
        """Write ``manifest.json``: the run folder holds what it says, and nothing else.

        settings: every option of the verb as it was typed. facts: what else a reader must know (inputs, model, counts).
        Every published file stands in "outputs" with its path in the run folder, bytes and SHA-256. Files of an earlier run
        in this folder, and the steps that this run did not use, are removed; what was found damaged is kept.
        """
        outputs = [output_facts(file, self.path) for file in self._files()]
        costs = [{key: value for key, value in asdict(step).items() if key != "path"} for step in self.steps]
        whole = {
            "cuvee": VERSION,
            "verb": verb,
            "settings": settings,
            "seed": seed,
            **facts,
            "outputs": outputs,
            "steps": costs,
            "versions": versions(),
            "code": code_version(),
        }
        self._clear(outputs)
        write_json(self.path / MANIFEST, whole)

    def _files(self) -> list[Path]:
        """Return every published file, those in folders too, in the order of publication, each once."""
        found = [
            file
            for path in self.published
            for file in (sorted(part for part in path.rglob("*") if part.is_file()) if path.is_dir() else [path])
        ]
        return list(dict.fromkeys(found))

    def _clear(self, outputs: list[Output]) -> None:
        """Remove what an earlier run left here and this one did not, by its manifest: what a user put here stays."""
        now = {output["file"] for output in outputs}
        for name in outputs_of(self.path):
            if name not in now:
                disk.remove(self.path / name)
        used = {step.path.name for step in self.steps}
        for folder in (self.path / WORK).iterdir():
            if folder.name not in used | {LOCK} and not folder.name.startswith(disk.DAMAGED):
                disk.remove_folder(folder)


@contextmanager
def open_run(path: Path, claim: Claim | None = None) -> Iterator[Run]:
    """Open a run folder for one process at a time.

    Raises ConfigError when another process works in it, when the folder holds something that is not a run, and when it
    holds a finished run of another verb, or of other settings than the claim's, unless that replaces it.
    """
    with claimed(path, claim):
        yield Run(path)

"""lm-eval's tasks by name, and local YAML tasks without a network; results as rows of our table."""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from cuvee.errors import ConfigError
from cuvee.evaluation.table import TABLE
from cuvee.models.causal import Causal
from cuvee.models.needs import need
from cuvee.names import may_run
from cuvee.runs import sha256

if TYPE_CHECKING:
    from lm_eval.tasks import TaskManager

Record = dict[str, Any]  # what lm-eval tells of one sample; its keys depend on the task

OURS = {"acc": "accuracy", "acc_norm": "accuracy_norm", "exact_match": "exact_match"}  # measures that both have
BATCH = 8  # samples that it reads at once


def run(
    causal: Causal,
    tasks: Sequence[str],
    *,
    limit: int | None = None,
    chat: bool = True,
    seed: int = 0,
) -> tuple[pa.Table, list[Record]]:
    """Return our table of every sample of these tasks, and lm-eval's own records of them.

    tasks: names of lm-eval's tasks (their data come from the hub), or paths of YAML tasks of your own, whose data files are
    read relative to the YAML. limit: samples per task, the first ones. chat: put questions in the model's chat template.
    The columns of the table are those of ``TABLE`` and one per further measure; a group of several filters names its
    measures "measure,filter". Raises MissingExtraError without lm-eval, ConfigError for an unknown task.
    """
    need("lm_eval", extra="eval", purpose="--lm-eval")
    from lm_eval import simple_evaluate
    from lm_eval.models.huggingface import HFLM

    manager, named = _manager(tasks)
    model = HFLM(
        pretrained=causal.model,
        tokenizer=causal.tokenizer,
        batch_size=BATCH,
        max_length=causal.max_length,
        trust_remote_code=False,
    )
    with _quiet():
        results = simple_evaluate(
            model=model,
            tasks=named,
            task_manager=manager,
            limit=limit,
            log_samples=True,
            bootstrap_iters=0,
            apply_chat_template=chat,
            random_seed=seed,
            numpy_random_seed=seed,
            torch_random_seed=seed,
            fewshot_random_seed=seed,
        )
    samples = [{"task": task, **one} for task, many in sorted(results["samples"].items()) for one in many]
    return table(samples), samples


def _manager(tasks: Sequence[str]) -> tuple["TaskManager", list[str | dict[str, object]]]:
    """Return lm-eval's task manager, without its 14,000 own tasks where only local ones are asked for, and the tasks."""
    from lm_eval.tasks import TaskManager

    local = list(filter(_is_local, tasks))
    manager = TaskManager(include_defaults=len(local) < len(tasks))
    known = set(manager.all_tasks)
    named: list[str | dict[str, object]] = []
    for task in tasks:
        if task in local:
            named.append(_local(Path(task)))
        elif not manager.match_tasks([task]) and task not in known:
            raise ConfigError(f"lm-eval has no task {task!r}", "`lm-eval ls tasks` lists them; or name a YAML file")
        else:
            named.append(task)
    return manager, named


def _local(path: Path) -> dict[str, object]:
    """Return the settings of a YAML task, its data files made absolute: lm-eval would look for them where it was started."""
    from lm_eval.tasks._yaml_loader import load_yaml

    may_run(str(path))  # its functions, and its templates, which are code as well
    if not path.is_file():
        raise ConfigError(f"there is no lm-eval task {path}", "name a YAML file")
    settings = dict(load_yaml(path.resolve(), resolve_func=True))
    given = dict(settings.get("dataset_kwargs") or {})
    if "data_files" in given:
        given["data_files"] = _absolute(given["data_files"], path.resolve().parent)
        settings["dataset_kwargs"] = given
    return settings


def data_of(tasks: Sequence[str]) -> list[list[str]]:
    """Return every local task's YAML and data files with their SHA-256: what its results depend on."""
    if not any(map(_is_local, tasks)):
        return []
    need("lm_eval", extra="eval", purpose="--lm-eval")
    found = []
    for task in filter(_is_local, tasks):
        given = _local(Path(task)).get("dataset_kwargs")
        files = given.get("data_files", []) if isinstance(given, Mapping) else []
        found += [[path, sha256(Path(path))] for path in [task, *_flat(files)] if Path(path).is_file()]
    return found


def _is_local(task: str) -> bool:
    return task.endswith((".yaml", ".yml"))


def _flat(files: object) -> list[str]:
    if isinstance(files, Mapping):
        files = list(files.values())
    return [path for inner in files for path in _flat(inner)] if isinstance(files, list) else [str(files)]


def _absolute(files: object, folder: Path) -> object:
    if isinstance(files, Mapping):
        return {split: _absolute(inner, folder) for split, inner in files.items()}
    if isinstance(files, list):
        return [_absolute(inner, folder) for inner in files]
    return str(files) if "://" in str(files) else str(folder / str(files))


def table(samples: Sequence[Record]) -> pa.Table:
    """Return lm-eval's records of samples as our table, one row per document; measures of several filters side by side."""
    filters: dict[str, set[str]] = {}
    for one in samples:
        filters.setdefault(one["task"], set()).add(one.get("filter", "none"))
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for one in samples:
        task, name = f"lm-eval:{one['task']}", str(one["doc_id"])
        row = rows.setdefault((task, name), _row(one, task, name))
        for measure in one.get("metrics", ()):
            value = one.get(measure)
            if isinstance(value, bool | int | float):
                row[_named(measure, one.get("filter", "none"), len(filters[one["task"]]) > 1)] = float(value)
    more = sorted({key for row in rows.values() for key in row} - set(TABLE.names))
    schema = pa.schema([*TABLE, *((name, pa.float64()) for name in more)])
    return pa.Table.from_pylist(list(rows.values()), schema)


def _named(measure: str, filtered: str, several: bool) -> str:
    name = OURS.get(measure, measure)
    return f"{name},{filtered}" if several else name


def _row(one: Record, task: str, name: str) -> dict[str, object]:
    answers = one.get("filtered_resps") or []
    answer = answers[0] if len(answers) == 1 and isinstance(answers[0], str) else None
    prompt = str(one.get("prompt_hash", ""))[:16]
    return {
        "task": task,
        "id": name,
        "kind": "lm-eval",
        "prompt": prompt,
        "answer": answer,
        "right": str(one["target"]),
    }


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep lm-eval's progress bars and its look for a git repository out of standard error."""
    before = os.environ.get("TQDM_DISABLE")
    os.environ["TQDM_DISABLE"] = "1"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop("TQDM_DISABLE")
        else:
            os.environ["TQDM_DISABLE"] = before

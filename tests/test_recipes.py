"""Every recipe binds, and its toy twin runs."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.chat_server import ChatServer

from cuvee import cli, recipes
from cuvee.errors import ConfigError
from cuvee.planting.files import write

FOLDER = Path(__file__).parents[1] / "recipes"
SLOW = ("auto", "map", "map-claims", "map-hour")  # twenty trainings each; tests/atlas runs a map of ten
RECIPES = [
    pytest.param(path, marks=[pytest.mark.slow] * (path.stem in SLOW), id=path.stem)
    for path in sorted(FOLDER.glob("*.yaml"))
]


@pytest.mark.parametrize("recipe", sorted(FOLDER.rglob("*.yaml")), ids=lambda path: str(path.relative_to(FOLDER)))
def test_every_recipe_binds(recipe: Path) -> None:
    assert recipes.load(recipe)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home that the toy twins share: the tiny model is made once."""
    return tmp_path_factory.mktemp("home")


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_toy_twin_runs(recipe: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "demo", 300, seed=4)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUVEE_HOME", str(home))
    toy = FOLDER / "toy" / recipe.name
    assert [verb for verb, _ in recipes.load(toy)] == [verb for verb, _ in recipes.load(recipe)]
    result = recipes.run(toy)
    verb = recipes.load(toy)[-1][0]
    chosen = result.folder / "selected.jsonl"
    if verb == "train":
        assert (result.folder / "model/model.safetensors").is_file()
        chosen = result.folder.parent / "select/selected.jsonl"
    if "interpolate" in [verb for verb, _ in recipes.load(toy)]:
        made = result.folder.parent / "mixture"
        blends = pq.read_table(made / "blends.parquet").num_rows
        assert len((made / "selected.jsonl").read_bytes().splitlines()) + blends == 30
    elif verb == "report":
        assert "By alpha" in (result.folder / "report.html").read_text()
    elif verb not in ("prove", "evaluate", "regimes"):  # which select nothing of their own
        assert len(chosen.read_bytes().splitlines()) == 30


def test_on_is_a_word_and_true_is_a_truth_value(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("steps:\n- prove: {data: [x], on: [no], strict: true, lr: 2e-5, model: tiny}\n")
    assert recipes.load(path) == [("prove", {"data": ["x"], "on": ["no"], "strict": True, "lr": 2e-5, "model": "tiny"})]


def test_an_option_that_is_a_word_of_pythons_is_written_as_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "as.yaml").write_text("steps:\n  - interpolate: {data: [a], as: regulariser, weight: 0.5}\n")
    assert recipes.load(tmp_path / "as.yaml") == [("interpolate", {"data": ["a"], "as_": "regulariser", "weight": 0.5})]


def test_mistakes_are_listed_together(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("steps:\n- select: {data: [x], seed: soon}\n- bake: {}\n")
    with pytest.raises(ConfigError, match=r"(?s)2 mistakes.*step 1.*step 2: unknown verb 'bake'"):
        recipes.load(path)


LAUGHS = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else 'ha'}]\n" for n in range(12))
NO_RECIPES = (
    b"",
    b"steps: []",
    b"- a",
    b"steps: [",
    b"steps: {a: 1}",
    b"steps: \xff",
    b"\x00",
    b"a: " + b"[" * 5_000,
    LAUGHS.encode(),
    b"steps: [inspect: [1]]",
    b"steps: [inspect: x]",
    b"steps: [{inspect: {1: 2}}]",
    b"steps: [{1: {}}]",
    b"steps: [[1]]",
    b"a: " + b"9" * 5_000,
    b"steps: [{inspect: {data: [x], seed: 2024-99-99}}]",
    b"steps: [{inspect: {data: {a: b}}}]",
    b"!!python/object/apply:os.system [x]",
    b"steps: [{inspect: {data: [x], near: .nan, seed: [1]}}]",
    b"steps: [{inspect: {data: null}}]",
    b"? [a]\n: b",
    b"steps: !!binary x",
)


@pytest.mark.parametrize("text", NO_RECIPES)
def test_what_is_no_recipe_is_refused(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(text)
    with pytest.raises(ConfigError):
        recipes.load(path)


def recipe(folder: Path, *steps: str) -> Path:
    path = folder / "recipe.yaml"
    path.write_text("steps:\n" + "".join(f"- {step}\n" for step in steps))
    return path


JUDGED = (
    "select: {{data: [{pool}], scores: judge-quality, base_url: {url}, judge_model: m, judge_settings: '{key}', "
    "embedder: lexical, budget: 5, out: {out}}}"
)
GUEST = "select: {{data: [{pool}], method: 'guest:last', budget: 5, embedder: lexical, draws: 2, out: {out}}}"


def small(folder: Path) -> Path:
    """Return a pool of twelve rows."""
    path = folder / "pool.jsonl"
    words = ["add", "sort", "name", "count", "weigh", "paint", "draw", "write", "read", "build", "cook", "sing"]
    rows = [
        {"prompt": f"How do you {word} {n} things?", "response": f"You {word} them {n} times."}
        for n, word in enumerate(words)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize(
    "name",
    ["HOME", "PATH", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "_API_KEY", "MY_API_KEY_OLD", "A-B_API_KEY", "X_api_key"],
)
def test_a_recipe_sends_no_variable_that_is_not_called_a_key(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    chat_server: ChatServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(name, "secret-of-mine")
    step = JUDGED.format(pool="nowhere.jsonl", url=chat_server.url, key=f"key={name}", out=tmp_path / "out")
    with pytest.raises(ConfigError, match="only variables called"):
        recipes.run(recipe(tmp_path, f"inspect: {{data: [nowhere.jsonl], out: {tmp_path / 'first'}}}", step))
    with pytest.raises(SystemExit):
        cli.main(["run", str(recipe(tmp_path, step))])
    with pytest.raises(SystemExit):  # typed, or copied from somebody's page, it is no different
        cli.main(["select", "nowhere.jsonl", "--scores", "judge-quality", "--base-url", chat_server.url, "--judge-model", "m",
                  "--judge-settings", f"key={name}", "--out", str(tmp_path / "out")])  # fmt: skip
    assert capsys.readouterr().err.count("only variables called *_API_KEY are read") == 2
    assert not chat_server.asked


def test_a_variable_that_is_called_a_key_or_allowed_on_the_command_line_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chat_server: ChatServer, home: Path
) -> None:
    monkeypatch.setenv("CUVEE_HOME", str(home))
    pool = small(tmp_path)
    for number, (name, allowed) in enumerate((("MY_API_KEY", []), ("MY_TOKEN", ["--allow-key", "MY_TOKEN"]))):
        monkeypatch.setenv(name, f"secret-{number}")
        out = tmp_path / f"out{number}"
        key = f"key={name},max_tokens={50 + number}"  # another question: the store answers no second time
        step = JUDGED.format(pool=pool, url=chat_server.url, key=key, out=out)
        cli.main(["run", str(recipe(tmp_path, step)), *allowed])
        assert set(chat_server.keys) == {f"Bearer secret-{number}"}
        chat_server.keys.clear()


def test_a_recipe_cannot_allow_itself_anything(tmp_path: Path) -> None:
    for more in ("allow_key: [HOME]", "allow_code: true"):
        with pytest.raises(ConfigError, match="has no option"):
            recipes.load(recipe(tmp_path, f"inspect: {{data: [x], {more}}}"))


@pytest.fixture
def guest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file that is there once the module ``guest`` was imported."""
    proof = tmp_path / "ran"
    (tmp_path / "guest.py").write_text(
        f"open({str(proof)!r}, 'w')\n"
        "import numpy as np\nfrom cuvee.samples.pool import Selection\ndef last(pool, k, *, rng):\n"
        "    return Selection(np.arange(k), np.zeros(k, dtype=np.float32), ['last'])\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "guest", raising=False)
    return proof


@pytest.mark.parametrize(
    "step",
    [
        "select: {data: [nowhere], method: 'guest:last'}",
        "select: {data: [nowhere], scores: 'length,guest:last'}",
        "select: {data: [nowhere], embedder: 'guest:last'}",
        "select: {data: [nowhere], dialect: 'guest:last'}",
        "prove: {data: [nowhere], arms: 'random,guest:last'}",
        "prove: {data: [nowhere], arms: 'random,os.path:join'}",
        "evaluate: {model: tiny, lm_eval: task.yaml}",
        "evaluate: {model: tiny, 'on': [nowhere], against: nowhere, judge: 'guest:last'}",
    ],
)
def test_a_recipe_that_names_code_says_so_and_runs_none_of_it(
    step: str, guest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = recipe(tmp_path, f"inspect: {{data: [nowhere], out: {tmp_path / 'first'}}}", step)
    with pytest.raises(ConfigError, match="step 2 names code: ") as refused:
        recipes.run(path)
    assert "--allow-code" in refused.value.hint and not guest.exists() and not (tmp_path / "first").exists()
    cli.main(["run", str(path), "--dry-run"])
    assert "names code" in capsys.readouterr().out and not guest.exists()


def test_code_that_a_recipe_hides_is_not_imported_either(
    guest: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The second wall: even what ``code_in`` does not find."""
    monkeypatch.setattr(recipes, "code_in", lambda settings: [])
    path = recipe(tmp_path, GUEST.format(pool=small(tmp_path), out=tmp_path / "o"))
    with pytest.raises(ConfigError, match="names code"):
        recipes.run(path)
    assert not guest.exists()


def test_allowed_code_runs(guest: Path, tmp_path: Path) -> None:
    path = recipe(tmp_path, GUEST.format(pool=small(tmp_path), out=tmp_path / "o"))
    assert recipes.run(path, allow_code=True).folder == tmp_path / "o" and guest.exists()


def test_nothing_of_the_houses_own_looks_like_code() -> None:
    for path in FOLDER.rglob("*.yaml"):
        assert [code for _, settings in recipes.load(path) for code in recipes.code_in(settings)] == []


@pytest.mark.parametrize(
    "command", [["-m", "cuvee"], None, ["-m", "cuvee.models.gguf"]], ids=["module", "script", "inner"]
)
def test_nothing_is_imported_from_the_current_folder(command: list[str] | None, tmp_path: Path) -> None:
    """A folder of data may hold files that are called like what we import."""
    for name in (
        "cyclopts",
        "orjson",
        "rich",
        "numpy",
        "yaml",
        "shlex",
        "json",
        "logging",
        "difflib",
        "sitecustomize_not",
    ):
        (tmp_path / f"{name}.py").write_text(f"open('ran-{name}', 'w')\nraise SystemExit('a file of the folder ran')\n")
    words = [sys.executable, *command] if command else [str(Path(sys.executable).parent / "cuvee")]
    done = subprocess.run([*words, "--help"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert not list(tmp_path.glob("ran-*")), done.stderr
    if command != ["-m", "cuvee.models.gguf"]:
        assert "select" in done.stdout

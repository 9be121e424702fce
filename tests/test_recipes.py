"""Every recipe binds, and its toy twin runs."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cuvee import recipes
from cuvee.errors import ConfigError
from cuvee.planting.files import write

FOLDER = Path(__file__).parents[1] / "recipes"
RECIPES = sorted(FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("recipe", sorted(FOLDER.rglob("*.yaml")), ids=lambda path: str(path.relative_to(FOLDER)))
def test_every_recipe_binds(recipe: Path) -> None:
    assert recipes.load(recipe)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home that the toy twins share: the tiny model is made once."""
    return tmp_path_factory.mktemp("home")


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
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
    elif verb not in ("prove", "evaluate"):  # which select nothing of their own
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


@pytest.mark.parametrize("text", ["", "steps: []", "- a", "steps: [", "steps: {a: 1}"])
def test_what_is_no_recipe_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError):
        recipes.load(path)

"""The proof's arithmetic, by hand-worked numbers."""

from math import sqrt

import numpy as np
import pytest
from scipy import stats

from cuvee import rng
from cuvee.arrays import F64
from cuvee.errors import ConfigError, InputError
from cuvee.statistics import ArmResults, Comparison, Proof, Verdict, compare
from cuvee.statistics import parts as variance_parts
from cuvee.statistics.critical import freedoms, of_questions
from cuvee.statistics.intervals import Width
from cuvee.statistics.parts import Parts
from cuvee.statistics.results import Questions


def arm(name: str, values: list[list[float]] | F64, *, chance: bool = True) -> ArmResults:
    lines = np.asarray(values, dtype=np.float64)
    return ArmResults(name, lines, tuple(range(len(lines))) if chance else (), chance)


def judged(arms: list[ArmResults], tasks: list[str], **settings: object) -> Proof:
    return compare(arms, tasks, Comparison(**settings), rng=rng.stream(0, "test"))  # type: ignore[arg-type]


def test_every_task_weighs_the_same() -> None:
    asked = Questions.of(["a", "a", "a", "b"])
    assert asked.weights == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])
    assert asked.means(np.array([1.0, 2.0, 3.0, 10.0])) == pytest.approx([2.0, 10.0])


def test_the_spread_of_questions_within_tasks() -> None:
    asked = Questions.of(["a", "a", "b", "b"])
    x = np.array([0.0, 2.0, 5.0, 9.0])  # variances 2 and 8; (2/2 + 8/2) / 2^2
    assert variance_parts.spread(x, asked) == pytest.approx((2 / 2 + 8 / 2) / 4)


def test_tasks_of_one_question_are_collapsed() -> None:
    groups = [group.tolist() for group in Questions.of(["a", "a", "b", "c"]).groups]
    assert groups == [[0, 1], [2, 3]]
    groups = [group.tolist() for group in Questions.of(["a", "a", "a", "b", "b", "c"]).groups]
    assert groups == [[0, 1, 2], [3, 4, 5]]


def test_the_parts_of_two_independent_arms() -> None:
    """Two runs of two questions each: every number can be checked on paper."""
    ours, theirs = arm("x", [[1.0, 3.0], [2.0, 8.0]]), arm("random", [[0.0, 0.0], [1.0, 1.0]])
    found = variance_parts.independent(ours, theirs, Questions.of(["t", "t"]))
    # means of runs: 2, 5 and 0, 1 -> variances 4.5 and 0.5, over 2 runs each
    assert found.seeds == pytest.approx(4.5 / 2 + 0.5 / 2)
    assert found.freedom == pytest.approx(2.5**2 / (2.25**2 / 1 + 0.25**2 / 1))
    # differences per question, mean over runs: 1.0, 5.0 -> variance 8, over 2 questions
    assert found.questions == pytest.approx(8 / 2)
    # residuals of x: +-1 in all four cells -> mean square 4, over 2 x 2; none in random
    assert found.residual == pytest.approx(4 / 4)


def test_matched_runs_take_away_what_a_seed_does_to_both() -> None:
    shared = np.array([[0.0], [5.0], [9.0]])
    noise = rng.stream(1, "noise").normal(size=(3, 40)) * 0.01
    ours, theirs = arm("x", shared + 1 + noise), arm("random", np.tile(shared, (1, 40)))
    asked = Questions.of(["t"] * 40)
    assert variance_parts.matched(ours, theirs, asked).seeds < 1e-4
    assert variance_parts.independent(ours, theirs, asked).seeds > 10
    paired = judged([ours, theirs], ["t"] * 40, better="higher", pair_seeds=True).verdicts[0]
    apart = judged([ours, theirs], ["t"] * 40, better="higher").verdicts[0]
    assert (paired.word, apart.word) == ("beats", "open")


def test_freedoms_are_those_of_students_t_for_even_values_and_few_for_rare_ones() -> None:
    asked = Questions.of(["t"] * 400)
    normal = stats.norm.ppf((np.arange(400) + 0.5) / 400)
    rare = np.zeros(400)
    rare[:4] = 1.0
    freedom = freedoms(np.stack([normal, rare, np.zeros(400)], axis=1), asked)
    assert 380 < freedom[0] <= 399
    assert 6 < freedom[1] < 10
    assert freedom[2] == 399


def test_the_bootstrap_of_normal_questions_agrees_with_students_t() -> None:
    x = stats.norm.ppf((np.arange(60) + 0.5) / 60)[:, None]
    found = of_questions(x, Questions.of(["t"] * 60), np.array([0.025]), 20_000, rng.stream(0, "draws"))
    assert found[0] == pytest.approx(stats.t.isf(0.025, 59), rel=0.03)


def test_a_half_width_worked_by_hand() -> None:
    width = Width(Parts(seeds=0.04, freedom=4, questions=0.01, residual=0.002), 0.025, 2.0, runs=3, questions=100)
    t = stats.t.isf(0.025, 4)
    assert width.half() == pytest.approx(sqrt(t**2 * 0.04 + 4 * 0.008))
    assert width.error() == pytest.approx(sqrt(0.038 + 0.008 + 0.002))
    assert width.share_of_runs == pytest.approx(t**2 * 0.04 / (t**2 * 0.04 + 4 * 0.008))
    doubled = sqrt(stats.t.isf(0.025, 10) ** 2 * (0.038 + 0.002) / 2 + 4 * 0.008)
    assert width.half(runs=2) == pytest.approx(max(doubled, 2 * sqrt(0.008 + 0.001)))


def test_more_questions_help_where_questions_are_the_trouble_and_seeds_where_seeds_are() -> None:
    by_questions = Width(Parts(0.0001, 4, 0.04, 0.0), 0.025, 2.0, runs=3, questions=100)
    assert by_questions.more_questions(0.3) == pytest.approx(100 * ((2 + 0.8416) ** 2 * 0.04 / 0.3**2 - 1), rel=0.1)
    assert by_questions.more_runs(0.3) is None
    by_runs = Width(Parts(0.04, 4, 0.0001, 0.0), 0.025, 2.0, runs=3, questions=100)
    assert by_runs.more_questions(0.3) is None
    needed = by_runs.more_runs(0.3)
    assert needed is not None and 4 < needed < 20
    at = (3 + needed) / 3
    assert by_runs.half(runs=at) + 0.8416 * by_runs.error(runs=at) <= 0.3
    assert by_runs.half(runs=at - 1 / 3) + 0.8416 * by_runs.error(runs=at - 1 / 3) > 0.3


def test_lower_is_better_for_a_loss() -> None:
    draw = rng.stream(2, "loss").normal(size=(3, 200)) * 0.1
    proof = judged([arm("random", 2.0 + draw), arm("good", 1.5 + draw[::-1]), arm("bad", 2.5 - draw)], ["t"] * 200)
    assert [(verdict.arm, verdict.word) for verdict in proof.verdicts] == [("good", "beats"), ("bad", "loses")]
    assert proof.verdicts[0].difference == pytest.approx(0.5)
    assert proof.means["random"] == pytest.approx(2.0 + draw.mean())


def test_a_question_without_a_value_in_one_run_is_left_out_of_all() -> None:
    values = np.arange(12.0).reshape(3, 4)
    hole = values.copy()
    hole[1, 2] = np.nan
    proof = judged([arm("random", values), arm("x", hole)], ["a", "a", "b", "b"])
    assert (proof.questions, proof.left_out) == (3, 1)
    assert proof.verdicts[0].difference == 0


def test_the_base_model_has_no_seeds_and_brings_no_chance_of_its_own() -> None:
    draw = rng.stream(3, "base").normal(size=(3, 50))
    base = ArmResults("base", draw[:1], (), chance=False)
    asked = Questions.of(["t"] * 50)
    alone = variance_parts.independent(base, arm("random", draw), asked)
    assert alone.seeds == pytest.approx(draw.mean(axis=1).var(ddof=1) / 3)
    assert alone.freedom == 2
    assert judged([base, arm("random", draw)], ["t"] * 50).verdicts[0].notes == []


def test_an_arm_trained_once_borrows_the_others_spread_and_says_so() -> None:
    draw = rng.stream(4, "once").normal(size=(4, 50))
    once = ArmResults("full", draw[:1], (0,))
    found = variance_parts.independent(once, arm("random", draw), Questions.of(["t"] * 50))
    own = draw.mean(axis=1).var(ddof=1)
    assert found.seeds == pytest.approx(own / 4 + own)
    assert found.freedom == 3
    proof = judged([once, arm("random", draw)], ["t"] * 50)
    assert "full trained once" in proof.verdicts[0].notes[0]


def test_one_seed_everywhere_leaves_the_chance_of_training_out_and_says_so() -> None:
    draw = rng.stream(5, "one").normal(size=(2, 50))
    proof = judged([ArmResults("random", draw[:1], (0,)), ArmResults("x", draw[1:], (0,))], ["t"] * 50)
    assert "leaves out" in proof.verdicts[0].notes[0]
    assert proof.verdicts[0].more_seeds is None
    assert proof.verdicts[0].half_width > 0


def test_more_arms_make_wider_intervals() -> None:
    draw = rng.stream(6, "arms").normal(size=(6, 3, 80))
    arms = [arm("random", draw[0]), *(arm(f"x{at}", draw[at]) for at in range(1, 6))]
    two, six = judged(arms[:2], ["t"] * 80), judged(arms, ["t"] * 80)
    assert six.verdicts[0].half_width > 1.3 * two.verdicts[0].half_width
    assert six.verdicts[0].difference == two.verdicts[0].difference


def test_the_same_seed_gives_the_same_proof() -> None:
    draw = rng.stream(7, "same").normal(size=(2, 3, 30))
    once, again = (judged([arm("random", draw[0]), arm("x", draw[1])], ["t"] * 30) for _ in range(2))
    assert once.verdicts == again.verdicts


@pytest.mark.parametrize(
    ("verdict", "says"),
    [
        (Verdict("k-center", "random", 0.0183, 0.0091), "k-center beats random by 0.0183 ± 0.0091"),
        (Verdict("full", "random", -1.234, 0.31), "full loses to random by 1.23 ± 0.31"),
        (
            Verdict("top", "random", 0.0041, 0.012, 0.2, 100, 3, more_questions=1900, more_seeds=4),
            "top is not distinguishable from random (difference +0.004 ± 0.012); about 4 more seeds per arm or 1,900 more "
            "questions would tell",
        ),
        (
            Verdict("top", "random", -0.0001, 0.012),
            "top is not distinguishable from random (difference -0.000 ± 0.012); no number of questions or seeds within "
            "reach would tell: if there is a difference, it is small",
        ),
    ],
)
def test_the_sentences(verdict: Verdict, says: str) -> None:
    assert verdict.sentence == says


def test_what_cannot_be_compared_is_refused() -> None:
    values = np.zeros((3, 4))
    with pytest.raises(InputError, match="questions"):
        judged([arm("random", values[:, :1]), arm("x", values[:, :1])], ["t"])
    with pytest.raises(ConfigError, match="random"):
        judged([arm("rand", values), arm("x", values)], ["t"] * 4)
    with pytest.raises(ConfigError, match="same name"):
        judged([arm("random", values), arm("random", values)], ["t"] * 4)
    with pytest.raises(InputError, match="runs"):
        ArmResults("x", values, (0, 1))


def test_with_one_seed_no_sentence_says_beats() -> None:
    draw = rng.stream(5, "seed").normal(size=(1, 60))
    arms = [arm("random", draw), arm("x", draw - 1), arm("y", draw + 1), arm("base", draw + 1, chance=False)]
    verdicts = judged(arms, ["t"] * 60).verdicts
    assert [verdict.word for verdict in verdicts] == ["ahead", "behind", "behind"]
    assert not any("beats" in verdict.sentence or "loses" in verdict.sentence for verdict in verdicts)
    assert "another seed may turn it" in verdicts[0].sentence


def test_the_comparison_written_beforehand_has_the_whole_chance_for_itself() -> None:
    draw = rng.stream(6, "primary").normal(size=(5, 3, 60))
    arms = [arm(name, values) for name, values in zip(("random", "a", "b", "c", "d"), draw, strict=True)]
    alone = judged(arms[:2], ["t"] * 60).verdicts[0].half_width
    planned = [verdict.half_width for verdict in judged(arms, ["t"] * 60, primary="a").verdicts]
    shared = [verdict.half_width for verdict in judged([arms[0], *arms[2:]], ["t"] * 60).verdicts]
    assert planned[0] == pytest.approx(alone, rel=0.02)
    assert planned[1:] == pytest.approx(shared, rel=0.02)


def test_questions_that_move_together_are_one_draw() -> None:
    """Each value four times: the variance is that of the values once, not a quarter of it."""
    once, four = np.array([0.0, 2.0, 5.0, 9.0]), np.repeat([0.0, 2.0, 5.0, 9.0], 4)
    apart, asked = Questions.of(["t"] * 4), Questions.of(["t"] * 16, [str(at // 4) for at in range(16)])
    assert variance_parts.spread(four, asked) == pytest.approx(variance_parts.spread(once, apart))
    assert freedoms(four[:, None], asked) == pytest.approx(freedoms(once[:, None], apart))
    values = rng.stream(8, "runs").normal(size=(3, 4))
    single, repeated = arm("x", values), arm("x", np.repeat(values, 4, axis=1))
    alone, together = (variance_parts.independent(a, a, q) for a, q in ((single, apart), (repeated, asked)))
    assert together.residual == pytest.approx(alone.residual) and together.seeds == pytest.approx(alone.seeds)


def test_groups_of_unequal_size_by_hand() -> None:
    """Task of three questions, two of one passage: mean 3, weighted deviations -2/3, 0 together and 2/3 alone."""
    asked = Questions.of(["t"] * 3, ["p", "p", "q"])
    x = np.array([1.0, 3.0, 5.0])
    assert asked.deviations(x) == pytest.approx([-2 / 3 + 0, 2 / 3])
    assert variance_parts.spread(x, asked) == pytest.approx(2 / (2 - 1) * (4 / 9 + 4 / 9))


def test_a_passage_with_a_question_in_each_task_joins_the_tasks() -> None:
    asked = Questions.of(["a", "b", "a", "b", "c", "c"], ["1", "1", "2", "2", "3", "4"])
    assert [clusters.tolist() for clusters in asked.strata] == [[0, 1], [2, 3]]
    # both tasks ask the same two passages: sums over a passage of w (x - task mean), each times sqrt(2)
    x = np.array([1.0, 2.0, 3.0, 6.0, 0.0, 0.0])
    assert variance_parts.spread(x, asked) == pytest.approx(2 * 2 * ((1 / 6) * (-1) + (1 / 6) * (-2)) ** 2)


def test_a_task_of_one_passage_is_collapsed_and_one_passage_in_all_is_refused() -> None:
    groups = Questions.of(["a", "a", "b", "b"], ["1", "1", "2", "3"]).groups
    assert [sorted(group.tolist()) for group in groups] == [[0, 1, 2, 3]]
    with pytest.raises(InputError, match="move together"):
        Questions.of(["a", "b"], ["1", "1"])

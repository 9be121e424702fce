"""``cuvee evaluate``: what a model knows."""

from pathlib import Path

from cuvee.result import Result
from cuvee.verbs import options as o
from cuvee.verbs.face import verb


@verb("evaluate", example="cuvee evaluate smollm2-135m --on eval", page="docs/evaluation.md")
def evaluate(
    model: o.Model,
    *,
    on: o.On = None,
    limit: o.Limit = None,
    loss_only: bool = False,
    run_code: bool = False,
    lm_eval: str = "",
    lm_eval_plain: bool = False,
    max_new_tokens: o.MaxNewTokens = 256,
    temperature: o.Temperature = 0.0,
    top_p: float = 1.0,
    batch_tokens: int | None = None,
    against: Path | None = None,
    base_url: o.BaseUrl = "",
    judge_model: o.JudgeModel = "",
    judge_settings: o.JudgeSettings = "",
    max_tokens_spent: o.MaxTokensSpent = None,
    judge: str = "",
    columns: o.Columns = "",
    dialect: o.Dialect = None,
    device: o.Device = None,
    precision: o.Precision = None,
    dry_run: o.DryRun = False,
    replace: o.Replace = False,
    seed: o.Seed = 0,
    out: o.Out = Path("runs/evaluate"),
) -> Result:
    """Put questions to a model: loss on right answers, numbers, choices, code, open answers; one row per question, then means.

    What a file is, is told from its content: GSM8K, BIG-Bench Hard, multiple choice, HumanEval, questions without answers, or
    instruction rows of any dialect; --columns and --dialect read files as instruction rows. The loss of the right answer is
    taken wherever there is one. Call it again with the same settings and it goes on where it was stopped.

    Parameters
    ----------
    loss_only:
        Read right answers and options; let the model write nothing.
    run_code:
        Run the code that the model writes for HumanEval, in a fenced process (Linux). Off, it is written but not run.
    lm_eval:
        Tasks of lm-eval, by name or as YAML files: "arc_easy,own.yaml". Needs the extra `eval`.
    lm_eval_plain:
        Put lm-eval's questions without the model's chat template.
    top_p:
        Draw from the likeliest tokens that hold this share together.
    batch_tokens:
        Tokens of a batch, padding included. Default: by device.
    against:
        The run folder of another evaluation; a judge compares the answers to open questions: win rate, RS and WTR.
    judge:
        In place of a server a function that compares, package.module:object; it takes questions, our answers and theirs.
    """
    from cuvee.evaluation.against import AgainstOptions
    from cuvee.evaluation.asked import EvaluateOptions
    from cuvee.evaluation.run import run_evaluate
    from cuvee.intake.judge import JudgeOptions
    from cuvee.models.place import ModelPlace

    server = JudgeOptions(
        base_url=base_url,
        judge_model=judge_model,
        judge_settings=judge_settings,
        max_tokens_spent=max_tokens_spent,
    )
    options = EvaluateOptions(
        model=model,
        on=on,
        limit=limit,
        loss_only=loss_only,
        run_code=run_code,
        lm_eval=lm_eval,
        lm_eval_plain=lm_eval_plain,
        max_new_tokens=max_new_tokens,
        temperature=temperature,
        top_p=top_p,
        batch_tokens=batch_tokens,
        beside=AgainstOptions(against=against, judge=judge, server=server),
        columns=columns,
        dialect=dialect,
        place=ModelPlace(device=device, precision=precision),
        seed=seed,
    )
    with options.place.used():
        return run_evaluate(options, out=out, dry_run=dry_run, replace=replace)

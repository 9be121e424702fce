"""``cuvee evaluate``: what a model knows."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cuvee.result import Result
from cuvee.verbs import options as o
from cuvee.verbs.face import verb


@verb("evaluate")
def evaluate(
    model: str,
    *,
    on: Annotated[list[str] | None, Parameter(consume_multiple=True)] = None,
    limit: int | None = None,
    loss_only: bool = False,
    run_code: bool = False,
    lm_eval: str = "",
    lm_eval_plain: bool = False,
    max_new_tokens: int = 256,
    temperature: float = 0.0,
    top_p: float = 1.0,
    batch_tokens: int | None = None,
    against: Path | None = None,
    base_url: o.BaseUrl = "",
    judge_model: o.JudgeModel = "",
    judge_settings: o.JudgeSettings = "",
    max_tokens_spent: o.MaxTokensSpent = None,
    judge: str = "",
    columns: str = "",
    dialect: str | None = None,
    device: str | None = None,
    precision: str | None = None,
    dry_run: bool = False,
    replace: o.Replace = False,
    seed: o.Seed = 0,
    out: Path = Path("runs/evaluate"),
) -> Result:
    """Put questions to a model: loss on right answers, numbers, choices, code, open answers; one row per question, then means.

    What a file is, is told from its content: GSM8K, BIG-Bench Hard, multiple choice, HumanEval, questions without answers, or
    instruction rows of any dialect. The loss of the right answer is taken wherever there is one. Call it again with the same
    settings and it goes on where it was stopped.

    Parameters
    ----------
    model:
        A folder, a run folder that holds a model, a name of `cuvee models list`, a .gguf file, or a hub id.
    on:
        Evaluation files, folders, globs, or hub ids.
    limit:
        Questions per file at most, drawn by their content: the same ones for every model.
    loss_only:
        Read right answers and options; let the model write nothing.
    run_code:
        Run the code that the model writes for HumanEval, in a fenced process (Linux). Off, it is written but not run.
    lm_eval:
        Tasks of lm-eval, by name or as YAML files: "arc_easy,own.yaml". Needs the extra `eval`.
    lm_eval_plain:
        Put lm-eval's questions without the model's chat template.
    max_new_tokens:
        The longest answer.
    temperature:
        0 takes the likeliest token; else answers are drawn, with the seed.
    top_p:
        Draw from the likeliest tokens that hold this share together.
    batch_tokens:
        Tokens of a batch, padding included. Default: by device.
    against:
        The run folder of another evaluation; a judge compares the answers to open questions: win rate, RS and WTR.
    base_url:
        The judge: an OpenAI-compatible server, up to and including /v1: "http://localhost:8000/v1".
    judge:
        In place of a server a function that compares, package.module:object; it takes questions, our answers and theirs.
    columns:
        Read the files as instruction rows whose columns have names of their own: "instruction=q,output=a".
    dialect:
        Read the files as instruction rows of this dialect.
    device:
        cpu, cuda, ... Default: a GPU where there is one.
    precision:
        float32, bfloat16 or float16. Default: by device.
    dry_run:
        Say what would be asked, and stop.
    out:
        The run folder; it holds questions.parquet, means.parquet, answers.jsonl, summary.json.
    """
    from cuvee.evaluation.against import AgainstOptions
    from cuvee.evaluation.asked import EvaluateOptions
    from cuvee.evaluation.run import run_evaluate
    from cuvee.intake.judge import JudgeOptions

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
        device=device,
        precision=precision,
        seed=seed,
    )
    return run_evaluate(options, out=out, dry_run=dry_run, replace=replace)

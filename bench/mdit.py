"""The pool of the proof in docs/interpolate.md: short rows of 16 tasks of T0, of GSM8K and of CodeAlpaca.

python -m bench.mdit FOLDER OUT    FOLDER holds t0_50k.jsonl.gz, gsm8k_train.jsonl, codealpaca_4k.json; OUT is the pool
"""

import collections
import gzip
import json
import random
import sys
from pathlib import Path

from cuvee.models import causal

TASKS = [
    "common_gen_Given_concepts_type_1",
    "commonsense_qa_question_answering",
    "dbpedia_14_given_a_list_of_category_what_does_the_title_belong_to",
    "qasc_is_correct_1",
    "qasc_qa_with_separated_facts_3",
    "rotten_tomatoes_Reviewer_Expressed_Sentiment",
    "sciq_Multiple_Choice_Closed_Book_",
    "social_i_qa_Generate_answer",
    "trec_which_category_best_describes",
    "gigaword_make_a_title",
    "glue_qqp_duplicate",
    "kilt_tasks_hotpotqa_straighforward_qa",
    "wiki_qa_Is_This_True_",
    "quarel_choose_between",
    "app_reviews_convert_to_rating",
    "paws_labeled_final_PAWS_ANLI_GPT3_no_label",
]
EACH, SHORT = 40, 96  # rows of a task, tokens of a row at most
MORE, LONGER = 100, 118  # the same of mathematics and of code
Row = dict[str, str]


def main() -> None:
    folder, out = map(Path, sys.argv[1:])
    tokenizer, rng = causal.tokenizer_of(causal.folder_of("smollm2-135m")), random.Random(0)

    def fits(row: Row, most: int) -> bool:
        return len(tokenizer(row["prompt"] + row["completion"])["input_ids"]) <= most

    by_task = collections.defaultdict(list)
    for row in map(json.loads, gzip.decompress((folder / "t0_50k.jsonl.gz").read_bytes()).splitlines()):
        if row["task"] in TASKS and fits(row, SHORT):
            by_task[row["task"]].append(row)
    rows: list[Row] = []
    for task in TASKS:
        rng.shuffle(by_task[task])
        rows += by_task[task][:EACH]
    for more in (mathematics(folder), code(folder)):
        rng.shuffle(more)
        rows += [row for row in more if fits(row, LONGER)][:MORE]
    rng.shuffle(rows)
    out.write_text("".join(json.dumps(row) + "\n" for row in rows))


def mathematics(folder: Path) -> list[Row]:
    rows = map(json.loads, (folder / "gsm8k_train.jsonl").read_text().splitlines())
    return [{"prompt": row["question"], "completion": row["answer"], "task": "gsm8k"} for row in rows]


def code(folder: Path) -> list[Row]:
    rows = json.loads((folder / "codealpaca_4k.json").read_text())
    asked = [row["instruction"] + ("\n" + row["input"] if row.get("input") else "") for row in rows]
    return [
        {"prompt": prompt, "completion": row["output"], "task": "code"} for prompt, row in zip(asked, rows, strict=True)
    ]


if __name__ == "__main__":
    main()

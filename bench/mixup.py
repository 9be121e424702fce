"""LM-Mixup where the truth is known: good rows are made weak by rule, an oracle rates every row, and prove compares.

python -m bench.mixup GOOD [--model smollm2-135m] [--distiller RUN] [--regime plenty] [--out runs/mixup]

GOOD: good instruction data; its short rows are taken. 450 of them teach the distiller (cold start, then 100 steps of GRPO),
300 become two or three weak ones each, 70 stay good (--regime plenty), 60 are the questions of the proof. The oracle is a
real server; it rates a row by the words its answer shares with the good row it was made from (F1, 1 to 10). So this tells
what the distiller is worth with a perfect judge, not what a judge is worth. --regime runs-out: six stay good, fewer than
the budget takes, and every other good row is there only as two to five weak ones that together say all of it; beside the
distiller's rows stand the best-rated ones, the good ones repeated, and what the untrained model merges by a prompt. Three
hours on one core for SmolLM2-135M; called again, it goes on.
"""

import argparse
import json
import logging
import re
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

import cuvee
from cuvee import render
from cuvee.distiller.kinds import KINDS
from cuvee.samples.read import read

TAUGHT, WEAKENED, ASKED = 450, 300, 60
KEPT = {"plenty": 70, "runs-out": 6}
VARIANTS = {"plenty": "2-3", "runs-out": "2-5"}
WORDS = ((5, 20), (8, 25))  # fewest and most of a question, of an answer
PORT = 8377
SHOWN = re.compile(
    r"\[instruction starts]\n(.*?)\n\[instruction ends].*?\[answer starts]\n(.*?)\n\[answer ends]", re.DOTALL
)
Pair = tuple[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("good")
    parser.add_argument("--distiller", default="")
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--regime", choices=list(KEPT), default="plenty")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--clusters", type=int, default=48)
    parser.add_argument("--arms", default="random,full,base")
    parser.add_argument("--out", type=Path, default=Path("runs/mixup"))
    given = parser.parse_args()
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("cuvee").setLevel(logging.INFO)
    taught, pool, questions, originals = planted(given.good, given.out, given.regime)
    distiller = given.distiller or str(taught_by(taught, given.model, given.out))
    server = ThreadingHTTPServer(("127.0.0.1", PORT), handler(originals))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    options: dict[str, Any] = {
        "budget": "3%", "rating": "judge", "base_url": f"http://127.0.0.1:{PORT}/v1", "judge_model": "oracle",
        "at_most": given.clusters, "max_new_tokens": 272, "embedder": "static", "near": 0.0, "draws": 1,
        "decontaminate": [str(questions)],
    }  # fmt: skip
    named = arms_of(given.regime, distiller, given.model)
    for name, (model, own) in named.items():
        done = cuvee.distill([str(pool)], model=model, out=given.out / name, **{**options, **own})
        print(f"{name}: {done.summary['sentence']}", flush=True)
    arms = ",".join([*(str(given.out / name) for name in named), given.arms])
    result = cuvee.prove(
        [str(pool)], arms=arms, budget="3%", model=given.model, seeds=given.seeds, epochs=2, lr=1e-4, batch=8, max_length=256,
        on=[str(questions)], embedder="static", near=0.0, out=given.out / "proof",
    )  # fmt: skip
    for arm in result.summary["proof"]["arms"]:
        print(f"{arm['arm']}: {arm['mean']:.4f}  {arm.get('sentence', 'reference')}")


def arms_of(regime: str, distiller: str, model: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return arm -> the model that merges, and the options of its own."""
    best: dict[str, Any] = {"share": 0.0, "at_most": 1}
    if regime == "plenty":
        return {"mix": (distiller, {}), "untrained": (model, {}), "best": (distiller, best)}
    return {
        "mix": (distiller, {}),
        "distilled": (distiller, {"share": 1.0}),
        "by-prompt": (model, {"merging": "prompt"}),
        "best-rated": (distiller, {**best, "good": 0.0}),  # weak ones once the good ones run out
        "best-repeated": (distiller, best),  # the good ones alone; as many updates repeat them
    }


def planted(good: str, out: Path, regime: str) -> tuple[Path, Path, Path, list[Pair]]:
    """Write what teaches, the pool and the questions; return them, and all good rows that the pool was made from."""
    rows = [pair for batch in read(good, strict=True).batches() for pair in map(_pair, batch["messages"].to_pylist())]
    rows = [pair for pair in rows if all(_fits(*known) for known in zip(pair, WORDS, strict=True))]
    rows = [rows[at] for at in np.random.default_rng(0).permutation(len(rows))]
    taught, weakened, kept, asked = (rows[at : at + k] for at, k in _parts(regime))
    out.mkdir(parents=True, exist_ok=True)
    source = _write(out / "weakened.jsonl", weakened)
    cuvee.distill_corpus(
        [str(source)],
        offline=True,
        kinds="qa",
        variants=VARIANTS[regime],
        merged=0.0,
        embedder="static",
        out=out / "corpus",
    )
    examples = [json.loads(line) for line in (out / "corpus/corpus.jsonl").read_text().splitlines()]
    weak = [KINDS["qa"].read(text) for example in examples for text in example["variants"]]
    pool = [*(pair for pair in weak if pair), *kept]
    pool = [pool[at] for at in np.random.default_rng(1).permutation(len(pool))]
    files = (("taught", taught), ("pool", pool), ("questions", asked))
    first, second, third = (_write(out / f"{name}.jsonl", rows) for name, rows in files)
    return first, second, third, [*weakened, *kept]


def taught_by(taught: Path, model: str, out: Path) -> Path:
    """Train the distiller on the five kinds of texts made from these rows; print how it did at every stage."""
    cuvee.distill_corpus(
        [str(taught)], offline=True, variants="2-3", merged=0.05, embedder="static", out=out / "taught"
    )
    done = cuvee.distill_train(
        out / "taught", model=model, lora=16, lr=5e-4, epochs=1, batch=4, max_length=720, max_new_tokens=272, grpo_steps=100,
        prompts=1, group=4, grpo_lr=5e-5, quality=0, alignment=0.5, format_weight=0.5, embedder="static", held_out="40",
        judged=40, out=out / "distiller",
    )  # fmt: skip
    print(f"distiller: {done.summary['sentence']}", flush=True)
    return out / "distiller"


def _parts(regime: str) -> list[tuple[int, int]]:
    sizes = (TAUGHT, WEAKENED, KEPT[regime], ASKED)
    return [(sum(sizes[:at]), k) for at, k in enumerate(sizes)]


def _fits(text: str, words: tuple[int, int]) -> bool:
    return words[0] <= len(text.split()) <= words[1]


def _pair(talk: Any) -> Pair:
    return render.prompt(talk), render.response(talk) or ""


def _write(path: Path, rows: list[Pair]) -> Path:
    path.write_text("".join(json.dumps({"prompt": question, "completion": answer}) + "\n" for question, answer in rows))
    return path


def rating(question: str, answer: str, originals: list[Pair]) -> int:
    """Return 1 to 10: the F1 of an answer's words with those of the good row whose question is nearest."""
    near = max(originals, key=lambda pair: overlap(question, pair[0]))
    return round(1 + 9 * overlap(answer, near[1]) * (overlap(question, near[0]) >= 0.5))


def overlap(left: str, right: str) -> float:
    """Return the F1 of two texts' words, as often as they occur."""
    mine, theirs = (Counter(re.findall(r"\w+", text.lower())) for text in (left, right))
    shared = (mine & theirs).total()
    return 2 * shared / max(1, mine.total() + theirs.total())


def handler(originals: list[Pair]) -> type[BaseHTTPRequestHandler]:
    class Oracle(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            shown = SHOWN.search(body["messages"][-1]["content"])
            value = rating(shown[1], shown[2], originals) if shown else 1
            text = "\n".join(f"{name}: {value}" for name in ("Rarity", "Complexity", "Informativeness", "Overall"))
            message = {"role": "assistant", "content": text}
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            said = json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage})
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said.encode())))
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Oracle


if __name__ == "__main__":
    main()

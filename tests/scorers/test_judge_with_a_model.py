"""A judge that is a real language model: the tiny model answers by ``generate`` behind a real server.

transformers' own server would do too, but it needs fastapi and uvicorn, which no extra of cuvee brings.
"""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.chat_server import ChatServer, completion

from cuvee.models.chat import Chat, ReplySampling, Server
from cuvee.samples.pool import BarePool
from cuvee.samples.schema import TURN
from cuvee.scorers import SCORERS
from cuvee.scorers.judge import Judge, compare
from cuvee.store import Store


@pytest.mark.slow
def test_a_model_that_rambles_gives_nulls_and_its_text_is_kept(
    tiny_model: Path, chat_server: ChatServer, tmp_path: Path
) -> None:
    import torch

    from cuvee.models import causal

    model = causal.load(str(tiny_model))
    tokenizer: Any = model.tokenizer  # with tensors, which cuvee itself does not ask it for
    one = threading.Lock()

    def answer(body: dict[str, Any], number: int) -> Any:
        text = tokenizer.apply_chat_template(body["messages"], tokenize=False, add_generation_prompt=True)
        ids = tokenizer(text, return_tensors="pt", add_special_tokens=False).input_ids[:, -400:]
        with one, torch.no_grad():
            out = model.model.generate(ids, max_new_tokens=body["max_tokens"], do_sample=False)[0, ids.shape[1] :]
        return 200, {}, completion(model.tokenizer.decode(out, skip_special_tokens=True), ids.shape[1], len(out))

    chat_server.answer = answer
    talks = [[{"role": "user", "content": f"q{n}"}, {"role": "assistant", "content": f"a{n}"}] for n in range(6)]
    pool = BarePool(pa.table({"messages": pa.array(talks, pa.list_(TURN))}))
    with Chat(Server(chat_server.url, "tiny"), Store(tmp_path), sampling=ReplySampling(max_tokens=24)) as chat:
        judge = Judge(chat)
        assert np.isnan(SCORERS["judge-quality"].function(pool, judge=judge)).all()  # it was never trained
        assert judge.counts["judge-quality"].unparsable == chat.usage.replies == 6
        table = compare(["q"], ["a"], ["b"], chat)
        assert table["verdict"].to_pylist() == [None] and chat.usage.replies == 8
        assert chat.usage.tokens_in > 0 and 8 <= chat.usage.tokens_out <= 8 * 24
        again = chat.usage.requests
        SCORERS["judge-quality"].function(pool, judge=judge)
        assert chat.usage.requests == again

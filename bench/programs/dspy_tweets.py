"""Classifies the rows of a folder by a model at an endpoint, as classify-tweets.ts does, and prints the same list.

Arguments: base URL, model, folder of train, val and test rows as JSON, "chat", "json" or "random search",
seed, rollouts that the search may take. The key stands in BENCH_KEY.
"""

import json
import logging
import os
import sys
import time
from pathlib import Path

import dspy

logging.disable(logging.WARNING)
base_url, name, folder, mode, seed, rollouts = sys.argv[1:]
seed, rollouts = int(seed), int(rollouts)
labels = ["negative", "neutral", "positive"]


def rows(split):
    read = json.loads((Path(folder) / f"{split}.json").read_text())
    return [dspy.Example(**row).with_inputs("text") for row in read]


def right(row, answer, trace=None):
    return float(answer is not None and getattr(answer, "sentiment", None) == row.sentiment)


adapter = dspy.JSONAdapter() if mode == "json" else dspy.ChatAdapter()
# An answer takes 25 tokens; one that has lost its way takes all it may.
settings = {"temperature": 0.0, "max_tokens": 128, "cache": False}
lm = dspy.LM(f"openai/{name}", api_base=base_url, api_key=os.environ["BENCH_KEY"], **settings)
# A small model is often not understood: that is a wrong answer, not the end of the run.
dspy.configure(lm=lm, adapter=adapter, max_errors=100_000, num_threads=8)
student = dspy.Predict(
    dspy.Signature(
        "text -> sentiment: Literal['negative', 'neutral', 'positive']", "Classify the sentiment of the text."
    )
)


def optimized():
    train, val = rows("train"), rows("val")
    # Beside those it draws it scores three: as it was, with labelled rows, and with all that were bootstrapped.
    drawn = rollouts // len(val) - 3
    search = dspy.BootstrapFewShotWithRandomSearch(metric=right, num_candidate_programs=drawn, num_threads=8)
    return search.compile(student, trainset=train, valset=val)


begun = time.perf_counter()
program = student if mode in ("chat", "json") else optimized()
found = time.perf_counter()
said = []
evaluation = dspy.Evaluate(devset=rows("test"), metric=right, num_threads=8, display_progress=False)(program)
ended = time.perf_counter()
for _, answer, _ in evaluation.results:
    label = getattr(answer, "sentiment", None)
    said.append(labels.index(label) if label in labels else -1)
print(json.dumps([found - begun, ended - found, *said]))

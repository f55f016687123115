"""One optimizer of DSPy on the planted task, against the endpoint that is given: prints one JSON object.

Arguments: optimizer, seed, base URL of the endpoint, folder of train, val and test rows as JSON, instructions, rows at once.
"""

import json
import logging
import sys
import time
from pathlib import Path

import dspy

logging.disable(logging.WARNING)
name, seed, base_url, folder, instructions, threads = sys.argv[1:]
seed, threads = int(seed), int(threads)


def model(role, **settings):
    return dspy.LM(f"openai/{role}", api_base=base_url, api_key="none", cache=False, **settings)


def rows(split):
    read = json.loads((Path(folder) / f"{split}.json").read_text())
    return [dspy.Example(**row).with_inputs("text") for row in read]


train, val, test = rows("train"), rows("val"), rows("test")
dspy.configure(lm=model("task"))
proposer = model("proposer", temperature=1.0)
student = dspy.Predict(
    dspy.Signature(
        "text -> label: Literal['billing', 'delivery', 'returns', 'account', 'technical']", instructions
    )
)


def right(row, answer, trace=None):
    return float(answer is not None and answer.label == row.label)


def told(row, answer, trace=None, predictor=None, predictor_trace=None):
    if right(row, answer):
        return dspy.Prediction(score=1.0, feedback="scored 1")
    return dspy.Prediction(score=0.0, feedback=f'expected "{row.label}", got "{getattr(answer, "label", None)}"')



def optimized():
    if name == "GEPA":
        search = dspy.GEPA(
            metric=told, max_metric_calls=1000, reflection_lm=proposer, num_threads=threads, seed=seed
        )
        return search.compile(student, trainset=train, valset=val)
    if name == "MIPROv2":
        search = dspy.MIPROv2(
            metric=right, prompt_model=proposer, auto="light", num_threads=threads, seed=seed
        )
        return search.compile(student, trainset=train, valset=val, seed=seed)
    if name == "SIMBA":
        search = dspy.SIMBA(metric=told, prompt_model=proposer, num_threads=threads)
        return search.compile(student, trainset=train + val, seed=seed)
    if name == "COPRO":
        search = dspy.COPRO(metric=right, prompt_model=proposer)
        return search.compile(
            student, trainset=train + val, eval_kwargs={"num_threads": threads, "display_progress": False}
        )
    search = dspy.BootstrapFewShotWithRandomSearch(metric=right, num_threads=threads)
    return search.compile(student, trainset=train, valset=val)


started = time.perf_counter()
program = optimized()
seconds = time.perf_counter() - started
# Scored under another name, so that the endpoint counts these calls apart.
program.set_lm(model("test"))
score = dspy.Evaluate(devset=test, metric=right, num_threads=threads, display_progress=False)(program).score
print(json.dumps({"score": score / 100, "seconds": seconds}))

"""DSPy's side of the rows: prints a JSON list of numbers, each as its counterpart in this folder does."""

import json
import logging
import sys
import time

import dspy
from dspy.lm15 import Message, Response, TextPart, Usage

logging.disable(logging.WARNING)


class Engine:
    """A model in this process that gives one answer after some seconds."""

    def __init__(self, field, answer, seconds=0.0):
        self.text = f"[[ ## {field} ## ]]\n{answer}\n\n[[ ## completed ## ]]"
        self.seconds = seconds

    def complete(self, request):
        if self.seconds:
            time.sleep(self.seconds)
        message = Message(role="assistant", parts=(TextPart(self.text),))
        return Response(id=None, model="bench", message=message, finish_reason="stop", usage=Usage())


def connect(engine):
    dspy.configure(lm=dspy.LM("bench", engine=engine, cache=False))


def predict_call(batches):
    connect(Engine("answer", "4"))
    predict = dspy.Predict("question -> answer")

    def batch(calls):
        started = time.perf_counter()
        for i in range(calls):
            predict(question=f"What is {i} + 2?")
        return (time.perf_counter() - started) * 1000 / calls

    batch(1000)
    return [batch(200) for _ in range(batches)]


def evaluate_rows(concurrency, runs):
    rows = [
        dspy.Example(text=f"Flight {i} was late.", label="negative").with_inputs("text") for i in range(2000)
    ]
    evaluate = dspy.Evaluate(
        devset=rows, metric=lambda row, answer, trace=None: row.label == answer.label, num_threads=concurrency
    )
    classify = dspy.Predict("text -> label: Literal['positive', 'negative']")
    connect(Engine("label", "negative"))
    evaluate(classify)
    connect(Engine("label", "negative", seconds=0.05))
    found = []
    for _ in range(runs):
        started = time.perf_counter()
        result = evaluate(classify)
        found.append((time.perf_counter() - started) * 1000)
        assert result.score == 100, result.score
    return found


name, *arguments = sys.argv[1:]
print(json.dumps({"predict-call": predict_call, "evaluate-rows": evaluate_rows}[name](*map(int, arguments))))

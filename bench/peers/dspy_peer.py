"""DSPy's side of the rows: prints a JSON list of numbers, each as its counterpart in this folder does."""

import json
import logging
import sys
import time
from pathlib import Path

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


def predict_call(batches, calls, warm, base_url=None, cache=None):
    if base_url is None:
        connect(Engine("answer", "4"))
    else:
        # The one in memory alone: a disk would be remembered from run to run.
        dspy.configure_cache(enable_disk_cache=False)
        model = dspy.LM("openai/dspy", api_base=base_url, api_key="none", cache=cache == "cached")
        dspy.configure(lm=model)
    predict = dspy.Predict("question -> answer")

    def batch(calls):
        started = time.perf_counter()
        for i in range(calls):
            assert predict(question=f"What is {i} + 2?").answer == "4"
        return (time.perf_counter() - started) * 1000 / calls

    batch(int(warm))
    return [batch(int(calls)) for _ in range(int(batches))]


def evaluate_rows(concurrency, runs):
    concurrency, runs = int(concurrency), int(runs)
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


class Rag(dspy.Module):
    def __init__(self, search):
        super().__init__()
        self.query = dspy.ChainOfThought("question -> search_query")
        self.search = search
        self.answer = dspy.ChainOfThought("context: list[str], question -> answer, citations: list[int]")

    def forward(self, question):
        query = self.query(question=question).search_query
        return self.answer(context=self.search(query).passages, question=question)


def rag_answer(count, batches, calls, warm, base_url, vectors):
    import numpy

    vectors = numpy.fromfile(vectors, dtype=numpy.float32).reshape(int(count) + 1, -1)

    def embed(texts):
        numbers = [-1 if text.startswith("query") else int(text.split()[-1]) for text in texts]
        return vectors[numbers]

    corpus = [f"document {i}" for i in range(int(count))]
    rag = Rag(dspy.retrievers.Embeddings(corpus=corpus, embedder=dspy.Embedder(embed), k=5))
    dspy.configure(lm=dspy.LM("openai/dspy", api_base=base_url, api_key="none", cache=False))

    def batch(calls):
        started = time.perf_counter()
        for i in range(calls):
            assert rag(question=f"What is {i} + 2?").answer == "4"
        return (time.perf_counter() - started) * 1000 / calls

    batch(int(warm))
    return [batch(int(calls)) for _ in range(int(batches))]


def read_replies(file):
    types = {
        "answer": "str",
        "label": "Literal['negative', 'neutral', 'positive']",
        "amount": "int",
        "price": "float",
        "urgent": "bool",
        "tags": "list[str]",
        "note": "Optional[str]",
    }
    replies = [json.loads(line) for line in Path(file).read_text().strip().split("\n")]
    signatures = {}
    for fields in {tuple(each["fields"]) for each in replies}:
        outputs = ", ".join(f"{field}: {types[field]}" for field in fields)
        signatures[fields] = dspy.Signature(f"question -> {outputs}")
    adapter = dspy.JSONAdapter()
    unread = wrong = spent = 0
    for each in replies:
        signature = signatures[tuple(each["fields"])]
        started = time.perf_counter()
        try:
            found = adapter.parse(signature, each["reply"])
        except Exception:  # It has several for a reply that it cannot read.
            found = None
        spent += time.perf_counter() - started
        if found is None:
            unread += 1
        # In Python `True == 1`.
        elif found != each["expected"] or any(type(found[k]) is bool and type(v) is not bool for k, v in each["expected"].items()):
            wrong += 1
    return [unread + wrong, wrong, spent * 1e6 / len(replies)]


name, *arguments = sys.argv[1:]
rows = {"predict-call": predict_call, "evaluate-rows": evaluate_rows, "read-replies": read_replies, "rag-answer": rag_answer}
print(json.dumps(rows[name](*arguments)))

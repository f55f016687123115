"""DSPy's side of a program that goes to and fro: optimises it, or scores one that was optimised elsewhere.

Arguments: `optimise` or `score`, base URL of the endpoint, folder of the rows as JSON, path of the saved program.
"""

import json
import logging
import sys
from pathlib import Path

import dspy

logging.disable(logging.WARNING)
do, base_url, folder, path = sys.argv[1:]


class Tickets(dspy.Module):
    def __init__(self):
        super().__init__()
        self.route = dspy.Predict(
            dspy.Signature(
                "text -> label: Literal['billing', 'delivery', 'returns', 'account', 'technical']",
                "Say which team a message is for. Prefer the most general team.",
            )
        )

    def forward(self, text):
        return self.route(text=text)


def rows(split):
    read = json.loads((Path(folder) / f"{split}.json").read_text())
    return [dspy.Example(**row).with_inputs("text") for row in read]


def right(row, answer, trace=None):
    return float(answer is not None and answer.label == row.label)


dspy.configure(lm=dspy.LM("openai/task", api_base=base_url, api_key="none", cache=False))
program = Tickets()
if do == "optimise":
    search = dspy.BootstrapFewShot(metric=right, max_bootstrapped_demos=2, max_labeled_demos=2)
    program = search.compile(program, trainset=rows("train"))
    program.save(path)
else:
    program.load(path)
evaluation = dspy.Evaluate(devset=rows("test"), metric=right, num_threads=4, display_progress=False)
print(
    json.dumps(
        {
            "score": evaluation(program).score / 100,
            "instructions": program.route.signature.instructions,
            "demos": [dict(demo) for demo in program.route.demos],
        },
        default=str,
    )
)

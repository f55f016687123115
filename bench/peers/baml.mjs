// BAML's side of the row of replies: prints a JSON list of numbers, as programs/read-replies.ts does.
import { BamlRuntime } from "@boundaryml/baml/native";
import { readReplies } from "./replies.mjs";

const types = {
  answer: "string",
  label: '"negative" | "neutral" | "positive"',
  amount: "int",
  price: "float",
  urgent: "bool",
  tags: "string[]",
  note: "string?",
};
const reader = (fields) => {
  const members = fields.map((name) => `  ${name} ${types[name]}`).join("\n");
  const source = `
client<llm> Nobody {
  provider openai
  options {
    model "nobody"
    api_key "none"
  }
}

class Reply {
${members}
}

function Read(question: string) -> Reply {
  client Nobody
  prompt #"{{ question }} {{ ctx.output_format }}"#
}
`;
  const runtime = BamlRuntime.fromFiles("replies", { "read.baml": source }, {});
  const context = runtime.createContextManager();
  return (reply) => runtime.parseLlmResponse("Read", reply, false, context, null, null, {});
};
console.log(JSON.stringify(await readReplies(process.argv[3], reader)));

import { sharedScript } from "./shared-script.ts";

/** The page at `/`: a conversation, a row, uploads. */
export const programScript = `${sharedScript}${String.raw`
const spell = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 1));
const state = (text) => { find("state").textContent = text; };

/** Server-sent events of a response, one by one. */
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const lines = block.split("\n");
      const of = (name) => lines.filter((line) => line.startsWith(name + ": ")).map((line) => line.slice(name.length + 2)).join("\n");
      yield { event: of("event"), data: JSON.parse(of("data")) };
    }
  }
}

function valueList(values, without) {
  const list = element("dl", undefined, "values");
  for (const [name, value] of Object.entries(values)) {
    if (without.includes(name) || value === null || value === "") continue;
    const pair = element("div");
    pair.append(element("dt", name.replaceAll("_", " ")), element("dd", spell(value)));
    if (spell(value).length > 60) pair.className = "long";
    list.append(pair);
  }
  return list;
}

/** Citations: entries with their text, or numbers and ids of the passages that came along. */
function citations(outputs) {
  const passages = [outputs.passages, outputs.contexts, outputs.retrieved_context, outputs.context].find(Array.isArray) || [];
  const cited = Array.isArray(outputs.citations) ? outputs.citations : [];
  return cited.map((citation) => {
    const passage = typeof citation === "object" && citation !== null ? citation
      : typeof citation === "number" ? passages[citation - 1] : passages.find((one) => one && one.id === citation);
    const { id, text, source } = typeof passage === "object" && passage !== null ? passage : { text: passage };
    const where = source ? [source.file, source.page && "page " + source.page, source.row && "row " + source.row].filter(Boolean).join(", ") : "";
    const details = element("details", undefined, "cited");
    details.append(element("summary", [id === undefined ? spell(citation) : String(id), where].filter(Boolean).join(" · ")));
    details.append(element("p", text === undefined ? "its text was not sent" : spell(text)));
    return details;
  });
}

/** A server that was started anew remembers no trace, and takes the rating all the same. */
async function rate(feedback) {
  try {
    await post("/feedback", feedback);
  } catch (error) {
    if (error.status !== 403 || feedback.trace === undefined) throw error;
    await rate(Object.assign({}, feedback, { trace: undefined }));
  }
}

function rating(feedback) {
  const group = element("div");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "Was this answer good?");
  const said = element("span", "", "why");
  const buttons = [["Good answer", 5], ["Bad answer", 1]].map(([name, value]) => {
    const button = element("button", name);
    button.type = "button";
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", async () => {
      try {
        await rate(Object.assign({ rating: value }, feedback));
        for (const one of buttons) one.setAttribute("aria-pressed", String(one === button));
        said.textContent = "Thank you.";
      } catch (error) {
        said.textContent = error.message;
      }
    });
    return button;
  });
  said.setAttribute("role", "status");
  group.append(...buttons, said);
  return group;
}

/** What the program is told to do, for whoever has a token. */
async function instruct() {
  const shown = find("subtitle");
  shown.textContent = "";
  if (tokenField.value.trim() === "") return;
  try {
    shown.textContent = (await (await call("/instructions")).json()).instructions;
  } catch (error) {
    shown.textContent = error.message;
  }
}

if (tokenField) {
  instruct();
  tokenField.addEventListener("change", instruct);
}

const turns = [];
/** Names this conversation to the server. (randomUUID is missing on pages without TLS.) */
const conversation = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
let asking;

async function ask(question) {
  const { question: asked, history, answer: answered } = data.conversation;
  const turn = element("li");
  const shown = element("p", "", "answer");
  turn.append(element("p", question, "question"), shown);
  find("turns").append(turn);
  asking = new AbortController();
  find("send").disabled = true;
  find("stop").hidden = false;
  state("asking");
  try {
    const inputs = { [asked]: question };
    if (history) inputs[history] = { messages: turns };
    const response = await post("/stream", inputs, asking.signal, { "x-conversation-id": conversation });
    let request;
    let outputs;
    for await (const { event, data: told } of events(response)) {
      if (event === "step" && told.state === "started") state({ retriever: "searching", tool: "using " + told.name, model: "writing" }[told.kind] || "working");
      if (event === "field" && told.field === answered) {
        if (request !== told.request) shown.textContent = "";
        request = told.request;
        shown.textContent += told.delta;
      }
      if (event === "error") throw new Error(told.message);
      if (event === "result") outputs = told;
    }
    if (!outputs) throw new Error("the answer broke off");
    const answer = spell(outputs[answered]);
    shown.textContent = answer;
    const cited = citations(outputs);
    turn.append(...cited, valueList(outputs, [answered, "citations", "passages", "contexts", "retrieved_context", "context"]));
    const version = response.headers.get("x-lmframe-version");
    turn.append(rating({
      question,
      answer,
      context: outputs.citations,
      version: version === null ? undefined : Number(version),
      trace: response.headers.get("x-lmframe-trace") || undefined,
    }));
    turns.push({ [asked]: question, [answered]: answer });
    state("answered" + (cited.length ? " from " + cited.length + (cited.length === 1 ? " source" : " sources") : ""));
  } catch (error) {
    turn.classList.add("failed");
    shown.textContent = error.name === "AbortError" ? "Stopped." : error.message;
    state("not answered");
  } finally {
    find("send").disabled = false;
    find("stop").hidden = true;
    find("question").focus();
  }
}

if (data.conversation) {
  const field = find("question");
  find("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    const question = field.value.trim();
    if (question === "" || find("send").disabled) return;
    field.value = "";
    ask(question);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      find("ask").requestSubmit();
    }
  });
  find("stop").addEventListener("click", () => asking.abort());
}

find("row").addEventListener("submit", async (event) => {
  event.preventDefault();
  const result = find("outputs");
  const button = event.submitter;
  button.disabled = true;
  result.textContent = "working";
  try {
    const row = {};
    for (const { name, form, optional } of data.inputs) {
      const value = find("input-" + name).value;
      if (value === "" && (optional || form !== "text")) continue;
      row[name] = form === "json" ? JSON.parse(value) : value;
    }
    const response = await post("/invocations", { dataframe_records: [row] });
    const [outputs] = (await response.json()).predictions;
    if (outputs.error !== null) throw new Error(outputs.error);
    result.replaceChildren(valueList(outputs, ["error"]));
  } catch (error) {
    result.textContent = error.message;
  } finally {
    button.disabled = false;
  }
});

if (data.documents) {
  find("upload").addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = find("uploaded");
    said.textContent = "reading";
    try {
      const body = new FormData();
      for (const file of find("files").files) body.append("file", file);
      const { added, failed } = await (await call("/documents", { method: "POST", body })).json();
      said.textContent = [added + " added", ...failed.map(({ file, message }) => file + ": " + message)].join("; ");
    } catch (error) {
      said.textContent = error.message;
    }
  });
}
`}`;

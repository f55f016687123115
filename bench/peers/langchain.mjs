// LangChain.js's side of the rows: prints a JSON list of numbers, each as its counterpart in programs/ does.
import { MemoryVectorStore } from "@langchain/classic/vectorstores/memory";
import { Document } from "@langchain/core/documents";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { RunnablePassthrough } from "@langchain/core/runnables";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { ChatOpenAI } from "@langchain/openai";
import { callBatches } from "./call-batches.mjs";
import { vectorOf } from "./vectors.mjs";

const chat = (baseURL, model = "text") =>
  new ChatOpenAI({ model, apiKey: "none", configuration: { baseURL }, temperature: 0 });

const rows = {
  async "predict-call"(batches, calls, warm, baseURL) {
    const model = baseURL ? chat(baseURL) : new FakeListChatModel({ responses: ["4"] });
    const prompt = ChatPromptTemplate.fromMessages([
      ["system", "Answer the question."],
      ["human", "{question}"],
    ]);
    const chain = prompt.pipe(model).pipe(new StringOutputParser());
    const call = async (i) => {
      const answer = await chain.invoke({ question: `What is ${i} + 2?` });
      if (answer !== "4") throw new Error(`invalid answer: ${answer}`);
    };
    return callBatches(call, [batches, calls, warm].map(Number));
  },

  /** Its own store compares a query with every document: what it finds is exact. */
  async documents(count, queries) {
    const { store, seconds } = await stored(Number(count));
    const times = [];
    for (let i = 0; i < Number(queries); i++) {
      const query = [...vectorOf(`query ${i}`)];
      const started = performance.now();
      await store.similaritySearchVectorWithScore(query, 10);
      times.push(performance.now() - started);
    }
    return [seconds, times.sort((a, b) => a - b)[times.length >> 1], 0];
  },

  async "rag-answer"(count, batches, calls, warm, baseURL) {
    const { store } = await stored(Number(count));
    const retriever = store.asRetriever(5);
    const text = new StringOutputParser();
    const prompt = (system, human) =>
      ChatPromptTemplate.fromMessages([
        ["system", system],
        ["human", human],
      ]);
    const query = prompt("Write a short search query.", "{question}")
      .pipe(chat(baseURL, "search"))
      .pipe(text);
    const answer = prompt("Answer from the context.", "{context}\n\n{question}")
      .pipe(chat(baseURL))
      .pipe(text);
    const chain = RunnablePassthrough.assign({
      context: async ({ question }) => {
        const passages = await retriever.invoke(await query.invoke({ question }));
        if (passages.length !== 5) throw new Error("invalid passages");
        return passages.map(({ pageContent }) => pageContent).join("\n");
      },
    }).pipe(answer);
    const call = async (i) => {
      const found = await chain.invoke({ question: `What is ${i} + 2?` });
      if (found !== "4") throw new Error(`invalid answer: ${found}`);
    };
    return callBatches(call, [batches, calls, warm].map(Number));
  },
};

/** Its own store with so many documents, and the seconds that it took without making their vectors. */
async function stored(count) {
  const embed = (text) => [...vectorOf(text)];
  const store = new MemoryVectorStore({
    embedQuery: async (text) => embed(text),
    embedDocuments: async (texts) => texts.map(embed),
  });
  let spent = 0;
  for (let i = 0; i < count; i += 1000) {
    const ids = Array.from({ length: Math.min(1000, count - i) }, (_, at) => String(i + at));
    const documents = ids.map((id) => new Document({ id, pageContent: `document ${id}` }));
    const vectors = documents.map(({ pageContent }) => embed(pageContent));
    const started = performance.now();
    await store.addVectors(vectors, documents);
    spent += performance.now() - started;
  }
  return { store, seconds: spent / 1000 };
}

const [row, ...args] = process.argv.slice(2);
console.log(JSON.stringify(await rows[row](...args)));

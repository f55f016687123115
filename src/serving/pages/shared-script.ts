/**
 * What the scripts of the pages share. All that comes from the server is put into the page as text, never as HTML. The
 * token stays in the browser's tab and goes nowhere but to its own server.
 */
export const sharedScript = String.raw`
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const find = (id) => document.getElementById(id);

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

const tokenField = find("token");
if (tokenField) {
  tokenField.value = sessionStorage.getItem("lmframe token") || "";
  tokenField.addEventListener("change", () => sessionStorage.setItem("lmframe token", tokenField.value.trim()));
}

function headers(more) {
  const token = tokenField ? tokenField.value.trim() : "";
  return Object.assign({}, more, token === "" ? {} : { authorization: "Bearer " + token });
}

async function call(path, options) {
  const response = await fetch(path, Object.assign({}, options, { headers: headers(options && options.headers) }));
  if (response.ok) return response;
  const body = await response.json().catch(() => ({}));
  const wait = response.headers.get("retry-after");
  if (response.status === 401 && tokenField) tokenField.focus();
  const failure = new Error((body.message || "the server answered " + response.status) + (wait ? " (try again in " + wait + " s)" : ""));
  throw Object.assign(failure, { status: response.status });
}

const post = (path, body, signal, more) =>
  call(path, { method: "POST", headers: Object.assign({ "content-type": "application/json" }, more), body: JSON.stringify(body), signal });
`;

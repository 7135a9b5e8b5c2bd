"use strict";
const $ = (id) => document.getElementById(id);
const fields = ["from", "to", "cc", "bcc", "reply_to", "subject", "text", "html"];
const lists = new Set(["to", "cc", "bcc", "reply_to"]);
const mostResults = 20;
const mostMessages = 50;

// Everything that is shown came from elsewhere: it becomes text, never markup.
function make(name, className, text) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined && text !== null) element.textContent = String(text);
  return element;
}

async function ask(path, options = {}) {
  const headers = { ...options.headers };
  // The key lives in its field alone: not in a cookie, not in storage.
  if ($("key").value) headers["X-API-Key"] = $("key").value;
  const response = await fetch(path, { ...options, headers, cache: "no-store", credentials: "omit" });
  const text = await response.text();
  // The state of the relays is told without a key.
  if (path !== "readyz") showAccess(response.status === 401);
  let body = {};
  try { body = JSON.parse(text); } catch { body = { detail: text.slice(0, 500) }; }
  return { status: response.status, id: response.headers.get("X-Request-Id"), body };
}

// The key has its place once the gateway asks for one.
function showAccess(isRefused) {
  if (isRefused) {
    $("access").hidden = false;
    $("key-needed").textContent = $("key").value ? "This gateway does not know the key." : "This gateway needs a key.";
  }
  $("key-needed").hidden = !isRefused;
}

// Every route but the health's and this page's needs the key, where there are keys.
async function access() {
  try {
    const { status } = await ask("metrics", { method: "HEAD" });
    if (status === 401) $("key").focus();
  } catch { /* The state says that there is no answer. */ }
}

// Addresses are separated by commas, but not within quotes.
function addresses(text) {
  const found = [];
  let current = "", quoted = false, escaped = false;
  for (const character of text) {
    if (character === "," && !quoted) { found.push(current); current = ""; continue; }
    if (character === '"' && !escaped) quoted = !quoted;
    escaped = character === "\\" && !escaped;
    current += character;
  }
  return [...found, current].map((address) => address.trim()).filter(Boolean);
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new Error(`${file.name} cannot be read`));
    reader.readAsDataURL(file);
  });
}

async function message() {
  const document = {};
  for (const name of fields) {
    const value = $(name).value;
    if (value === "" && name !== "from" && name !== "text") continue;
    document[name] = lists.has(name) ? addresses(value) : value;
  }
  const files = [...$("attachments").files];
  if (files.length) {
    document.attachments = await Promise.all(files.map(async (file) => (
      { filename: file.name, content: await base64(file), content_type: file.type || "application/octet-stream" })));
  }
  return document;
}

// A message keeps its key until it has a final answer: after a broken connection, Send asks for that answer and does not
// send the message again.
let pending = null;
function idempotencyKey(body) {
  if (!pending || pending.body !== body) {
    const octets = crypto.getRandomValues(new Uint8Array(16));
    pending = { body, key: "console-" + [...octets].map((octet) => octet.toString(16).padStart(2, "0")).join("") };
  }
  return pending.key;
}

function clearErrors() {
  $("form-error").hidden = true;
  for (const name of [...fields, "attachments"]) {
    const input = $(name);
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
    document.getElementById(name + "-error")?.remove();
  }
}

function showErrors(problem) {
  const rest = [];
  let first = null;
  for (const { pointer, detail } of problem.errors ?? []) {
    const name = pointer.split("/")[1];
    const input = name && [...fields, "attachments"].includes(name) ? $(name) : null;
    if (!input) { rest.push((pointer ? pointer + ": " : "") + detail); continue; }
    let shown = document.getElementById(name + "-error");
    if (!shown) {
      shown = make("p", "error");
      shown.id = name + "-error";
      input.after(shown);
    }
    shown.textContent += (shown.textContent ? " " : "") + detail + ".";
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", shown.id);
    first ??= input;
  }
  if (rest.length) {
    $("form-error").textContent = rest.join(" ");
    $("form-error").hidden = false;
  }
  if (first) {
    if (first.closest("details")) first.closest("details").open = true;
    first.focus();
  }
}

function kind(status) { return status < 300 ? "good" : status === 503 || status === 429 || status === 409 ? "warn" : "bad"; }

function showResult(answer, subject) {
  const { status, body, id } = answer;
  const item = make("li");
  const row = make("div", "row");
  const name = body.message !== undefined ? "not sent: a try" : body.status === "partially_accepted" ? "partly accepted"
    : status === 200 ? "accepted" : body.title || "no answer";
  row.append(make("span", "pill " + kind(status), `${status || "—"} ${name}`), make("span", "strong", subject || "(no subject)"));
  const time = make("time", null, new Date().toLocaleTimeString());
  time.dateTime = new Date().toISOString();
  row.append(time);
  item.append(row);
  if (body.code) item.append(make("p", "reply", [body.code, body.enhanced_code, body.text].filter(Boolean).join(" ")));
  else if (body.detail) item.append(make("p", "reply", body.detail));
  if (body.outcome) {
    item.append(make("p", "hint", (body.outcome === "unknown" ? "The relay may or may not have accepted it." : "It was not sent.")
      + (body.retryable ? " It can be tried again." : "")));
  }
  for (const rejected of body.rejected ?? []) {
    item.append(make("p", "error", `${rejected.address}: ${[rejected.code, rejected.enhanced_code, rejected.text].filter(Boolean).join(" ")}`));
  }
  if (body.message !== undefined) {
    const details = make("details");
    details.append(make("summary", null, "The message"), make("pre", null, body.message));
    details.lastChild.tabIndex = 0;
    details.open = true;
    item.append(details);
  }
  item.append(make("p", "hint", [body.id, id && "request " + id].filter(Boolean).join(" · ")));
  $("no-results").hidden = true;
  $("results").prepend(item);
  while ($("results").children.length > mostResults) $("results").lastChild.remove();
}

async function submit(dryRun) {
  clearErrors();
  const buttons = [$("send"), $("dry-run")];
  buttons.forEach((button) => { button.disabled = true; });
  try {
    let document;
    try { document = await message(); } catch (error) {
      $("form-error").textContent = `${error.message}. Nothing was sent.`;
      $("form-error").hidden = false;
      return;
    }
    const body = JSON.stringify(document);
    const headers = { "Content-Type": "application/json" };
    if (!dryRun) headers["Idempotency-Key"] = idempotencyKey(body);
    const answer = await ask("messages" + (dryRun ? "?dry_run=true" : ""), { method: "POST", headers, body });
    if (!dryRun && answer.status !== 409 && !answer.body.retryable) pending = null;
    if (answer.status === 401) $("key").focus();
    if (answer.body.errors) showErrors(answer.body);
    showResult(answer, document.subject);
    inbox();
  } catch (error) {
    showResult({ status: 0, body: { detail: `${error.message}. Send again: it goes out once, under the same key.` } }, $("subject").value);
  } finally {
    buttons.forEach((button) => { button.disabled = false; });
  }
}

async function health() {
  try {
    const { body } = await ask("readyz");
    const ready = body.status === "ok";
    $("state").className = "pill " + (ready ? "good" : "bad");
    $("state").textContent = ready ? "ready" : body.status || "unavailable";
    $("version").textContent = body.version ? "Postern " + body.version : "";
    $("relays").replaceChildren(...(body.relays ?? []).map((relay) => {
      const item = make("li");
      const row = make("div", "row");
      row.append(make("span", "pill " + (relay.status === "ok" ? "good" : "bad"), relay.status), make("span", "strong", relay.name));
      if (relay.latency_ms !== null && relay.latency_ms !== undefined) row.append(make("span", "end", relay.latency_ms + " ms"));
      item.append(row);
      if (relay.error) item.append(make("p", "reply", relay.error));
      return item;
    }));
  } catch {
    $("state").className = "pill bad";
    $("state").textContent = "no answer";
  }
}

// Encoded words as a mail reader shows them (RFC 2047); what cannot be read stays as it is.
function decoded(value) {
  return value.replace(/\?=\s+=\?/g, "?==?").replace(/=\?([^?*]+)(?:\*[^?]*)?\?([bq])\?([^?]*)\?=/gi, (word, charset, encoding, text) => {
    try {
      const octets = encoding.toLowerCase() === "b" ? atob(text)
        : text.replaceAll("_", " ").replace(/=([0-9a-f]{2})/gi, (_, digits) => String.fromCharCode(parseInt(digits, 16)));
      return new TextDecoder(charset).decode(Uint8Array.from(octets, (character) => character.charCodeAt(0)));
    } catch { return word; }
  });
}

function caught(entry) {
  const header = (name) => decoded(entry.headers.find((field) => field.name.toLowerCase() === name)?.value ?? "");
  const item = make("li");
  const row = make("div", "row");
  const time = make("time", null, new Date(entry.received_at).toLocaleTimeString());
  time.dateTime = entry.received_at;
  row.append(make("span", "strong", header("subject") || "(no subject)"), time);
  const details = make("details");
  details.append(make("summary", null, `${entry.envelope.from || "<>"} → ${entry.envelope.to.join(", ")}`), make("pre", null, entry.raw));
  details.lastChild.tabIndex = 0;
  item.append(row, details);
  return item;
}

async function inbox() {
  try {
    const { status, body } = await ask("sandbox/messages");
    $("inbox-section").hidden = status !== 200;
    if (status !== 200) return;
    $("no-messages").hidden = body.messages.length > 0;
    $("inbox").replaceChildren(...body.messages.slice(0, mostMessages).map(caught));
  } catch { /* The state says that there is no answer. */ }
}

$("compose").addEventListener("submit", (event) => { event.preventDefault(); submit(false); });
$("dry-run").addEventListener("click", () => submit(true));
$("access").addEventListener("submit", (event) => { event.preventDefault(); inbox(); });
$("key").addEventListener("change", inbox);
$("check").addEventListener("click", health);
$("refresh").addEventListener("click", inbox);
$("clear").addEventListener("click", async () => { await ask("sandbox/messages", { method: "DELETE" }); inbox(); });
access();
health();
inbox();
setInterval(() => { if (!document.hidden) health(); }, 10000);

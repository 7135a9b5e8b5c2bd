"use strict";
const $ = (id) => document.getElementById(id);
const fields = ["from", "to", "cc", "bcc", "reply_to", "subject", "text", "html"];
const lists = new Set(["to", "cc", "bcc", "reply_to"]);
const mostResults = 20;
const pageSize = 50;
// Images in a mail become part of its document: they are bounded, as the document is held in memory several times.
const mostImageOctets = 5_000_000, mostImages = 20;
const imageTypes = /^image\/(png|jpeg|gif|webp|svg\+xml)$/;
const mostSourceCharacters = 1_000_000;

// Everything that is shown came from elsewhere: it becomes text, never markup.
function make(name, className, ...children) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
}

function button(text, action, className = "small") {
  const made = make("button", className, text);
  made.type = "button";
  whenClicked(made, action);
  return made;
}

function whenClicked(element, action) {
  element.addEventListener("click", async () => {
    try { await action(); } catch (error) { announce(`This failed: ${error.message}.`); }
  });
}

// Read aloud by a screen reader, and shown at the edge of the screen for a while.
function announce(text) {
  $("news").textContent = text;
  clearTimeout(announce.end);
  announce.end = setTimeout(() => { $("news").textContent = ""; }, 6000);
}

function scrollable(text) {
  const made = make("pre", null, text);
  made.tabIndex = 0;
  return made;
}

const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

function size(octets) {
  if (octets < 1000) return plural(octets, "byte");
  return octets < 1e6 ? `${(octets / 1e3).toFixed(1)} kB` : `${(octets / 1e6).toFixed(1)} MB`;
}

function time(text) {
  const date = new Date(text);
  const isToday = date.toDateString() === new Date().toDateString();
  const made = make("time", "aside", isToday ? date.toLocaleTimeString() : date.toLocaleDateString());
  made.dateTime = text;
  made.title = date.toLocaleString();
  return made;
}

// MARK: The gateway

async function request(path, options = {}) {
  const headers = { ...options.headers };
  if ($("key").value) headers["X-API-Key"] = $("key").value;
  const response = await fetch(path, { ...options, headers, cache: "no-store", credentials: "omit" });
  // The health endpoint needs no key, so it says nothing about the key.
  if (path !== "readyz") showAccess(response.status === 401);
  return response;
}

async function ask(path, options) {
  const response = await request(path, options);
  const text = await response.text();
  let body = {};
  try { body = JSON.parse(text); } catch { body = { detail: text.slice(0, 500) }; }
  return {
    status: response.status, body, id: response.headers.get("X-Request-Id"),
    isReplayed: response.headers.has("Idempotency-Replayed"), retryAfter: response.headers.get("Retry-After"),
  };
}

async function content(path) {
  const response = await request(path);
  if (!response.ok) throw new Error(`the gateway responded with ${response.status}`);
  return response.blob();
}

// MARK: The key, kept in this tab only: its storage ends with the tab, and no other tab can read it

const keyName = "postern-key";

function showAccess(isRefused) {
  if (isRefused) {
    $("access").hidden = false;
    $("key-needed").textContent = $("key").value ? "The gateway does not know this key." : "This gateway needs an API key.";
  }
  $("key-needed").hidden = !isRefused;
}

function useKey() {
  if ($("key").value) sessionStorage.setItem(keyName, $("key").value); else sessionStorage.removeItem(keyName);
  start();
}

function forgetKey() {
  $("key").value = "";
  inbox.newest = undefined;
  showMessage(null);
  useKey();
  $("key").focus();
}

// MARK: The inbox: a list of summaries, the newest first

const inbox = { limit: pageSize, newest: undefined, unread: new Set(), rows: new Map(), chosen: null, loads: 0, watch: null };
const places = ["subject", "from", "to", "text"];

async function listed(parameters) {
  const { status, body } = await ask("sandbox/messages?" + new URLSearchParams(parameters));
  if (status !== 200) throw new Error(body.detail);
  return body;
}

// The endpoint requires every parameter to match. "Anywhere" needs one that does: it asks for each and joins the lists.
async function search(limit) {
  const words = $("find").value.trim(), place = $("where").value;
  if (!words) return listed({ limit });
  if (place !== "any") return listed({ [place]: words, limit });
  const answers = await Promise.all(places.map((each) => listed({ [each]: words })));
  const found = new Map(answers.flatMap((answer) => answer.messages).map((message) => [message.id, message]));
  const messages = [...found.values()].sort((one, other) => (one.received_at < other.received_at ? 1 : -1));
  return { total: messages.length, messages: messages.slice(0, limit) };
}

async function loadInbox() {
  const load = ++inbox.loads;
  const { total, messages } = await search(inbox.limit);
  if (load !== inbox.loads) return;  // A later load overtook this one.
  const isSearch = $("find").value.trim() !== "";
  $("no-messages").hidden = messages.length > 0;
  $("no-messages-title").textContent = isSearch ? "Nothing found" : "No mail yet";
  $("no-messages-hint").textContent = isSearch ? "No message contains this text." : "What is sent through this gateway appears here at once.";
  $("count").textContent = messages.length < total ? `showing ${messages.length} of ${total}` : isSearch ? `${total} found` : plural(total, "message");
  $("more-messages").hidden = messages.length >= total;
  $("clear").hidden = !isSearch && total === 0;
  if (!isSearch && messages.length === total) {
    const there = new Set(messages.map((message) => message.id));
    inbox.unread = new Set([...inbox.unread].filter((id) => there.has(id)));
  }
  showRows(messages);
  showUnread();
}

// Rows that stay are not touched, so that they keep the focus and the list its place.
function showRows(messages) {
  inbox.rows = new Map(messages.map((message) => [message.id, inbox.rows.get(message.id) ?? row(message)]));
  const wanted = new Set(inbox.rows.values());
  for (const item of [...$("inbox").children]) if (!wanted.has(item)) item.remove();
  let place = 0;
  for (const item of wanted) {
    const current = $("inbox").children[place++] ?? null;
    if (current !== item) $("inbox").insertBefore(item, current);
  }
}

function row(message) {
  const made = button("", () => choose(message.id), null);
  made.append(make("span", "who", message.from || message.envelope.from || "<>"), time(message.received_at),
    make("span", "subject", message.subject || "(no subject)"), make("span", "to", "to " + message.envelope.to.join(", ")),
    make("span", "aside", message.attachments ? plural(message.attachments, "file") : ""));
  return make("li", null, made);
}

function showUnread() {
  for (const [id, item] of inbox.rows) {
    item.firstChild.classList.toggle("new", inbox.unread.has(id));
    item.firstChild.setAttribute("aria-current", String(id === inbox.chosen?.id));
  }
  document.title = inbox.unread.size ? `(${inbox.unread.size}) Postern` : "Postern";
  $("mark-read").hidden = inbox.unread.size === 0;
}

// Returns false if there is no inbox to watch: no sandbox, or no key for it.
async function poll(signal) {
  const isFirst = inbox.newest === undefined;
  const parameters = isFirst ? { limit: 1 } : document.hidden ? {} : { wait: "25s" };
  if (inbox.newest) parameters.after = inbox.newest;
  const { status, body } = await ask("sandbox/messages?" + new URLSearchParams(parameters),
    { signal: AbortSignal.any([signal, AbortSignal.timeout(40000)]) });
  const isThere = status === 200;
  if (isThere || status === 401 || status === 404) {
    for (const id of ["inbox-section", "to-inbox", "failures"]) $(id).hidden = !isThere;
  }
  if (status === 401 || status === 404) return false;
  if (!isThere) throw new Error(body.detail);
  if (!isFirst && body.messages.length) {
    for (const { id } of body.messages) inbox.unread.add(id);
    announce(`${plural(body.messages.length, "new message")}: ${body.messages[0].subject || "(no subject)"}`);
  }
  inbox.newest = body.messages[0]?.id ?? inbox.newest ?? null;
  // Programs delete messages too: the list is loaded even if nothing arrived.
  await loadInbox();
  return true;
}

// One loop at a time asks for new messages. In a tab that is hidden no request waits; a short one now and then keeps the
// number in the title. After a failure the loop slows down.
async function watchInbox() {
  inbox.watch?.abort();
  const own = inbox.watch = new AbortController();
  let failures = 0;
  while (!own.signal.aborted) {
    const begin = Date.now();
    try {
      if (!await poll(own.signal)) return;
      failures = 0;
    } catch { failures += 1; }
    const rest = failures ? Math.min(30000, 1000 * 2 ** (failures - 1)) : document.hidden ? 30000 : Math.max(200, 500 - (Date.now() - begin));
    await pause(rest);
  }
}

async function emptyInbox() {
  $("confirm").close();
  await ask("sandbox/messages", { method: "DELETE" });
  inbox.unread.clear();
  showMessage(null);
  await loadInbox();
  announce("The inbox is empty.");
  $("find").focus();
}

async function confirmEmpty() {
  const { total } = await listed({ limit: 0 });
  $("confirm-text").textContent = `This deletes ${plural(total, "message")}, whatever the search shows. It cannot be undone.`;
  $("confirm").showModal();
  $("confirm-no").focus();
}

// The arrow keys move between rows, as in a mail program.
function moveInList(event) {
  const rows = [...$("inbox").querySelectorAll("button")];
  const place = rows.indexOf(document.activeElement);
  const next = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (place < 0 || next === undefined) return;
  event.preventDefault();
  rows[next]?.focus();
}

// MARK: The chosen message

async function choose(id) {
  const { status, body } = await ask("sandbox/messages/" + encodeURIComponent(id));
  inbox.unread.delete(id);
  if (status !== 200) {
    announce("This message is not there any more.");
    return loadInbox();
  }
  showMessage(body);
  showUnread();
  // On a phone the message is below the list.
  const { top, bottom } = $("reader").getBoundingClientRect();
  if (top > innerHeight - 200 || bottom < 100) $("reader").scrollIntoView();
  $("subject-shown").focus({ preventScroll: true });
}

function showMessage(message) {
  inbox.chosen = message;
  $("chosen").hidden = !message;
  $("nothing-chosen").hidden = Boolean(message);
  for (const panel of panels()) panel.replaceChildren();
  if (!message) return;
  $("subject-shown").textContent = message.subject || "(no subject)";
  const header = (name) => message.headers.filter((each) => each.name.toLowerCase() === name).map((each) => decoded(each.value)).join(", ");
  facts($("facts"), [["From", message.from], ["To", header("to")], ["Cc", header("cc")],
    ["Envelope", `${message.envelope.from || "<>"} → ${message.envelope.to.join(", ")}`],
    ["Received", `${new Date(message.received_at).toLocaleString()}, ${size(message.size)}`]]);
  $("tab-attachments").textContent = `Attachments (${message.attachments.length})`;
  showLinks(message);
  chooseTab(message.html === null ? "text" : "html");
}

function facts(list, pairs) {
  list.replaceChildren(...pairs.filter(([, value]) => value).flatMap(([name, value]) => [make("dt", null, name), make("dd", null, value)]));
  return list;
}

async function deleteChosen() {
  const { id } = inbox.chosen;
  const rows = [...inbox.rows.keys()];
  const next = rows[rows.indexOf(id) + 1] ?? rows[rows.indexOf(id) - 1];
  await ask("sandbox/messages/" + encodeURIComponent(id), { method: "DELETE" });
  inbox.unread.delete(id);
  showMessage(null);
  await loadInbox();
  announce("The message was deleted.");
  (inbox.rows.get(next)?.firstChild ?? $("find")).focus();
}

const tabs = () => [...document.querySelectorAll("[role=tab]")];
const panels = () => [...document.querySelectorAll("[role=tabpanel]")];
const views = { html: showHTML, text: showText, headers: showHeaders, source: showSource, attachments: showAttachments };

function chooseTab(name) {
  for (const tab of tabs()) {
    const isChosen = tab.id === "tab-" + name;
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
  }
  for (const panel of panels()) panel.hidden = panel.id !== "panel-" + name;
  $("links").hidden = !["html", "text"].includes(name) || !$("link-list").children.length;
  const panel = $("panel-" + name);
  if (!panel.children.length) views[name](panel, inbox.chosen);
}

function moveInTabs(event) {
  const all = tabs(), place = all.indexOf(document.activeElement);
  const next = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: -1 }[event.key];
  if (place < 0 || next === undefined) return;
  event.preventDefault();
  const tab = all.at(next % all.length);
  tab.focus();
  chooseTab(tab.id.slice(4));
}

// Fills a panel with what has to be fetched, unless another message was chosen meanwhile.
async function fill(panel, message, elements) {
  panel.replaceChildren(make("p", "hint", "Loading …"));
  let made;
  try { made = await elements(); } catch (error) { made = [make("p", "error", `This cannot be shown: ${error.message}.`)]; }
  if (inbox.chosen === message) panel.replaceChildren(...made);
}

const path = (message, part) => `sandbox/messages/${encodeURIComponent(message.id)}/${part}`;

function showText(panel, message) {
  panel.append(message.text === null ? make("p", "hint", "This message has no text part.") : scrollable(message.text));
}

function showHeaders(panel, message) {
  panel.append(facts(make("dl", "facts"), message.headers.map(({ name, value }) => [name, decoded(value) || " "])));
}

function showSource(panel, message) {
  fill(panel, message, async () => {
    const blob = await content(path(message, "raw"));
    const text = await blob.text();
    return [scrollable(text.slice(0, mostSourceCharacters)),
      make("p", "hint", text.length > mostSourceCharacters ? "The message is longer; download it to see all of it." : ""),
      button("Download .eml", () => save(blob, message.id + ".eml"))];
  });
}

function showAttachments(panel, message) {
  if (!message.attachments.length) return panel.append(make("p", "hint", "This message has no attachments."));
  panel.append(make("ul", "items", ...message.attachments.map((attachment) => {
    const { index, filename, content_type: type, content_id: id } = attachment;
    const name = filename ?? `attachment-${index}`;
    const download = button("Download", async () => save(await content(path(message, `attachments/${index}`)), name));
    download.setAttribute("aria-label", `Download ${name}`);
    const facts = [type, size(attachment.size), id && `cid:${id}`].filter(Boolean).join(" · ");
    return make("li", null, make("div", "row", make("div", "grow", make("p", "strong", name), make("p", "hint", facts)), download));
  })));
}

// A link to the endpoint could not send the key: the octets are fetched, and the link leads to them.
function save(blob, name) {
  const link = make("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
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

// MARK: HTML mail, which is hostile: the frame's sandbox and policy stop it. It runs no script, has no origin and fetches nothing.
// What is taken out below would be refused anyway; without it, the browser's log stays free of complaints.

const mailPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
const active = "script, template, base, link, meta, iframe, frame, frameset, object, embed, portal, audio, video, source";
const fetching = ["src", "srcset", "background", "poster", "href", "xlink:href", "action", "formaction", "ping", "data"];
// The frame inherits the policy of this page, which allows the styles with this nonce only.
const nonce = document.querySelector("style").nonce;

function showHTML(panel, message) {
  if (message.html === null) return panel.append(make("p", "hint", "This message has no HTML part."));
  fill(panel, message, async () => {
    const mail = new DOMParser().parseFromString(withMarkedStyles(message.html), "text/html");
    const isRemote = replaceAddresses(mail, await inlineImages(message));
    moveStyles(mail);
    const frame = make("iframe");
    frame.setAttribute("sandbox", "");
    frame.title = "HTML part of the message";
    frame.srcdoc = `<!doctype html><html><head><meta http-equiv="Content-Security-Policy" content="${mailPolicy}">`
      + `<meta name="color-scheme" content="light">${mail.head.getHTML()}</head><body>${mail.body.getHTML()}</body></html>`;
    return [frame, make("p", "hint", "Scripts, links and forms are disabled." + (isRemote ? " Remote content was not loaded." : ""))];
  });
}

// Marks style elements with the nonce and renames style attributes, for which no policy knows a nonce. That has to happen in
// the text: the parser itself reports each one that the policy does not allow. One pass, however broken the text is.
function withMarkedStyles(html) {
  const tags = /<!--[^]*?(?:-->|$)|<[a-z][^\s\/>]*(?:[\s\/]+|[^\s\/>=]+|=\s*(?:"[^"]*"|'[^']*'|[^\s>"'][^\s>]*)?)*>?/gi;
  return html.replace(tags, (tag) => (tag.startsWith("<!--") ? tag
    : tag.replace(/([\s\/"'])style(?=\s*=)/gi, "$1data-style").replace(/^<style(?=[\s\/>])/i, `<style nonce=${nonce}`)));
}

// Turns each renamed attribute into a rule that counts as much as the attribute would, above every rule with IDs and classes.
function moveStyles(mail) {
  const numbers = new Map();
  for (const element of mail.querySelectorAll("[data-style]")) {
    const style = element.getAttribute("data-style");
    if (!numbers.has(style)) numbers.set(style, numbers.size);
    element.setAttribute("data-style", numbers.get(style));
  }
  for (const [style, number] of numbers) {
    if (style.includes("<")) continue;  // It could end the style element.
    const rule = mail.createElement("style");
    rule.setAttribute("nonce", nonce);
    rule.textContent = `[data-style="${number}"]:not(#a#a#a#a) { ${style} }`;
    mail.head.append(rule);
  }
}

async function inlineImages(message) {
  const wanted = message.attachments.filter(({ content_id: id, content_type: type, size: octets }) => id && imageTypes.test(type)
    && octets <= mostImageOctets && message.html.includes(id)).slice(0, mostImages);
  return new Map(await Promise.all(wanted.map(async ({ index, content_id: id, content_type: type }) => (
    [id, `data:${type};base64,${await base64(await content(path(message, `attachments/${index}`)))}`]))));
}

// Replaces cid: by the images, takes out every other address, and returns whether one of them would have been fetched.
function replaceAddresses(mail, images) {
  let isRemote = false;
  // The address to be used instead of one, or nothing.
  const replacement = (address) => {
    if (/^data:image\//i.test(address) || address.startsWith("#")) return address;
    if (!/^cid:/i.test(address)) isRemote ||= /^(https?:)?\/\//i.test(address);
    let id = address.slice(4);
    try { id = decodeURIComponent(id); } catch { /* It stands for itself. */ }
    return /^cid:/i.test(address) ? images.get(id) : undefined;
  };
  const inCSS = (text) => text.replace(/@import[^;]*;?/gi, (found) => { isRemote ||= found.includes("//"); return ""; })
    .replace(/url\(\s*(["']?)([^"')]*)\1\s*\)/gi, (_, quote, address) => `url("${replacement(address.trim()) ?? "data:,"}")`);
  for (const element of mail.querySelectorAll("*")) {
    const isLink = element.localName === "a" || element.localName === "area";
    for (const name of fetching.filter((each) => element.hasAttribute(each))) {
      const found = isLink ? undefined : replacement(element.getAttribute(name).trim());
      if (found) element.setAttribute(name, found); else element.removeAttribute(name);
    }
    if (element.localName === "style") element.textContent = inCSS(element.textContent);
    if (element.hasAttribute("data-style")) element.setAttribute("data-style", inCSS(element.getAttribute("data-style")));
  }
  for (const element of mail.querySelectorAll(active)) element.remove();
  return isRemote;
}

// MARK: The links of a mail, to be copied: nothing in the console leads out of it

function showLinks(message) {
  const mail = new DOMParser().parseFromString(withMarkedStyles(message.html ?? ""), "text/html");
  const found = [...mail.querySelectorAll("a[href], area[href]")].map((link) => link.getAttribute("href").trim());
  found.push(...(message.text ?? "").match(/https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]}']/gi) ?? []);
  const links = [...new Set(found)].filter((link) => /^https?:\/\//i.test(link)).slice(0, 100);
  $("links-title").textContent = plural(links.length, "link");
  $("link-list").replaceChildren(...links.map((link) => {
    const made = button("Copy", () => copy(link, "The link"));
    made.setAttribute("aria-label", "Copy " + link);
    return make("li", null, make("div", "row", make("code", null, link), made));
  }));
}

// The clipboard's interface is there on loopback and under HTTPS only.
async function copy(text, name) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = make("textarea", "unseen", text);
    const focused = document.activeElement;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    focused.focus();
  }
  announce(`${name} was copied.`);
}

// MARK: The message to be sent

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

function documentOfForm() {
  const document = {};
  for (const name of fields) {
    const value = $(name).value;
    if (value === "" && name !== "from" && name !== "text") continue;
    document[name] = lists.has(name) ? addresses(value) : value;
  }
  return document;
}

async function attachmentsOfForm() {
  return Promise.all([...$("attachments").files].map(async (file) => (
    { filename: file.name, content: await base64(file), content_type: file.type || "application/octet-stream" })));
}

// A message keeps its Idempotency-Key until its outcome is known: after a broken connection, Send asks for the result and does
// not send the message again.
let pending = null;
function idempotencyKey(body) {
  if (!pending || pending.body !== body) {
    const octets = crypto.getRandomValues(new Uint8Array(16));
    pending = { body, key: "console-" + [...octets].map((octet) => octet.toString(16).padStart(2, "0")).join("") };
  }
  return pending.key;
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

// The command for what the form holds. JSON cannot refer to files, so with files it is a form, with --form-string for the
// text: -F would read a value that begins with @ or < from a file.
function curlCommand() {
  const document = documentOfForm();
  const parts = ["curl -sS " + quoted(new URL("messages", location.href).href)];
  if ($("key").value) parts.push('-H "X-API-Key: $POSTERN_KEY"');
  const files = [...$("attachments").files];
  if (!files.length) {
    parts.push("-H 'Content-Type: application/json'", "--data-raw " + quoted(JSON.stringify(document)));
  } else {
    for (const [name, value] of Object.entries(document)) {
      for (const each of [value].flat()) parts.push("--form-string " + quoted(`${name}=${each}`));
    }
    for (const { name, type } of files) {
      const escaped = name.replace(/[\\"]/g, "\\$&");
      parts.push("-F " + quoted(`attachment=@"${escaped}"` + (type ? `;type=${type}` : "")));
    }
  }
  return parts.join(" \\\n  ");
}

function copyCurl() {
  const command = curlCommand();
  $("command").textContent = command;
  $("command").hidden = false;
  copy(command, "The command");
  $("progress").textContent = "Copied." + ($("key").value ? " Set POSTERN_KEY to your key." : "");
}

function useFailure(address) {
  if (address.startsWith("mail-")) $("from").value = address;
  else $("to").value = [...addresses($("to").value), address].join(", ");
  $("progress").textContent = `${address} was added.`;
}

function clearErrors() {
  $("form-error").hidden = true;
  for (const name of [...fields, "attachments"]) {
    const input = $(name);
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
    $(name + "-error")?.remove();
  }
}

// An error of one address in a list names the address.
function described({ pointer, detail }, document) {
  const [, name, index] = pointer.split("/");
  const value = lists.has(name) && index !== undefined ? document[name]?.[index] : undefined;
  return value === undefined ? detail : `“${value}”: ${detail}`;
}

function showErrors(problem, document) {
  const rest = [];
  let first = null;
  for (const error of problem.errors ?? []) {
    const name = error.pointer.split("/")[1];
    const input = name && [...fields, "attachments"].includes(name) ? $(name) : null;
    if (!input) { rest.push((error.pointer ? error.pointer + ": " : "") + error.detail); continue; }
    let shown = $(name + "-error");
    if (!shown) {
      shown = make("p", "error");
      shown.id = name + "-error";
      input.after(shown);
    }
    shown.textContent += (shown.textContent ? " " : "") + described(error, document) + ".";
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", shown.id);
    first ??= input;
  }
  if (rest.length) showFormError(rest.join(" "));
  if (first) {
    if (first.closest("details")) first.closest("details").open = true;
    first.focus();
  }
}

function showFormError(text) {
  $("form-error").textContent = text;
  $("form-error").hidden = false;
}

// MARK: Results

const isDryRun = (body) => body.message !== undefined || body.message_base64 !== undefined;
const reply = ({ code, enhanced_code: enhanced, text }) => [code, enhanced, text].filter(Boolean).join(" ");

// Green is for what was sent to everybody; what is open or may be tried again is not an error either.
function colour({ status, body }) {
  if (status === 200) return isDryRun(body) ? "" : body.status === "accepted" ? "good" : "warn";
  return body.outcome === "unknown" || body.retryable || [0, 409, 429, 503].includes(status) ? "warn" : "bad";
}

function title({ status, body }) {
  if (isDryRun(body)) return "Dry run: not sent";
  if (status === 200) return body.status === "accepted" ? "Accepted" : "Partly accepted";
  return body.outcome === "unknown" ? "Outcome unknown" : body.title || "No response";
}

// What happened, whether it was sent, and what to do.
function explanation({ status, body, isReplayed, retryAfter }) {
  const earlier = isReplayed ? "This is the result of the earlier attempt. The message was not sent again. " : "";
  if (status === 0) return "It is not known whether the message was sent. Press Send again: it has the same Idempotency-Key, so it is sent once at most.";
  if (isDryRun(body)) return "Nothing was sent. This is the message that the relay would get.";
  if (status === 200 && body.status === "accepted") return earlier + `The relay accepted the message for ${plural(body.accepted.length, "recipient")}. Do not send it again.`;
  if (status === 200) {
    const count = body.rejected.length, canRetry = body.rejected.some((each) => each.retryable);
    return earlier + `The message was sent to ${plural(body.accepted.length, "recipient")}, not to ${count === 1 ? "the other one" : `the other ${count}`}. `
      + (canRetry ? "Send it later to those that the relay deferred, and to nobody else." : "Correct the refused addresses and send it to those only.");
  }
  if (body.outcome === "unknown") return earlier + "The relay did not confirm the message; it may have been accepted. Ask the recipient before you send it again. Send shows this result again until you change the message.";
  if (status === 401) return "The message was not sent. Enter an API key, then send again.";
  if (status === 409) return "A request with the same Idempotency-Key is in progress. Press Send in a moment to get its result.";
  if (body.errors) return "The message was not sent. Correct the marked fields, then send again.";
  const wait = retryAfter ? ` in ${plural(Number(retryAfter), "second")}` : " later";
  if (body.retryable) return `${earlier}The message was not sent. You can send it again${wait}.`;
  return `${earlier}The message was not sent. ${body.code ? "The relay will refuse it again: change it, or its recipients, before you send it." : "Correct the cause before you send it again."}`;
}

function recipients({ accepted = [], rejected = [], code, enhanced_code: enhanced, text }) {
  if (!rejected.length && accepted.length < 2) return null;
  const own = reply({ code, enhanced_code: enhanced, text });
  return make("ul", "recipients", ...accepted.map((address) => make("li", "good", `✓ ${address}: ${own}`)),
    ...rejected.map((each) => make("li", each.retryable ? "warn" : "bad",
      `✗ ${each.address}: ${reply(each)} (${each.retryable ? "temporary" : "permanent"})`)));
}

function showResult(answer, subject) {
  const { body, id } = answer;
  const pill = make("span", "pill " + colour(answer), [answer.status || "", title(answer)].join(" ").trim());
  const said = body.code ? "Relay: " + reply(body) : body.errors ? null : body.detail;
  const item = make("li", null,
    make("div", "row", pill, make("span", "strong", subject || "(no subject)"), time(new Date().toISOString())),
    make("p", null, explanation(answer)), said && make("p", "reply", said), recipients(body),
    isDryRun(body) ? scrollable(body.message ?? atob(body.message_base64)) : null,
    make("p", "hint", [body.id, id && "request " + id].filter(Boolean).join(" · ")));
  $("results").prepend(item);
  while ($("results").children.length > mostResults) $("results").lastChild.remove();
  if (!body.errors) item.scrollIntoView({ block: "nearest" });
}

async function submit(isDry) {
  clearErrors();
  const buttons = [$("send"), $("dry-run")];
  for (const each of buttons) each.disabled = true;
  $("progress").textContent = isDry ? "Checking …" : "Sending …";
  const document = documentOfForm();
  try {
    let files;
    try { files = await attachmentsOfForm(); } catch (error) { return showFormError(`${error.message}. Nothing was sent.`); }
    if (files.length) document.attachments = files;
    const body = JSON.stringify(document);
    const headers = { "Content-Type": "application/json" };
    if (!isDry) headers["Idempotency-Key"] = idempotencyKey(body);
    const answer = await ask("messages" + (isDry ? "?dry_run=true" : ""), { method: "POST", headers, body });
    if (!isDry && answer.status !== 409 && !answer.body.retryable && answer.body.outcome !== "unknown") pending = null;
    showResult(answer, document.subject);
    if (answer.status === 401) $("key").focus();
    if (answer.body.errors) showErrors(answer.body, document);
  } catch (error) {
    showResult({ status: 0, body: { detail: error.message } }, document.subject);
  } finally {
    for (const each of buttons) each.disabled = false;
    $("progress").textContent = "";
  }
}

// MARK: Relay health

function relayItem({ name, status, latency_ms: latency, error }) {
  const end = latency === null || latency === undefined ? null : make("span", "end", latency + " ms");
  const pill = make("span", "pill " + (status === "ok" ? "good" : "bad"), status);
  return make("li", null, make("div", "row", pill, make("span", "strong", name), end), error && make("p", "reply", error));
}

async function health() {
  try {
    const { body } = await ask("readyz");
    const isReady = body.status === "ok";
    $("state").className = "pill " + (isReady ? "good" : body.status === "degraded" ? "warn" : "bad");
    $("state").textContent = isReady ? "ready" : body.status || "unavailable";
    $("version").textContent = body.version ? "Postern " + body.version : "";
    $("relays").replaceChildren(...(body.relays ?? []).map(relayItem));
  } catch {
    $("state").className = "pill bad";
    $("state").textContent = "no response";
  }
}

// MARK: Plots of the metrics, each the difference of two readings

const plotSeconds = 5, plotPoints = 60;
const readings = { last: null, points: [] };

function total(text, name, label = "") {
  let sum = 0;
  for (const line of text.split("\n")) {
    if (line.startsWith(name) && /[{ ]/.test(line[name.length]) && line.includes(label)) sum += Number(line.slice(line.lastIndexOf(" ") + 1));
  }
  return sum;
}

function reading(text) {
  const times = ["queue", "envelope", "content"].map((part) => total(text, `postern_message_${part}_seconds_sum`));
  const classes = ["2xx", "4xx", "5xx"].map((each) => total(text, "postern_replies_total", `class="${each}"`));
  return {
    at: performance.now() / 1000, messages: total(text, "postern_messages_total"), classes,
    seconds: times.reduce((one, other) => one + other), count: total(text, "postern_message_content_seconds_count"),
  };
}

async function measure() {
  const response = await request("metrics");
  if (!response.ok) { $("plots").hidden = true; return; }
  const now = reading(await response.text()), last = readings.last;
  readings.last = now;
  // After a restart the counters begin again at 0: such a difference means nothing.
  if (last && now.messages >= last.messages && now.count >= last.count) {
    const span = now.at - last.at, count = now.count - last.count;
    readings.points.push({ rate: (now.messages - last.messages) / span, latency: count ? 1000 * (now.seconds - last.seconds) / count : null,
      classes: now.classes.map((each, index) => Math.max(0, each - last.classes[index]) / span) });
    readings.points = readings.points.slice(-plotPoints);
  }
  showPlots();
}

function showPlots() {
  const values = (value) => readings.points.map(value);
  $("plots").hidden = false;
  $("plot-list").replaceChildren(
    plot("Messages per second", "", [{ name: "", values: values((point) => point.rate) }]),
    plot("Mean time per message", " ms", [{ name: "", values: values((point) => point.latency) }]),
    plot("Replies per second", "", ["2xx", "4xx", "5xx"].map((name, index) => (
      { name, className: ["", "warn", "bad"][index], values: values((point) => point.classes[index]) }))));
}

const rounded = (value) => (value === null || value === undefined ? "–" : value >= 10 ? value.toFixed(0) : value.toFixed(1));

// Elements of SVG need its namespace, which is the one of the picture in the page's head.
function shape(name, attributes) {
  const made = document.createElementNS(document.querySelector("svg").namespaceURI, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function plot(name, unit, series) {
  const all = series.flatMap(({ values }) => values).filter((value) => value !== null);
  const most = Math.max(...all, 0);
  const spoken = series.map((each) => `${each.name} now ${rounded(each.values.at(-1))}${unit}`.trim()).join(", ");
  const svg = shape("svg", { viewBox: "0 0 300 50", preserveAspectRatio: "none", role: "img", "aria-label": `${name}: ${spoken}; highest ${rounded(most)}${unit}` });
  for (const { values, className } of series) {
    // Where nothing was measured, the line goes on at its last height.
    const points = values.map((value, index) => (value === null ? null
      : `${300 - 300 * (values.length - 1 - index) / (plotPoints - 1)},${48 - 46 * value / (most || 1)}`)).filter(Boolean);
    if (points.length) svg.append(shape("polyline", { points: points.join(" "), class: className ?? "", "vector-effect": "non-scaling-stroke" }));
  }
  const legend = series.map((each) => make("span", each.className, `${each.name} ${rounded(each.values.at(-1))}${unit}`.trim()));
  return make("div", "plot", make("div", "row", make("h3", null, name), ...legend), svg);
}

// MARK: The start

function start() {
  health();
  measure().catch(() => { /* The state says that there is no response. */ });
  watchInbox();
}

let searchDelay;
function searchSoon() {
  clearTimeout(searchDelay);
  inbox.limit = pageSize;
  searchDelay = setTimeout(() => loadInbox().catch(() => {}), 200);
}

const actions = {
  "dry-run": () => submit(true), "copy-curl": copyCurl, check: health, forget: forgetKey,
  clear: confirmEmpty, "confirm-yes": emptyInbox, "confirm-no": () => $("confirm").close(), delete: deleteChosen,
  "mark-read": () => { inbox.unread.clear(); showUnread(); }, "more-messages": () => { inbox.limit += pageSize; return loadInbox(); },
};
for (const [id, action] of Object.entries(actions)) whenClicked($(id), action);
for (const tab of tabs()) whenClicked(tab, () => chooseTab(tab.id.slice(4)));
for (const failure of document.querySelectorAll("#failure-list button")) whenClicked(failure, () => useFailure(failure.textContent));
document.querySelector("[role=tablist]").addEventListener("keydown", moveInTabs);
$("inbox").addEventListener("keydown", moveInList);
$("find").addEventListener("input", searchSoon);
$("where").addEventListener("change", searchSoon);
$("search").addEventListener("submit", (event) => { event.preventDefault(); searchSoon(); });
$("compose").addEventListener("submit", (event) => { event.preventDefault(); submit(false); });
$("access").addEventListener("submit", (event) => { event.preventDefault(); useKey(); });
$("key").addEventListener("change", useKey);
document.addEventListener("visibilitychange", () => { watchInbox(); if (!document.hidden) health(); });
setInterval(() => { if (!document.hidden) health(); }, 10000);
setInterval(() => { if (!document.hidden && !$("plots").hidden) measure().catch(() => {}); }, plotSeconds * 1000);

$("key").value = sessionStorage.getItem(keyName) ?? "";
$("access").hidden = $("key").value === "";
start();

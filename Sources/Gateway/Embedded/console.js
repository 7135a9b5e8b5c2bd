"use strict";
const $ = (id) => document.getElementById(id);
const fields = ["from", "to", "cc", "bcc", "reply_to", "subject", "text", "html"];
const lists = new Set(["to", "cc", "bcc", "reply_to"]);
const mostResults = 20, pageSize = 50, mostSourceCharacters = 1_000_000;
// Images become part of the mail's document, which is in memory several times.
const mostImages = 20, mostImageOctets = 5_000_000, imageTypes = /^image\/(png|jpeg|gif|webp|svg\+xml)$/;

// Everything that is shown came from elsewhere: it becomes text, never markup.
function make(name, className, ...children) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
}

function whenClicked(element, action) {
  element.addEventListener("click", async () => {
    try { await action(); } catch (error) { announce(`This failed: ${error.message}.`); }
  });
  return element;
}

// A note for the eye at the edge of the screen, and for a screen reader.
function announce(text) {
  $("news").textContent = text;
  clearTimeout(announce.end);
  announce.end = setTimeout(() => { $("news").textContent = ""; }, 6000);
}

const button = (text, action, className = "small") => whenClicked(Object.assign(make("button", className, text), { type: "button" }), action);
const scrollable = (text) => Object.assign(make("pre", null, text), { tabIndex: 0 });
const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
const show = (ids, isShown) => { for (const id of ids) $(id).hidden = !isShown; };
const size = (octets) => (octets < 1e3 ? plural(octets, "byte")
  : octets < 1e6 ? `${(octets / 1e3).toFixed(1)} kB` : `${(octets / 1e6).toFixed(1)} MB`);

function time(text) {
  const date = new Date(text), isToday = date.toDateString() === new Date().toDateString();
  const shown = isToday ? date.toLocaleTimeString() : date.toLocaleDateString();
  return Object.assign(make("time", "aside", shown), { dateTime: text, title: date.toLocaleString() });
}

// The element of a list that an arrow key leads to, or nothing.
function neighbour(event, elements, back, forward) {
  const place = elements.indexOf(document.activeElement);
  const next = { [back]: place - 1, [forward]: place + 1, Home: 0, End: elements.length - 1 }[event.key];
  if (place < 0 || next === undefined) return null;
  event.preventDefault();
  return elements.at(next % elements.length);
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
  const field = (name) => response.headers.get(name);
  const answer = { status: response.status, id: field("X-Request-Id"), isReplayed: field("Idempotency-Replayed") !== null };
  try { answer.body = JSON.parse(text); } catch { answer.body = { detail: text.slice(0, 500) }; }
  return { ...answer, retryAfter: field("Retry-After") };
}

async function content(path) {
  const response = await request(path);
  if (!response.ok) throw new Error(`the gateway responded with ${response.status}`);
  return response.blob();
}

// MARK: The key, kept in this tab only: its storage ends with the tab, and no other tab can read it
const keyName = "postern-key";
function showAccess(isRefused) {
  $("key-needed").hidden = !isRefused;
  if (!isRefused) return;
  $("access").hidden = false;
  $("key-needed").textContent = $("key").value ? "The gateway does not know this key." : "This gateway needs an API key.";
}

function useKey() {
  if ($("key").value) sessionStorage.setItem(keyName, $("key").value); else sessionStorage.removeItem(keyName);
  start();
}

function forgetKey() {
  $("key").value = "";
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
  if (!words || place !== "any") return listed(words ? { [place]: words, limit } : { limit });
  const answers = await Promise.all(places.map((each) => listed({ [each]: words })));
  const found = new Map(answers.flatMap((answer) => answer.messages).map((message) => [message.id, message]));
  const messages = [...found.values()].sort((one, other) => (one.received_at < other.received_at ? 1 : -1));
  return { total: messages.length, messages: messages.slice(0, limit) };
}

async function loadInbox() {
  const load = ++inbox.loads;
  const { total, messages } = await search(inbox.limit);
  if (load !== inbox.loads) return;  // A later load overtook this one.
  const isSearch = $("find").value.trim() !== "", isCut = messages.length < total;
  show(["no-messages"], messages.length === 0);
  show(["more-messages"], isCut);
  show(["clear"], isSearch || total > 0);
  $("no-messages-title").textContent = isSearch ? "Nothing found" : "No mail yet";
  $("no-messages-hint").textContent = isSearch ? "No message contains this text." : "What is sent through this gateway appears here at once.";
  $("count").textContent = isCut ? `showing ${messages.length} of ${total}` : isSearch ? `${total} found` : plural(total, "message");
  const there = new Set(messages.map((message) => message.id));
  if (!isSearch && !isCut) inbox.unread = new Set([...inbox.unread].filter((id) => there.has(id)));
  showRows(messages);
  showUnread();
}

// Rows that stay are not touched: they keep the focus, and the list keeps its place.
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
  show(["mark-read"], inbox.unread.size > 0);
}

// Returns false if there is no inbox to watch: no sandbox, or no key for it.
async function poll(signal) {
  const isFirst = inbox.newest === undefined;
  const parameters = isFirst ? { limit: 1 } : document.hidden ? {} : { wait: "25s" };
  if (inbox.newest) parameters.after = inbox.newest;
  const { status, body } = await ask("sandbox/messages?" + new URLSearchParams(parameters),
    { signal: AbortSignal.any([signal, AbortSignal.timeout(40000)]) });
  if (![200, 401, 404].includes(status)) throw new Error(body.detail);
  show(["inbox-section", "to-inbox", "failures"], status === 200);
  if (status !== 200) return false;
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
    try {
      if (!await poll(own.signal)) return;
      failures = 0;
    } catch { failures += 1; }
    await pause(failures ? Math.min(30000, 500 * 2 ** failures) : document.hidden ? 30000 : 250);
  }
}

async function confirmEmpty() {
  const { total } = await listed({ limit: 0 });
  $("confirm-text").textContent = `This deletes ${plural(total, "message")}, whatever the search shows. It cannot be undone.`;
  $("confirm").showModal();
  $("confirm-no").focus();
}

// The focus goes to a row that is still there, or to the search.
async function remove(path, done, next) {
  const { status, body } = await ask(path, { method: "DELETE" });
  if (status !== 204 && status !== 404) throw new Error(body.detail);
  showMessage(null);
  await loadInbox();
  announce(done);
  (inbox.rows.get(next)?.firstChild ?? $("find")).focus();
}

// MARK: The chosen message
async function choose(id) {
  const { status, body } = await ask("sandbox/messages/" + encodeURIComponent(id));
  inbox.unread.delete(id);
  if (status === 404) await loadInbox();
  if (status !== 200) throw new Error(status === 404 ? "the message was deleted" : body.detail);
  showMessage(body);
  showUnread();
  // On a phone the message is below the list.
  const { top, bottom } = $("reader").getBoundingClientRect();
  if (top > innerHeight - 200 || bottom < 100) $("reader").scrollIntoView();
  $("subject-shown").focus({ preventScroll: true });
}

function showMessage(message) {
  inbox.chosen = message;
  show(["chosen"], message);
  show(["nothing-chosen"], !message);
  for (const panel of panels) panel.replaceChildren();
  if (!message) return;
  const header = (name) => message.headers.filter((each) => each.name.toLowerCase() === name).map((each) => decoded(each.value)).join(", ");
  $("subject-shown").textContent = message.subject || "(no subject)";
  $("facts").replaceChildren(...facts([["From", message.from], ["To", header("to")], ["Cc", header("cc")],
    ["Envelope", `${message.envelope.from || "<>"} → ${message.envelope.to.join(", ")}`],
    ["Received", `${new Date(message.received_at).toLocaleString()}, ${size(message.size)}`]]));
  $("tab-attachments").textContent = `Attachments (${message.attachments.length})`;
  showLinks(message);
  chooseTab(message.html === null ? "text" : "html");
}

const facts = (pairs) => pairs.filter(([, value]) => value).flatMap(([name, value]) => [make("dt", null, name), make("dd", null, value)]);

function deleteChosen() {
  const { id } = inbox.chosen, rows = [...inbox.rows.keys()], place = rows.indexOf(id);
  inbox.unread.delete(id);
  return remove("sandbox/messages/" + encodeURIComponent(id), "The message was deleted.", rows[place + 1] ?? rows[place - 1]);
}

const tabs = [...document.querySelectorAll("[role=tab]")], panels = [...document.querySelectorAll("[role=tabpanel]")];
const part = (message, name) => `sandbox/messages/${encodeURIComponent(message.id)}/${name}`;
const hint = (text) => make("p", "hint", text);

// What each tab shows: elements, or a promise of them.
const views = {
  html: (message) => (message.html === null ? [hint("This message has no HTML part.")] : htmlView(message)),
  text: (message) => [message.text === null ? hint("This message has no text part.") : scrollable(message.text)],
  headers: (message) => [make("dl", "facts", ...facts(message.headers.map(({ name, value }) => [name, decoded(value) || " "])))],
  source: sourceView,
  attachments: (message) => [message.attachments.length ? attachmentList(message) : hint("This message has no attachments.")],
};

async function chooseTab(name) {
  for (const tab of tabs) {
    const isChosen = tab.id === "tab-" + name;
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
  }
  for (const panel of panels) panel.hidden = panel.id !== "panel-" + name;
  show(["links"], ["html", "text"].includes(name) && $("link-list").children.length);
  const panel = $("panel-" + name), message = inbox.chosen;
  if (panel.children.length) return;
  panel.append(hint("Loading …"));
  const failed = (error) => [make("p", "error", `This cannot be shown: ${error.message}.`)];
  const shown = await Promise.resolve(views[name](message)).catch(failed);
  // Another message may have been chosen meanwhile.
  if (inbox.chosen === message) panel.replaceChildren(...shown);
}

async function sourceView(message) {
  const blob = await content(part(message, "raw")), text = await blob.text();
  const cut = text.length > mostSourceCharacters ? hint("The message is longer. Download it to see all of it.") : "";
  return [scrollable(text.slice(0, mostSourceCharacters)), cut, button("Download .eml", () => save(blob, message.id + ".eml"))];
}

function attachmentList(message) {
  return make("ul", "items", ...message.attachments.map(({ index, filename, content_type: type, content_id: id, size: octets }) => {
    const name = filename ?? `attachment-${index}`;
    const download = button("Download", async () => save(await content(part(message, `attachments/${index}`)), name));
    download.setAttribute("aria-label", `Download ${name}`);
    const told = [type, size(octets), id && `cid:${id}`].filter(Boolean).join(" · ");
    return make("li", null, make("div", "row", make("div", "grow", make("p", "strong", name), hint(told)), download));
  }));
}

// A link to the endpoint could not send the key: the octets are fetched, and the link leads to them.
function save(blob, name) {
  const link = Object.assign(make("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// Encoded words as a mail program shows them (RFC 2047); what cannot be decoded stays as it is.
function decoded(value) {
  const words = /=\?([^?*]+)(?:\*[^?]*)?\?([bq])\?([^?]*)\?=/gi;
  return value.replace(/\?=\s+=\?/g, "?==?").replace(words, (word, charset, encoding, text) => {
    try {
      const octets = encoding.toLowerCase() === "b" ? atob(text)
        : text.replaceAll("_", " ").replace(/=([0-9a-f]{2})/gi, (_, digits) => String.fromCharCode(parseInt(digits, 16)));
      return new TextDecoder(charset).decode(Uint8Array.from(octets, (character) => character.charCodeAt(0)));
    } catch { return word; }
  });
}

// MARK: HTML mail, which is hostile. The frame's sandbox and policy stop it: it runs no script, has no origin, fetches nothing.
// What is taken out below would be refused anyway; without it, the browser's log stays free of complaints.
const mailPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
const active = "script, template, base, link, meta, iframe, frame, frameset, object, embed, portal, audio, video, source";
const fetching = ["src", "srcset", "background", "poster", "href", "xlink:href", "action", "formaction", "ping", "data"];
// The frame inherits the policy of this page, which allows the styles with this nonce only.
const nonce = document.querySelector("style").nonce;
const parsed = (html) => new DOMParser().parseFromString(withMarkedStyles(html), "text/html");

async function htmlView(message) {
  const mail = parsed(message.html), isRemote = replaceAddresses(mail, await inlineImages(message));
  moveStyles(mail);
  const policy = Object.assign(mail.createElement("meta"), { httpEquiv: "Content-Security-Policy", content: mailPolicy });
  mail.head.prepend(policy, Object.assign(mail.createElement("meta"), { name: "color-scheme", content: "light" }));
  const frame = Object.assign(make("iframe"), { title: "HTML part of the message" });
  frame.setAttribute("sandbox", "");
  frame.srcdoc = `<!doctype html><html>${mail.documentElement.getHTML()}</html>`;
  return [frame, hint("Scripts, links and forms are disabled." + (isRemote ? " Remote content was not loaded." : ""))];
}

// Marks style elements with the nonce and renames style attributes, for which no policy has a nonce. That has to happen in
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
    && octets <= mostImageOctets && message.html.includes("cid:")).slice(0, mostImages);
  return new Map(await Promise.all(wanted.map(async ({ index, content_id: id, content_type: type }) => (
    [id, `data:${type};base64,${await base64(await content(part(message, `attachments/${index}`)))}`]))));
}

// Replaces cid: by the images, takes out every other address, and returns whether one of them would have been fetched.
function replaceAddresses(mail, images) {
  let isRemote = false;
  const replacement = (address) => {
    if (/^data:image\//i.test(address) || address.startsWith("#")) return address;
    if (/^(https?:)?\/\//i.test(address)) isRemote = true;
    if (!/^cid:/i.test(address)) return undefined;
    try { return images.get(decodeURIComponent(address.slice(4))); } catch { return images.get(address.slice(4)); }
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

// Links are shown to be copied: nothing in the console leads out of it.
function showLinks(message) {
  const found = [...parsed(message.html ?? "").querySelectorAll("a[href], area[href]")].map((link) => link.getAttribute("href").trim());
  found.push(...(message.text ?? "").match(/https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]}']/gi) ?? []);
  const links = [...new Set(found)].filter((link) => /^https?:\/\//i.test(link)).slice(0, 100);
  $("links-title").textContent = plural(links.length, "link");
  $("link-list").replaceChildren(...links.map((link) => {
    const made = button("Copy", () => copy(link, "The link"));
    made.setAttribute("aria-label", "Copy " + link);
    return make("li", null, make("div", "row", make("code", null, link), made));
  }));
}

async function copy(text, name) {
  if (!navigator.clipboard) throw new Error("browsers allow copying on loopback and with HTTPS only; select the text instead");
  await navigator.clipboard.writeText(text);
  announce(`${name} was copied.`);
}

// MARK: The message to be sent
// Addresses are separated by commas, but not within quotes.
const addresses = (text) => (text.match(/(?:"(?:\\.|[^"\\])*"?|[^,"])+/g) ?? []).map((address) => address.trim()).filter(Boolean);
const base64 = (file) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
  reader.onerror = () => reject(new Error(`${file.name} cannot be read`));
  reader.readAsDataURL(file);
});

function documentOfForm() {
  const given = fields.filter((name) => $(name).value !== "" || name === "from" || name === "text");
  return Object.fromEntries(given.map((name) => [name, lists.has(name) ? addresses($(name).value) : $(name).value]));
}

const attachmentsOfForm = () => Promise.all([...$("attachments").files].map(async (file) => (
  { filename: file.name, content: await base64(file), content_type: file.type || "application/octet-stream" })));

// A message keeps its Idempotency-Key until its outcome is known: after a broken connection, Send asks for the result and does
// not send the message again.
let pending = null;
function idempotencyKey(body) {
  if (pending?.body !== body) pending = { body, key: "console-" + crypto.getRandomValues(new BigUint64Array(2)).join("-") };
  return pending.key;
}

// JSON cannot refer to files, so with files the command sends a form, with --form-string for the text: -F would read a value
// that begins with @ or < from a file. The key itself is not in the command.
function curlCommand() {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const document = documentOfForm(), files = [...$("attachments").files];
  const parts = ["curl -sS " + quoted(new URL("messages", location.href).href)];
  if ($("key").value) parts.push('-H "X-API-Key: $POSTERN_KEY"');
  if (files.length) {
    const values = Object.entries(document).flatMap(([name, value]) => [value].flat().map((each) => `${name}=${each}`));
    parts.push(...values.map((value) => "--form-string " + quoted(value)), ...files.map(({ name, type }) => (
      "-F " + quoted(`attachment=@"${name.replace(/[\\"]/g, "\\$&")}"${type ? `;type=${type}` : ""}`))));
  } else {
    parts.push("-H 'Content-Type: application/json'", "--data-raw " + quoted(JSON.stringify(document)));
  }
  return parts.join(" \\\n  ");
}

function copyCurl() {
  $("command").textContent = curlCommand();
  show(["command"], true);
  return copy($("command").textContent, $("key").value ? "The command, which takes the key from POSTERN_KEY," : "The command");
}

function useFailure(address) {
  const isSender = address.startsWith("mail-");
  $(isSender ? "from" : "to").value = isSender ? address : [...addresses($("to").value), address].join(", ");
  announce(`${address} was added to the message.`);
}

function clearErrors() {
  show(["form-error"], false);
  for (const shown of $("compose").querySelectorAll(".field .error")) shown.remove();
  for (const name of ["aria-invalid", "aria-describedby"]) {
    for (const input of $("compose").querySelectorAll(`[${name}]`)) input.removeAttribute(name);
  }
}

const showFormError = (text) => Object.assign($("form-error"), { textContent: text, hidden: false });
// Shows each error at its field. An error of one address in a list names the address.
function showErrors(errors, document) {
  const rest = [];
  for (const { pointer, detail } of errors) {
    const [, name, index] = pointer.split("/"), input = [...fields, "attachments"].includes(name) ? $(name) : null;
    if (!input) { rest.push((pointer ? pointer + ": " : "") + detail); continue; }
    const address = lists.has(name) ? document[name]?.[index] : undefined;
    const shown = $(name + "-error") ?? Object.assign(make("p", "error"), { id: name + "-error" });
    shown.append(`${shown.textContent ? " " : ""}${address === undefined ? "" : `“${address}”: `}${detail}.`);
    input.after(shown);
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", shown.id);
    if (input.closest("details")) input.closest("details").open = true;
  }
  if (rest.length) showFormError(rest.join(" "));
  $("compose").querySelector("[aria-invalid]")?.focus();
}

// MARK: Results
const isDryRun = (body) => body.message !== undefined || body.message_base64 !== undefined;
const reply = ({ code, enhanced_code: enhanced, text }) => [code, enhanced, text].filter(Boolean).join(" ");

// A title and its colour. Green is for what was sent to everybody. What is open, or may be sent again later, is not red either.
function verdict({ status, body }) {
  if (isDryRun(body)) return ["Dry run: not sent", "plain"];
  if (status === 200) return body.status === "accepted" ? ["Accepted", "good"] : ["Partly accepted", "warn"];
  if (body.outcome === "unknown") return ["Outcome unknown", "warn"];
  return [body.title || "No response", body.retryable || [0, 409, 429, 503].includes(status) ? "warn" : "bad"];
}

// What happened, whether it was sent, and what to do.
function explanation({ status, body, retryAfter }) {
  if (status === 0) return "It is not known whether the message was sent. Press Send again: with the same Idempotency-Key it is sent once at most.";
  if (isDryRun(body)) return "Nothing was sent. This is the message that the relay would get.";
  if (status === 200) {
    const accepted = plural(body.accepted.length, "recipient"), count = body.rejected.length;
    if (count === 0) return `The relay accepted the message for ${accepted}. Do not send it again.`;
    return `The message was sent to ${accepted}, not to ${count === 1 ? "the other one" : `the other ${count}`}. `
      + (body.rejected.some((each) => each.retryable) ? "Send it later to those that the relay deferred, and to nobody else."
        : "Correct the refused addresses, and send it to those only.");
  }
  const unknown = "The relay did not confirm the message; it may have been accepted. Ask the recipient before you send it again. ";
  if (body.outcome === "unknown") return unknown + "Send shows this result again until you change the message.";
  if (status === 409) return "A request with the same Idempotency-Key is in progress. Press Send in a moment to get its result.";
  if (status === 401) return "The message was not sent. Enter an API key, then send it again.";
  if (body.errors) return "The message was not sent. Correct the marked fields, then send it again.";
  if (body.retryable) return `The message was not sent. You can send it again ${retryAfter ? `in ${plural(Number(retryAfter), "second")}` : "later"}.`;
  return "The message was not sent. "
    + (body.code ? "The relay will refuse it again: change the message or its recipients." : "Correct the cause before you send it again.");
}

function recipients({ accepted = [], rejected = [], ...own }) {
  if (!rejected.length && accepted.length < 2) return null;
  return make("ul", "recipients", ...accepted.map((address) => make("li", "good", `✓ ${address}: ${reply(own)}`)),
    ...rejected.map((each) => make("li", each.retryable ? "warn" : "bad",
      `✗ ${each.address}: ${reply(each)} (${each.retryable ? "temporary" : "permanent"})`)));
}

function showResult(answer, subject) {
  const { body, id } = answer, [title, colour] = verdict(answer);
  const pill = make("span", "pill " + colour, `${answer.status || ""} ${title}`.trim());
  const said = body.code ? "Relay: " + reply(body) : body.errors ? null : body.detail;
  const earlier = answer.isReplayed ? "This is the result of the earlier attempt. The message was not sent again. " : "";
  const item = make("li", null,
    make("div", "row", pill, make("span", "strong", subject || "(no subject)"), time(new Date().toISOString())),
    make("p", null, earlier + explanation(answer)), said && make("p", "reply", said), recipients(body),
    isDryRun(body) ? scrollable(body.message ?? atob(body.message_base64)) : null,
    hint([body.id, id && "request " + id].filter(Boolean).join(" · ")));
  $("results").prepend(item);
  while ($("results").children.length > mostResults) $("results").lastChild.remove();
  if (!body.errors) item.scrollIntoView({ block: "nearest" });
}

async function submit(isDry) {
  clearErrors();
  $("send").disabled = $("dry-run").disabled = true;
  $("progress").textContent = isDry ? "Checking …" : "Sending …";
  const document = documentOfForm();
  try {
    let files;
    try { files = await attachmentsOfForm(); } catch (error) { return showFormError(`${error.message}. Nothing was sent.`); }
    if (files.length) document.attachments = files;
    const body = JSON.stringify(document);
    const headers = { "Content-Type": "application/json", ...(isDry ? {} : { "Idempotency-Key": idempotencyKey(body) }) };
    const answer = await ask("messages" + (isDry ? "?dry_run=true" : ""), { method: "POST", headers, body });
    if (!isDry && answer.status !== 409 && !answer.body.retryable && answer.body.outcome !== "unknown") pending = null;
    showResult(answer, document.subject);
    if (answer.status === 401) $("key").focus();
    if (answer.body.errors) showErrors(answer.body.errors, document);
  } catch (error) {
    showResult({ status: 0, body: { detail: error.message } }, document.subject);
  } finally {
    $("send").disabled = $("dry-run").disabled = false;
    $("progress").textContent = "";
  }
}

// MARK: Relay health
function relayItem({ name, status, latency_ms: latency, error }) {
  const pill = make("span", "pill " + (status === "ok" ? "good" : "bad"), status);
  const end = latency === null || latency === undefined ? null : make("span", "end", latency + " ms");
  return make("li", null, make("div", "row", pill, make("span", "strong", name), end), error && make("p", "reply", error));
}

const showState = (text, colour) => Object.assign($("state"), { textContent: text, className: "pill " + colour });

async function health() {
  try {
    const { body } = await ask("readyz");
    showState(body.status === "ok" ? "ready" : body.status || "unavailable", { ok: "good", degraded: "warn" }[body.status] ?? "bad");
    $("version").textContent = body.version ? "Postern " + body.version : "";
    $("relays").replaceChildren(...(body.relays ?? []).map(relayItem));
  } catch { showState("no response", "bad"); }
}

// MARK: Plots of the metrics: each point is the difference of two readings
const plotPoints = 60, replyClasses = ["2xx", "4xx", "5xx"], readings = { last: null, points: [] };

const total = (lines, name, label = "") => lines.filter((line) => line.startsWith(name + "{") && line.includes(label))
  .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);

function reading(lines) {
  const times = ["queue", "envelope", "content"].map((stage) => total(lines, `postern_message_${stage}_seconds_sum`));
  return {
    at: performance.now() / 1000, messages: total(lines, "postern_messages_total"),
    seconds: times.reduce((one, other) => one + other), count: total(lines, "postern_message_content_seconds_count"),
    classes: replyClasses.map((each) => total(lines, "postern_replies_total", `class="${each}"`)),
  };
}

async function measure() {
  const response = await request("metrics");
  show(["plots"], response.ok);
  if (!response.ok) return;
  const now = reading((await response.text()).split("\n")), last = readings.last;
  readings.last = now;
  // After a restart the counters begin again at 0: such a difference means nothing.
  if (last && now.messages >= last.messages && now.count >= last.count) {
    const span = now.at - last.at, count = now.count - last.count;
    const classes = now.classes.map((each, index) => Math.max(0, each - last.classes[index]) / span);
    const latency = count ? 1000 * (now.seconds - last.seconds) / count : null;
    readings.points = [...readings.points, { rate: (now.messages - last.messages) / span, latency, classes }].slice(-plotPoints);
  }
  const line = (value, name = "", className = "") => ({ name, className, values: readings.points.map(value) });
  const replies = replyClasses.map((name, index) => line((point) => point.classes[index], name, ["", "warn", "bad"][index]));
  $("plot-list").replaceChildren(plot("Messages per second", "", [line((point) => point.rate)]),
    plot("Mean time per message", " ms", [line((point) => point.latency)]), plot("Replies per second", "", replies));
}

// Elements of SVG need its namespace, which is that of the picture in the page's head.
function shape(name, attributes) {
  const made = document.createElementNS(document.querySelector("svg").namespaceURI, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function plot(name, unit, series) {
  const shown = (value) => (value === null || value === undefined ? "–" : (value >= 10 ? value.toFixed(0) : value.toFixed(1)) + unit);
  const most = Math.max(...series.flatMap(({ values }) => values), 0);
  const spoken = series.map((each) => `${each.name} now ${shown(each.values.at(-1))}`.trim()).join(", ");
  const label = `${name}: ${spoken}; highest ${shown(most)}`;
  const svg = shape("svg", { viewBox: "0 0 300 50", preserveAspectRatio: "none", role: "img", "aria-label": label });
  for (const { values, className } of series) {
    // A line leads over the points where nothing was measured.
    const points = values.map((value, index) => (value === null ? ""
      : `${300 - 300 * (values.length - 1 - index) / (plotPoints - 1)},${48 - 46 * value / (most || 1)}`)).join(" ");
    svg.append(shape("polyline", { points, class: className, "vector-effect": "non-scaling-stroke" }));
  }
  const legend = series.map((each) => make("span", each.className, `${each.name} ${shown(each.values.at(-1))}`.trim()));
  return make("div", "plot", make("div", "row", make("h3", null, name), ...legend), svg);
}

// MARK: The start
function start() {
  inbox.newest = undefined;
  health();
  measure().catch(() => {});
  watchInbox();
}

function searchSoon() {
  clearTimeout(searchSoon.delay);
  inbox.limit = pageSize;
  searchSoon.delay = setTimeout(() => loadInbox().catch(() => {}), 200);
}

const whenSubmitted = (id, action) => $(id).addEventListener("submit", (event) => { event.preventDefault(); action(); });

const actions = {
  "dry-run": () => submit(true), "copy-curl": copyCurl, check: health, forget: forgetKey,
  clear: confirmEmpty, "confirm-no": () => $("confirm").close(), delete: deleteChosen,
  "confirm-yes": () => { $("confirm").close(); return remove("sandbox/messages", "The inbox is empty."); },
  "mark-read": () => { inbox.unread.clear(); showUnread(); },
  "more-messages": () => { inbox.limit += pageSize; return loadInbox(); },
};
for (const [id, action] of Object.entries(actions)) whenClicked($(id), action);
for (const tab of tabs) whenClicked(tab, () => chooseTab(tab.id.slice(4)));
for (const failure of document.querySelectorAll("#failure-list button")) whenClicked(failure, () => useFailure(failure.textContent));
$("inbox").addEventListener("keydown", (event) => (
  neighbour(event, [...$("inbox").querySelectorAll("button")], "ArrowUp", "ArrowDown")?.focus()));
document.querySelector("[role=tablist]").addEventListener("keydown", (event) => {
  const tab = neighbour(event, tabs, "ArrowLeft", "ArrowRight");
  tab?.focus();
  tab?.click();
});
$("find").addEventListener("input", searchSoon);
$("where").addEventListener("change", searchSoon);
$("key").addEventListener("change", useKey);
whenSubmitted("search", searchSoon);
whenSubmitted("compose", () => submit(false));
whenSubmitted("access", useKey);
document.addEventListener("visibilitychange", () => { watchInbox(); if (!document.hidden) health(); });
setInterval(() => {
  if (document.hidden) return;
  health();
  if (!$("plots").hidden) measure().catch(() => {});
}, 5000);
$("key").value = sessionStorage.getItem(keyName) ?? "";
show(["access"], $("key").value);
start();

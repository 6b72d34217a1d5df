// The bench without a network: a form goes into a queue on this phone first and is sent from there, once, when there is a network.
// Sending again is harmless: every form has a key, and the server takes a key once. Everything works without this, as plain forms.
const { locate, showPhotos } = await import(`./field.js${new URL(import.meta.url).search}`);

const NAME = "bihuan-bench", STORE = "forms", PAUSE = 20_000;
const box = document.querySelector("#outbox");
const part = (name) => box.querySelector(`[data-${name}]`);

const opened = new Promise((resolve, reject) => {
  const asked = indexedDB.open(NAME, 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
  asked.onsuccess = () => resolve(asked.result);
  asked.onerror = () => reject(asked.error);
});

async function stored(mode, work) {
  const database = await opened;
  return new Promise((resolve, reject) => {
    const change = database.transaction(STORE, mode);
    const asked = work(change.objectStore(STORE));
    change.oncomplete = () => resolve(asked.result);
    change.onerror = change.onabort = () => reject(change.error);
  });
}
const all = () => stored("readonly", (store) => store.getAll());
const keep = (form) => stored("readwrite", (store) => store.put(form));
const drop = (id) => stored("readwrite", (store) => store.delete(id));

const newKey = () => [...crypto.getRandomValues(new Uint8Array(12))].map((n) => n.toString(16).padStart(2, "0")).join("");
const mine = (form) => form.user === box.dataset.user;

function told(form) {
  const item = document.createElement("li"), words = document.createElement("span"), list = part("list");
  words.textContent = form.sentence ? `${form.title} · ${list.dataset.refused}${form.sentence}` : `${form.title} · ${form.text}`;
  item.append(words);
  if (form.sentence) {
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "btn btn--quiet";
    remove.textContent = list.dataset.remove;
    remove.addEventListener("click", async () => { await drop(form.id); show(); });
    item.append(remove);
  }
  return item;
}

async function show(why = "") {
  const forms = await all();
  const own = forms.filter(mine), others = forms.length - own.length, reason = part("why");
  if (why === "later" || !why) why = navigator.onLine ? "later" : "offline";
  box.hidden = forms.length === 0;
  part("count").textContent = `${part("count").dataset.words} ${own.length} ${part("count").dataset.pieces}`;
  part("list").replaceChildren(...own.map(told));
  reason.textContent = own.some((form) => !form.sentence) ? reason.dataset[why] : others ? reason.dataset.other : "";
  part("sign-in").hidden = why !== "login";
  part("now").hidden = !own.some((form) => !form.sentence);
}

function sent(done) {
  box.hidden = false;
  part("count").textContent = `${part("count").dataset.sent} ${done} ${part("count").dataset.pieces}`;
  part("why").textContent = "";
}

// the forms of this page may have been kept from an earlier sign-in: what a form of today carries; "" when nobody is signed in, or another one
async function tokenOfToday() {
  const answer = await fetch("/grid/offline", { headers: { Accept: "text/html" }, cache: "no-store" });
  const there = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#outbox");
  return there && there.dataset.user === box.dataset.user ? there.dataset.csrf : "";
}

// one form; gives back what became of it: done, refused, login, or later
async function send(form, again = false) {
  const body = new FormData();
  for (const [name, value] of form.fields) body.append(name, value);
  body.set("csrf", box.dataset.csrf);
  let answer;
  try {
    answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" }, credentials: "same-origin" });
  } catch {
    return { became: "later" };
  }
  if (answer.status === 403 && !again) {
    box.dataset.csrf = await tokenOfToday().catch(() => "");
    return box.dataset.csrf ? send(form, true) : { became: "login" };
  }
  if (answer.status === 401 || answer.status === 403) return { became: "login" };
  if (answer.status >= 500 || answer.status === 429) return { became: "later" };
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return { became: "done", where: said.where || "/grid" };
  return { became: "refused", sentence: said.sentence || String(answer.status) };
}

let sending = null;
function flush() {
  sending ??= alone(empty).finally(() => { sending = null; });
  return sending;
}
// of several open pages one sends
const alone = (work) => navigator.locks ? navigator.locks.request(NAME, work) : work();

async function empty() {
  const results = new Map();
  let why = "";
  for (const form of (await all()).filter((each) => mine(each) && !each.sentence)) {
    await show("sending");
    const result = await send(form);
    results.set(form.id, result);
    if (result.became === "done") await drop(form.id);
    else if (result.became === "refused") await keep({ ...form, sentence: result.sentence });
    else { why = result.became; break; }
  }
  await show(why);
  const done = [...results.values()].filter((result) => result.became === "done").length;
  if (done && box.hidden) sent(done);
  return results;
}

function said(form, sentence) {
  let banner = form.querySelector("[data-said]");
  if (!banner) {
    banner = document.createElement("p");
    banner.className = "banner banner--late";
    banner.setAttribute("role", "alert");
    banner.dataset.said = "";
    form.prepend(banner);
  }
  banner.textContent = sentence;
  banner.scrollIntoView({ block: "center" });
}

async function submitted(form) {
  const button = form.querySelector("button.btn--primary, button.btn--danger");
  button.disabled = true;
  const fields = [...new FormData(form)].filter(([name, value]) => name !== "csrf" && !(value instanceof File && value.size === 0));
  const text = fields.filter(([name]) => ["words", "result", "reason", "place"].includes(name)).map(([, value]) => value)[0] || "";
  const row = { action: form.getAttribute("action"), user: box.dataset.user, title: form.dataset.title, text: text.slice(0, 40), fields };
  const id = await keep(row);
  const result = (await flush()).get(id) || (await flush()).get(id) || { became: "later" };
  button.disabled = false;
  if (result.became === "done") location.assign(result.where);
  else if (result.became === "refused") { await drop(id); await show(); said(form, result.sentence); }
  else {
    form.reset();
    form.elements.key.value = newKey();
    form.querySelectorAll("[data-chosen]").forEach((note) => { note.hidden = true; });
    box.scrollIntoView({ block: "start" });
  }
}

async function begin() {
  await opened;
  for (const form of document.querySelectorAll("form[data-queue]")) {
    if (![...form.elements].some((each) => each.name.startsWith("kept_") && each.value)) form.elements.key.value = newKey();
    form.addEventListener("submit", (event) => { event.preventDefault(); submitted(form); });
  }
  part("now").addEventListener("click", flush);
  addEventListener("online", flush);
  addEventListener("offline", () => show());
  setInterval(() => { if (navigator.onLine) flush(); }, PAUSE);
  await show();
  await flush();
  document.documentElement.dataset.bench = "ready";
}

for (const form of document.querySelectorAll("form[data-queue]")) { showPhotos(form); locate(form); }
navigator.serviceWorker?.register(`/grid/worker.js${new URL(import.meta.url).search}`, { scope: "/grid" }).catch(() => { /* only a comfort */ });
begin().catch(() => { /* a private window keeps nothing: the forms are sent as plain forms */ });

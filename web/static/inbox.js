// Keys and counts of the inbox (收件箱) and of lists; the pages work without.
const rows = [...document.querySelectorAll("[data-row]")];
const form = document.querySelector("[data-inbox]");
let at = -1;

for (const each of document.querySelectorAll("[data-keys], [data-all], [data-count], [data-print]")) each.hidden = false;
document.querySelector("[data-print]")?.addEventListener("click", () => window.print());

const boxOf = (row) => row.querySelector('input[name="row"]');
const go = (selector) => document.querySelector(selector)?.click();

function count() {
  const label = document.querySelector("[data-count]");
  for (const row of rows) row.classList.toggle("is-selected", Boolean(boxOf(row)?.checked));
  const n = rows.filter((row) => boxOf(row)?.checked).length;
  if (label) label.textContent = label.textContent.replace(/\d+/, String(n));
}

function focus(next) {
  if (next < 0 || next >= rows.length) return;
  rows[at]?.classList.remove("is-focus");
  at = next;
  rows[at].classList.add("is-focus");
  const target = rows[at].querySelector("a.cell-title") ?? boxOf(rows[at]);
  target?.focus({ preventScroll: true });
  rows[at].scrollIntoView({ block: "nearest" });
}

function tick() {
  const box = rows[at] && boxOf(rows[at]);
  if (box) box.checked = !box.checked;
  count();
}

function bulk(action) {
  if (!form) return;
  if (!rows.some((row) => boxOf(row)?.checked)) tick();
  const person = form.elements.namedItem("person");
  if (action === "hand_to" && person && !person.value) return person.focus();
  form.requestSubmit(form.querySelector(`button[name="do"][value="${action}"]`));
}

const keys = {
  j: () => focus(at + 1),
  k: () => focus(at - 1),
  Enter: () => at >= 0 && rows[at].querySelector("a.cell-title")?.click(),
  x: tick,
  a: () => bulk("acknowledge"),
  p: () => bulk("hand_to"),
  "[": () => go('a[rel="prev"]'),
  "]": () => go('a[rel="next"]'),
  "/": () => document.getElementById("q")?.focus(),
};

const isTyping = (target) => target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") !== null;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
  if (event.key === "Enter" && event.target !== document.body) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (!(key in keys)) return;
  event.preventDefault();
  keys[key]();
});

form?.addEventListener("change", (event) => {
  if (event.target.matches("[data-all]")) for (const row of rows) boxOf(row).checked = event.target.checked;
  if (event.target.type === "checkbox") count();
});
count();

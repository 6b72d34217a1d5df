/* 研判台的快捷键；没有脚本时页面照样能用。打字时、按着组合键时不生效。 */
const form = document.querySelector("[data-triage]");
const radios = (name) => [...(form?.querySelectorAll(`input[name="${name}"]`) ?? [])];
const pick = (radio) => {
  if (!radio) return;
  radio.checked = true;
  radio.focus();
  radio.dispatchEvent(new Event("change", { bubbles: true }));
};
const isTyping = (target) =>
  target.closest("textarea, select, [contenteditable], input:not([type=radio], [type=checkbox])") !== null;

radios("category").forEach((radio) =>
  radio.addEventListener("change", () => {
    const urgency = radio.checked && radio.dataset.urgency;
    const wanted = radios("urgency").find((each) => each.value === urgency);
    if (wanted) wanted.checked = true;
  }),
);
document.querySelector("#other")?.addEventListener("change", () => {
  const other = radios("category").find((each) => each.value === "");
  if (other) other.checked = true;
});

const step = (by) => {
  const links = [...document.querySelectorAll("[data-queue] a")];
  const here = links.findIndex((link) => link.hasAttribute("aria-current"));
  links[here + by]?.click();
};
const keys = {
  j: () => step(1),
  k: () => step(-1),
  m: () => document.querySelector("[data-merge]")?.click(),
  r: () => form?.querySelector("#said").focus(),
  z: () => document.querySelector("[data-undo]")?.click(),
  t: () => form?.querySelector("#channel").focus(),
  Enter: () => form?.querySelector('[value="dispatch"]').click(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
  const digit = /^(?:Digit|Numpad)([0-3])$/.exec(event.code)?.[1];
  const named = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (digit !== undefined && event.shiftKey) pick(radios("urgency")[Number(digit)]);
  else if (digit !== undefined && digit !== "0") pick(radios("category").filter((each) => each.value)[Number(digit) - 1]);
  else if (named && !(event.key === "Enter" && event.target.closest("a, button, summary"))) named();
  else return;
  event.preventDefault();
});

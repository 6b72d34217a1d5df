// Keys of the case page: [ and ] go to the cases beside it, W to the bill, U urges, S supervises. Everything is a link as well.
const LINKS = { "[": "newer", "]": "older", u: "U", s: "S" };

const isTyping = (target) => target.matches("input, textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const key = event.key.toLowerCase();
  if (key === "w") {
    document.getElementById("why")?.scrollIntoView();
    document.getElementById("why")?.focus();
    return;
  }
  document.querySelector(`a[data-key="${LINKS[key]}"]`)?.click();
});

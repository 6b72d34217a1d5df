// Comfort for the report form: position, names of chosen photos, a draft of the words on this phone, nothing lost without a network.
// The form works without.
const { locate, showPhotos } = await import(`./field.js${new URL(import.meta.url).search}`);

const DRAFT = "bihuan-report-words";

const store = {
  read: () => { try { return localStorage.getItem(DRAFT) || ""; } catch { return ""; } },
  write: (text) => { try { if (text) localStorage.setItem(DRAFT, text); else localStorage.removeItem(DRAFT); } catch { /* a private window keeps nothing */ } },
};

function drafts(words) {
  const note = document.querySelector("[data-draft]");
  const show = () => { note.hidden = !words.value; };
  if (!words.value) words.value = store.read();
  words.addEventListener("input", () => { store.write(words.value); show(); });
  note.querySelector("button").addEventListener("click", () => { words.value = ""; store.write(""); show(); words.focus(); });
  show();
}

// without a network the page stays, with photos and all, instead of giving way to the browser's own error
function stays(form) {
  const note = document.querySelector("[data-network]");
  const say = () => { note.hidden = false; note.textContent = navigator.onLine ? note.dataset.back : note.dataset.gone; };
  form.addEventListener("submit", (event) => {
    if (navigator.onLine) return;
    event.preventDefault();
    say();
  });
  addEventListener("online", () => { if (!note.hidden) say(); });
}

const form = document.querySelector("#report");
if (document.querySelector("[data-sent]")) store.write("");
if (form) {
  drafts(form.elements.words);
  showPhotos(form);
  locate(form);
  stays(form);
}

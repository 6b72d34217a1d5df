// Comfort for the report form: position, names of chosen photos, a draft of the words on this phone. The form works without.
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

function photos(form) {
  const input = form.querySelector("input[type=file]");
  const note = form.querySelector("[data-chosen]");
  input.addEventListener("change", () => {
    note.hidden = input.files.length === 0;
    note.textContent = note.dataset.words + [...input.files].map((file) => file.name).join("、");
  });
}

function position(form) {
  const place = form.querySelector("[data-locate]");
  if (!("geolocation" in navigator) || !window.isSecureContext) return;
  const told = place.querySelector("[role=status]");
  place.hidden = false;
  place.querySelector("button").addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition((found) => {
      form.elements.lat.value = found.coords.latitude.toFixed(7);
      form.elements.lon.value = found.coords.longitude.toFixed(7);
      form.elements.accuracy.value = Math.min(Math.round(found.coords.accuracy), 9999);
      told.textContent = `${told.dataset.located}${Math.round(found.coords.accuracy)}${told.dataset.metres}`;
    }, () => { told.textContent = told.dataset.failed; }, { enableHighAccuracy: true, timeout: 15000 });
  });
}

const form = document.querySelector("#report");
if (document.querySelector("[data-sent]")) store.write("");
if (form) {
  drafts(form.elements.words);
  photos(form);
  position(form);
}

// What reports on a phone share: names of chosen photos, and where the phone is, with the place of ours that lies nearest.
export function showPhotos(form) {
  for (const input of form.querySelectorAll("input[type=file]")) {
    const own = input.closest("[data-shoot]").parentElement.querySelector("[data-chosen]");
    input.addEventListener("change", () => {
      own.hidden = input.files.length === 0;
      own.textContent = own.dataset.words + [...input.files].map((file) => file.name).join("、");
    });
  }
}

// the place of ours nearest to a point: asked in a form, so that no address says where somebody is
async function nearest(lat, lon) {
  try {
    const answer = await fetch("/r/near", { method: "POST", body: new URLSearchParams({ lat, lon }), headers: { Accept: "application/json" } });
    return answer.ok ? await answer.json() : null;
  } catch { return null; }
}

export function locate(form) {
  const place = form.querySelector("[data-locate]");
  if (!place || !("geolocation" in navigator) || !window.isSecureContext) return;
  const told = place.querySelector("[role=status]");
  place.hidden = false;
  const found = async ({ coords }) => {
    const lat = coords.latitude.toFixed(7), lon = coords.longitude.toFixed(7);
    form.elements.lat.value = lat;
    form.elements.lon.value = lon;
    form.elements.accuracy.value = Math.min(Math.round(coords.accuracy), 9999);
    told.textContent = `${told.dataset.located}${Math.round(coords.accuracy)}${told.dataset.metres}`;
    const near = await nearest(lat, lon), select = form.elements.area;
    if (!near?.area || ![...select.options].some((option) => option.value === near.area)) return;
    select.value = near.area;
    told.textContent += `${told.dataset.near}${near.place}（${near.metres}${told.dataset.metres}）`;
  };
  place.querySelector("button").addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(found, () => { told.textContent = told.dataset.failed; }, { enableHighAccuracy: true, timeout: 15000 });
  });
}

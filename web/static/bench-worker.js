// Keeps the empty forms of the bench on the phone, so that they open in a dead zone. Nothing of any case is kept: those pages need a network.
const CACHE = `bihuan-bench ${new URL(location.href).search}`;
const FORMS = ["/grid/report", "/grid/handled", "/grid/visit", "/grid/offline"];
const usable = (answer) => answer.ok && !answer.redirected;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await Promise.all(FORMS.map(async (path) => { const answer = await fetch(path); if (usable(answer)) await cache.put(path, answer); }));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith("bihuan-bench") && name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  })());
});

// pages: the network first, what is kept where there is none
async function page(request, path) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(request);
    if (FORMS.includes(path) && usable(answer)) await cache.put(path, answer.clone());
    return answer;
  } catch {
    return await cache.match(path) || await cache.match("/grid/offline") || Response.error();
  }
}

// style sheets and scripts never change under their address
async function file(request) {
  const cache = await caches.open(CACHE), kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin) return;
  if (pathname.startsWith("/static/")) event.respondWith(file(event.request));
  else if (event.request.mode === "navigate" && (pathname === "/grid" || pathname.startsWith("/grid/"))) event.respondWith(page(event.request, pathname));
});

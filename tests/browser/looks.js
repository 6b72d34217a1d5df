// What people would see and could not use: called in the page with {least: px of a target, text: px of the smallest text, cjk: bool}.
({ least, text, cjk }) => {
  const found = [];
  const root = document.documentElement;
  const said = (node) => (node.innerText || node.getAttribute("aria-label") || node.value || node.id || "").trim().replace(/\s+/g, " ").slice(0, 40);
  const named = (node) => `<${node.tagName.toLowerCase()}${node.className && node.className.baseVal === undefined ? "." + node.className.split(" ").join(".") : ""}> ${said(node)}`;
  const shown = (node) => {
    const style = getComputedStyle(node);
    const box = node.getBoundingClientRect();
    return node.checkVisibility({ checkVisibilityCSS: true }) && box.width > 1 && box.height > 1 && box.right > 0 && box.bottom + scrollY > 0 && style.clipPath === "none" && style.clip === "auto";
  };
  const hidden = (node) => { for (let each = node; each && each !== root; each = each.parentElement) { if (each.matches(".vh, .skip") || !shown(each) && getComputedStyle(each).display !== "contents") return true; } return false; };

  // 1. nothing is wider than the screen
  if (root.scrollWidth > root.clientWidth + 1) {
    const inside = (node) => { for (let each = node.parentElement; each; each = each.parentElement) { if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(each).overflowX) && each !== document.body) return true; } return false; };
    const wide = [...document.body.querySelectorAll("*")].filter((node) => shown(node) && node.getBoundingClientRect().right > root.clientWidth + 1 && !inside(node));
    found.push(`wider than the screen (${root.scrollWidth} > ${root.clientWidth}): ${wide.slice(-1).map(named)}`);
  }

  // 2. text is large enough, and no column is as narrow as one glyph
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const small = new Map();
  while (walker.nextNode()) {
    const node = walker.currentNode, holder = node.parentElement, words = node.data.trim();
    if (!words || ["SCRIPT", "STYLE", "OPTION", "TITLE", "TEMPLATE"].includes(holder.tagName) || holder.closest("details:not([open])") && !holder.closest("summary") || hidden(holder)) continue;
    const style = getComputedStyle(holder), svg = holder.closest("svg");
    const scale = svg && holder.getScreenCTM ? holder.getScreenCTM().a : 1;
    const size = parseFloat(style.fontSize) * scale;
    if (size < text - 0.1) small.set(`${holder.tagName.toLowerCase()}.${holder.getAttribute("class") || ""}`, `${size.toFixed(1)} px: ${words.slice(0, 20)}`);
    if (svg) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const lines = [...range.getClientRects()].filter((line) => line.width > 1);
    if (lines.length >= 3 && words.length >= 3 && lines.every((line) => line.width <= (lines.length > 3 ? 2.6 : 1.7) * size)) found.push(`a column of glyphs: ${words.slice(0, 20)} ${named(holder)}`);
    const kept = holder.closest("th, .nowrap, .num, .light, button, .btn, .tag");
    const tops = new Set(lines.map((line) => Math.round(line.top / size)));
    if (cjk && kept && tops.size > 1 && (kept.tagName === "TH" && kept.scope !== "row" || words.length < 9)) found.push(`wrapped: ${words.slice(0, 20)} ${named(kept)}`);
  }
  small.forEach((what, who) => found.push(`text below ${text} px: ${who} ${what}`));

  // 3. targets are large enough; a link inside a sentence may be as small as the sentence
  const inSentence = (node) => {
    if (node.tagName !== "A" || getComputedStyle(node).display !== "inline") return false;
    const around = node.parentElement;
    return around.textContent.trim().length > node.textContent.trim().length;
  };
  for (const node of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")) {
    if (hidden(node) && !(node.labels && [...node.labels].some(shown)) || inSentence(node)) continue;
    const boxes = [node, ...(["radio", "checkbox", "file"].includes(node.type) && node.labels ? node.labels : [])].map((each) => each.getBoundingClientRect());
    const wide = Math.max(...boxes.map((box) => box.width)), high = Math.max(...boxes.map((box) => box.height));
    if (wide < least - 0.5 || high < least - 0.5) found.push(`target below ${least} px: ${Math.round(wide)}×${Math.round(high)} ${named(node)}`);
  }
  return [...new Set(found)];
}

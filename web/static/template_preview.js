/* 边写边看：停手半秒，把表单按“预览”送一次，只换预览一栏。没有脚本时点“预览”一样看得到。 */
const form = document.querySelector("[data-preview-form]");
let timer;
let asked = 0;
const show = async () => {
  const mine = ++asked;
  const data = new FormData(form);
  data.set("do", "preview");
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(data) });
    if (mine !== asked || !answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#preview");
    if (fresh) document.querySelector("#preview").replaceChildren(...fresh.childNodes);
  } catch {
    /* 断网：预览留在原样 */
  }
};
form?.addEventListener("input", (event) => {
  if (event.target.name === "note") return;
  clearTimeout(timer);
  timer = setTimeout(show, 500);
});

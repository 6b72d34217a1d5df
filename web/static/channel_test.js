/* 先测试：不离开页面，只换结果一栏，填好的密钥留在框里。没有脚本时照样测，密钥要重填。 */
const form = document.querySelector("[data-channel-form]");
form?.addEventListener("submit", async (event) => {
  const button = event.submitter;
  if (button?.value !== "test") return;
  event.preventDefault();
  const data = new FormData(form);
  data.set("do", "test");
  button.disabled = true;
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(data) });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#tested");
    if (fresh) document.querySelector("#tested").replaceChildren(...fresh.childNodes);
    document.querySelector("#tested").scrollIntoView({ block: "center" });
  } catch {
    /* 断网：留在原样 */
  } finally {
    button.disabled = false;
  }
});

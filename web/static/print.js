/* 打印按钮；没有脚本时按钮不出现，浏览器自己的打印照样能用。 */
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// Copies a text that stands on the page: [data-copy-from] holds it, [data-copy] is the button.
import { toast } from "./app.js";

const source = document.querySelector("[data-copy-from]");

/** Marks the text and copies it the old way: the new way exists over TLS only. */
function copyMarked() {
  const range = document.createRange();
  range.selectNodeContents(source);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  return document.execCommand("copy");
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    let done = false;
    try {
      await navigator.clipboard.writeText(source.textContent);
      done = true;
    } catch {
      done = copyMarked();
    }
    if (done) toast(button.dataset.say, { tone: "good" });
  });
}

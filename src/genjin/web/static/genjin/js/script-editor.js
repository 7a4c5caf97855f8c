// The script editor: put a placeholder where the cursor is, show the place of a hint.
// Both only save steps; placeholders can be typed and hints quote their place.

let last = null;

document.addEventListener("focusin", (event) => {
  if (event.target.matches("#script-form textarea")) last = event.target.id;
});

/** Put text in place of what is selected and tell the page that it was typed. */
function insert(field, words) {
  field.focus();
  field.setRangeText(words, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Select a place of a text; it counts characters, the browser counts halves of rare ones. */
function select(field, start, end) {
  const characters = Array.from(field.value);
  const units = (count) => characters.slice(0, count).join("").length;
  field.closest("details")?.setAttribute("open", "");
  field.focus();
  field.setSelectionRange(units(start), units(end));
}

document.addEventListener("click", (event) => {
  const offer = event.target.closest("[data-insert]");
  const field = document.getElementById(last ?? "");
  if (offer && field) insert(field, offer.dataset.insert);
  const place = event.target.closest("[data-select]");
  const text = place && document.getElementById(place.dataset.select);
  if (text) select(text, Number(place.dataset.start), Number(place.dataset.end));
});

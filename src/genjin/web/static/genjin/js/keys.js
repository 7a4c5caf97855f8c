// Keys declared in the page: <button data-key="1" data-key-label="…">.
//
// A plain key ("1", "n", "?") clicks its element when no text field has the focus; a chord
// ("ctrl+enter", "alt+left") always does. On a Mac the command key counts as ctrl. An element
// that is hidden or disabled does not answer. A form field is focused instead of clicked.
// `?` shows the list. Two elements with one key are reported in the console.

const MODIFIERS = ["ctrl", "alt", "shift"];
const NAMES = {
  " ": "space", Escape: "esc", ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left",
  ArrowRight: "right", Enter: "enter", Tab: "tab",
};
const SIGNS = {
  enter: "↵", shift: "⇧", up: "↑", down: "↓", left: "←", right: "→", esc: "Esc",
  ctrl: "Ctrl", alt: "Alt", space: "Space", tab: "Tab",
};

/** Write a chord in one order: "Enter+Ctrl" and "ctrl+enter" are the same. */
export function normalise(chord) {
  const parts = chord.toLowerCase().split("+").map((part) => part.trim()).filter(Boolean);
  if (parts.length === 0) return "+";
  const held = MODIFIERS.filter((name) => parts.includes(name));
  const rest = parts.filter((part) => !MODIFIERS.includes(part));
  return [...held, ...rest].join("+");
}

/** Return the chords that a key press may mean, most exact first. */
function chordsOf(event) {
  const key = NAMES[event.key] ?? event.key.toLowerCase();
  const held = [];
  if (event.ctrlKey || event.metaKey) held.push("ctrl");
  if (event.altKey) held.push("alt");
  const chords = [];
  if (event.shiftKey) chords.push(normalise([...held, "shift", key].join("+")));
  chords.push(normalise([...held, key].join("+")));
  // With Alt held some layouts type another letter or sign; the place of the key still counts.
  const place = /^(?:Key|Digit)(.)$/.exec(event.code ?? "");
  if (held.length && place) chords.push(normalise([...held, place[1].toLowerCase()].join("+")));
  return chords;
}

/** Say whether what is typed now belongs to the element that has the focus. */
export function isTyping(element = document.activeElement) {
  if (!element) return false;
  if (element.isContentEditable || element.matches("textarea, select")) return true;
  const silent = ["button", "submit", "reset", "checkbox", "radio", "file", "image", "range"];
  return element.matches("input") && !silent.includes(element.type);
}

/** Say whether an element can answer a key now. */
function answers(element) {
  if (element.disabled || element.getAttribute("aria-disabled") === "true") return false;
  const dialog = document.querySelector("dialog[open]");
  if (dialog && !dialog.contains(element)) return false;
  return element.checkVisibility?.() ?? element.getClientRects().length > 0;
}

/** Return the elements of the page that declare keys and can answer, by chord. */
export function declared() {
  const found = new Map();
  for (const element of document.querySelectorAll("[data-key]")) {
    if (!answers(element)) continue;
    for (const chord of element.dataset.key.split(/\s+/).filter(Boolean).map(normalise)) {
      if (!found.has(chord)) found.set(chord, []);
      found.get(chord).push(element);
    }
  }
  return found;
}

function press(element) {
  if (element.matches("input:not([type=checkbox], [type=radio], [type=submit]), textarea, select")) {
    element.focus();
    element.select?.();
  } else {
    element.click();
  }
}

function onKey(event) {
  if (event.isComposing || event.keyCode === 229 || event.repeat) return;
  const isChord = event.ctrlKey || event.metaKey || event.altKey || /^F\d+$/.test(event.key);
  if (event.key === "Escape" && isTyping() && !document.querySelector("dialog[open]")) {
    document.activeElement.blur();
  }
  if (!isChord && isTyping()) return;
  // Enter and Space on a button or link are the button's own.
  const own = document.activeElement?.matches("button, a, summary, input");
  if (!isChord && own && (event.key === "Enter" || event.key === " ")) return;
  const found = declared();
  const chord = chordsOf(event).find((candidate) => found.has(candidate));
  if (!chord) return;
  event.preventDefault();
  press(found.get(chord)[0]);
}

/** Report keys that two elements claim; a key may be shared only inside different dialogs. */
export function reportConflicts() {
  for (const [chord, elements] of declared()) {
    if (elements.length > 1) console.warn(`keys: "${chord}" is claimed ${elements.length} times`, elements);
  }
}

/** Build the keycaps of a chord as elements. */
function caps(chord) {
  const span = document.createElement("span");
  span.className = "keys";
  for (const part of chord.split("+")) {
    const cap = document.createElement("kbd");
    cap.textContent = SIGNS[part] ?? part.toUpperCase();
    span.append(cap);
  }
  return span;
}

/** Fill the list of the `?` dialog from the page. */
export function fillList(list, nothing) {
  list.replaceChildren();
  for (const [chord, [element]] of declared()) {
    const row = document.createElement("div");
    const term = document.createElement("dt");
    const meaning = document.createElement("dd");
    term.append(caps(chord));
    meaning.textContent = element.dataset.keyLabel || element.getAttribute("aria-label")
      || element.textContent.trim();
    row.append(term, meaning);
    list.append(row);
  }
  if (!list.children.length) list.textContent = nothing;
}

document.addEventListener("keydown", onKey);
document.addEventListener("DOMContentLoaded", reportConflicts);
document.addEventListener("htmx:afterSettle", reportConflicts);

// Sentences for people, in their language; the page carries them (template tag ui_strings).
const holder = document.getElementById("ui-strings");
const strings = holder ? JSON.parse(holder.textContent) : {};

/** Return the sentence for a code, with {placeholders} filled in. */
export function text(code, values = {}) {
  const sentence = strings[code] ?? code;
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

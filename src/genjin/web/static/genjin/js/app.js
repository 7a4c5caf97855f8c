// What every page does: look, menus, finding, keys, confirming, messages, errors, lost network.
// Everything here only saves steps; without JavaScript the forms and links still work.
import { fillList, isTyping } from "./keys.js";
import { text } from "./text.js";
import "./charts.js";

const root = document.documentElement;
root.classList.add("has-js");

/** Keep a choice of the frame for a year; the server reads it when it draws the next page. */
function keep(name, value) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax${secure}`;
}

// -- look and frame ---------------------------------------------------------------------------

function markTheme() {
  for (const button of document.querySelectorAll("[data-theme-form] [name=theme]")) {
    button.toggleAttribute("aria-current", button.value === root.dataset.bsTheme);
  }
}

document.addEventListener("submit", (event) => {
  const choice = event.submitter;
  if (!event.target.matches("[data-theme-form]") || !choice) return;
  event.preventDefault();
  root.dataset.bsTheme = choice.value;
  keep("theme", choice.value);
  markTheme();
  closeMenus();
  document.dispatchEvent(new CustomEvent("genjin:theme"));
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  document.dispatchEvent(new CustomEvent("genjin:theme"));
});
markTheme();

function closeMenus(except = null) {
  for (const menu of document.querySelectorAll("details[data-menu][open], .bottom-more[open]")) {
    if (menu !== except) menu.open = false;
  }
}

document.addEventListener("click", (event) => {
  closeMenus(event.target.closest("details[data-menu], .bottom-more"));
  const box = document.getElementById("find-results");
  if (box && !event.target.closest(".find")) box.replaceChildren();
  if (event.target.closest("[data-sidebar-toggle]")) {
    root.dataset.sidebar = root.dataset.sidebar === "slim" ? "wide" : "slim";
    keep("sidebar", root.dataset.sidebar);
  }
  const close = event.target.closest("[data-dismiss]");
  if (close) (close.closest("[data-toast]") ?? close.parentElement).remove();
  if (event.target.closest("[data-keys-help]")) showKeys();
});

// -- keys that work everywhere ----------------------------------------------------------------

function showKeys() {
  const dialog = document.getElementById("keys-dialog");
  if (!dialog || dialog.open) return;
  fillList(dialog.querySelector("[data-key-list]"), text("no_keys"));
  dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    closeMenus();
    document.getElementById("find-results")?.replaceChildren();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping()) return;
  const field = document.querySelector("[data-find]");
  if (event.key === "/" && field) {
    event.preventDefault();
    field.focus();
    field.select();
  } else if (event.key === "?") {
    event.preventDefault();
    showKeys();
  }
});

// Arrow keys walk through what was found.
document.addEventListener("keydown", (event) => {
  const box = document.getElementById("find-results");
  if (!box || !["ArrowDown", "ArrowUp"].includes(event.key) || !event.target.closest(".find")) return;
  const links = [...box.querySelectorAll("a")];
  if (!links.length) return;
  event.preventDefault();
  const place = links.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
  if (place < 0) document.querySelector("[data-find]").focus();
  else links[Math.min(place, links.length - 1)].focus();
});

// -- confirming -------------------------------------------------------------------------------

/** Ask in a dialog; resolves to true when the person says yes. */
export function ask(question, label = "") {
  const dialog = document.getElementById("confirm-dialog");
  const yes = dialog.querySelector("[data-confirm-yes]");
  dialog.querySelector("#confirm-text").textContent = question;
  yes.textContent = label || yes.dataset.defaultLabel;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

// Caught before htmx and before the browser submits; a confirmed click is let through once.
document.addEventListener("click", async (event) => {
  const element = event.target.closest?.("[data-confirm]");
  if (!element || element.dataset.confirmed === "yes") {
    if (element) delete element.dataset.confirmed;
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  if (await ask(element.dataset.confirm, element.dataset.confirmLabel)) {
    element.dataset.confirmed = "yes";
    element.click();
  }
}, true);

// -- messages ---------------------------------------------------------------------------------

/** Show a message that stays until it is closed, or `seconds` long; `action` adds a button. */
export function toast(sentence, { tone = "accent", seconds = 0, action = null } = {}) {
  const template = document.getElementById("toast-template");
  const item = template.content.firstElementChild.cloneNode(true);
  item.classList.add(`tone-${tone}`);
  item.querySelector(".toast-text").textContent = sentence;
  if (action) {
    const button = item.querySelector("[data-toast-action]");
    button.hidden = false;
    button.textContent = action.label;
    button.addEventListener("click", () => { item.remove(); action.run(); });
  }
  document.getElementById("toasts").append(item);
  if (seconds) setTimeout(() => item.remove(), seconds * 1000);
  return item;
}

// Good news goes by itself; a failure waits to be read.
function fadeGoodNews() {
  for (const item of document.querySelectorAll("[data-toast].tone-good:not([data-fading])")) {
    item.dataset.fading = "yes";
    setTimeout(() => item.remove(), 6000);
  }
}
fadeGoodNews();
document.addEventListener("htmx:afterSettle", fadeGoodNews);

// -- failures of htmx requests ----------------------------------------------------------------

let lastFailure = null;

function failed(sentence, detail) {
  lastFailure?.remove();
  const again = () => detail.elt?.isConnected && htmx.ajax(
    detail.requestConfig.verb.toUpperCase(), detail.requestConfig.path,
    { source: detail.elt, target: detail.target, values: Object.fromEntries(detail.requestConfig.formData ?? []) },
  );
  lastFailure = toast(sentence, {
    tone: "bad",
    action: detail.requestConfig ? { label: text("retry"), run: again } : null,
  });
}

document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  failed(status === 403 ? text("forbidden") : text("failed", { status }), event.detail);
});
document.addEventListener("htmx:sendError", (event) => failed(text("unreachable"), event.detail));
document.addEventListener("htmx:timeout", (event) => failed(text("unreachable"), event.detail));
document.addEventListener("htmx:afterRequest", (event) => {
  if (!event.detail.successful) return;
  lastFailure?.remove();
  lastFailure = null;
});

// -- lost network -----------------------------------------------------------------------------

const banner = document.getElementById("net-banner");

function showNetwork() {
  if (!banner) return;
  banner.hidden = navigator.onLine;
  banner.textContent = navigator.onLine ? "" : text("offline");
}
addEventListener("offline", showNetwork);
addEventListener("online", () => {
  showNetwork();
  toast(text("online"), { tone: "good", seconds: 4 });
});
showNetwork();

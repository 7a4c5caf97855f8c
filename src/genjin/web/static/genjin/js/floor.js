// The floor, kept current by server-sent events. Each region holds pieces with a data-id; a piece
// is replaced only when its HTML differs, so nothing flickers and the focus stays where it is.
// Lengths of time are counted here between two events.

const board = document.getElementById("floor");
const sign = document.getElementById("floor-live");
const shown = new Map();
let ahead = board ? Number(board.dataset.at) * 1000 - Date.now() : 0;

/** Write seconds as m:ss or h:mm:ss. */
function length(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value) => String(value).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

function count() {
  const now = (Date.now() + ahead) / 1000;
  for (const time of board.querySelectorAll("[data-since]")) {
    const text = length(now - Number(time.dataset.since));
    if (time.textContent !== text) time.textContent = text;
  }
}

/** Bring one region to `pieces`: [[id, html], …], in that order. */
function show(region, pieces) {
  const there = new Map([...region.children].map((child) => [child.dataset.id, child]));
  const isList = region.getAttribute("role") === "list";
  let before = null;
  for (const [id, html] of pieces) {
    let piece = there.get(id);
    if (!piece) {
      piece = document.createElement("div");
      piece.dataset.id = id;
      if (isList) piece.setAttribute("role", "listitem");
    }
    there.delete(id);
    if (shown.get(id) !== html) {
      const focused = piece.contains(document.activeElement);
      piece.innerHTML = html;
      shown.set(id, html);
      if (focused) piece.querySelector("a")?.focus();
    }
    const place = before ? before.nextElementSibling : region.firstElementChild;
    if (place !== piece) region.insertBefore(piece, place);
    before = piece;
  }
  for (const [id, gone] of there) {
    gone.remove();
    shown.delete(id);
  }
}

function mark(isLive) {
  sign.hidden = false;
  sign.classList.toggle("is-lost", !isLive);
  sign.querySelector("[data-live-text]").textContent = isLive ? sign.dataset.live : sign.dataset.lost;
}

function watch() {
  const source = new EventSource(board.dataset.stream);
  let lost = null;
  source.addEventListener("snapshot", (event) => {
    clearTimeout(lost);
    lost = null;
    const found = JSON.parse(event.data);
    ahead = found.at * 1000 - Date.now();
    for (const region of board.querySelectorAll("[data-region]")) {
      show(region, found[region.dataset.region] ?? []);
    }
    count();
    mark(true);
  });
  // A stream that ends by itself comes back within a second or polls every three: only a longer
  // silence is a loss. A browser that gives up (the server answered with an error) starts anew.
  source.addEventListener("error", () => {
    lost ??= setTimeout(() => mark(false), 8000);
    if (source.readyState === EventSource.CLOSED) setTimeout(watch, 5000);
  });
  addEventListener("pagehide", () => source.close(), { once: true });
}

if (board) {
  count();
  setInterval(count, 1000);
  watch();
}

// The desk: what is typed is kept in this browser at once and on the server soon after; calls,
// wrap-up, script, objections; recording that waits for a lost network.
import { toast } from "./app.js";

const SAVE_AFTER = 500;
const RETRY_AFTER = 4000;
const LEASE_EVERY = 60_000;
const PREFIX = "genjin:draft:";
const form = document.querySelector("[data-desk]");
const say = (code) => (form ?? document.querySelector("[data-desk-start]"))?.dataset[`say${code}`] ?? "";

/** Send to the server as its own page; a signed-out session answers 401 and not a sign-in page. */
async function send(url, body, isJson = false) {
  const headers = { Accept: "application/json", "HX-Request": "true" };
  headers["X-CSRFToken"] = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  if (isJson) headers["Content-Type"] = "application/json";
  const answer = await fetch(url, {
    method: "POST", headers, credentials: "same-origin", signal: AbortSignal.timeout(20_000),
    body: isJson ? JSON.stringify(body) : body,
  });
  const isData = answer.headers.get("Content-Type")?.startsWith("application/json");
  return { status: answer.status, data: isData ? await answer.json() : {} };
}

function duration(seconds) {
  const whole = Math.abs(Math.trunc(seconds));
  const [hours, minutes, rest] = [Math.trunc(whole / 3600), Math.trunc(whole / 60) % 60, whole % 60];
  const head = hours ? `${hours}:${String(minutes).padStart(2, "0")}` : `${minutes}`;
  return `${seconds < 0 ? "−" : ""}${head}:${String(rest).padStart(2, "0")}`;
}

// -- what this browser keeps ------------------------------------------------------------------

function kept(id) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + id));
  } catch {
    return null;
  }
}

function keep(id, record) {
  try {
    localStorage.setItem(PREFIX + id, JSON.stringify(record));
  } catch {
    // A full or forbidden store: the server's copy remains.
  }
}

function forget(id) {
  localStorage.removeItem(PREFIX + id);
}

/** Send what an ended page could not send any more; a conflict waits until its page is opened. */
async function sendLeftovers(except) {
  let sent = 0;
  const ids = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  for (const key of ids) {
    const id = key.slice(PREFIX.length);
    const record = kept(id);
    if (id === except || !record?.isDirty) continue;
    try {
      const answer = await send(`/desk/${id}/draft`, record, true);
      if (answer.status === 200) {
        keep(id, { ...record, revision: answer.data.revision, isDirty: false });
        sent += 1;
      } else if (answer.status === 404) forget(id);
    } catch {
      return sent;
    }
  }
  return sent;
}

// -- the draft --------------------------------------------------------------------------------

function startDraft() {
  const server = JSON.parse(document.getElementById("desk-draft").textContent);
  const { id, draftUrl } = form.dataset;
  const line = document.querySelector("[data-save-state]");
  const conflict = document.getElementById("desk-conflict");
  let { revision } = server;
  let writer = crypto.randomUUID?.() ?? String(Math.random());
  let serial = Math.max(Date.now(), server.serial + 1);
  let timer = 0;
  let isSending = false;
  let isDirty = false;
  let isStopped = false;
  let isOver = false;

  const tell = (words, isKept = false) => {
    line.textContent = words;
    line.classList.toggle("is-kept", isKept);
  };
  const read = () => {
    const data = new FormData(form);
    return Object.fromEntries(server.names.map((name) => [name, String(data.get(name) ?? "")]));
  };
  const write = (fields) => {
    for (const name of server.names) {
      const value = fields[name] ?? "";
      for (const element of form.querySelectorAll(`[name="${name}"]`)) {
        if (element.type === "radio") element.checked = element.value === value;
        else if (element.type === "checkbox") element.checked = value === "on";
        else element.value = value;
      }
    }
    showDetails();
    showNote();
  };
  const remember = () => {
    if (isOver) return;
    keep(id, { fields: read(), revision, writer, serial, isDirty });
    showNote();
  };
  const showNote = () => {
    const holder = document.querySelector("[data-note-text]");
    const fields = read();
    if (holder) {
      holder.value = ["note", "needs", "concern", "next_step", "commitment_text", "message_text"]
        .map((name) => fields[name]).filter(Boolean).join("\n");
    }
  };

  function showConflict(theirs) {
    const mine = read();
    const body = conflict.querySelector("tbody");
    body.replaceChildren();
    for (const name of server.names) {
      if ((mine[name] ?? "") === (theirs.fields[name] ?? "")) continue;
      const row = document.createElement("tr");
      const label = form.querySelector(`[data-field="${name}"] .form-label`)?.firstChild?.textContent;
      for (const words of [label ?? form.getAttribute("aria-label"), mine[name], theirs.fields[name] ?? ""]) {
        const cell = document.createElement("td");
        cell.textContent = words;
        row.append(cell);
      }
      body.append(row);
    }
    conflict.hidden = false;
    isStopped = true;
    conflict.querySelector("[data-keep-mine]").onclick = () => settle(theirs.revision, null);
    conflict.querySelector("[data-keep-theirs]").onclick = () => settle(theirs.revision, theirs.fields);
  }
  function settle(newRevision, fields) {
    revision = newRevision;
    conflict.hidden = true;
    isStopped = false;
    if (fields) {
      write(fields);
      isDirty = false;
      remember();
    } else changed();
  }

  function changed() {
    serial += 1;
    isDirty = true;
    remember();
    tell(say("Saving"));
    clearTimeout(timer);
    timer = setTimeout(save, SAVE_AFTER);
  }
  let underWay = Promise.resolve();
  function save() {
    if (!isSending) underWay = sendNow();
    return underWay;
  }
  async function sendNow() {
    clearTimeout(timer);
    if (isSending || isStopped || !isDirty) return;
    isSending = true;
    const sending = serial;
    try {
      const answer = await send(draftUrl, { fields: read(), revision, writer, serial }, true);
      if (answer.status === 200) {
        revision = answer.data.revision;
        isDirty = serial !== sending;
        remember();
        if (!isDirty) tell(say("Saved"));
      } else if (answer.status === 409 && answer.data.code === "draft_is_gone") {
        tell(answer.data.message, true);
        lost();
      } else if (answer.status === 409) showConflict(answer.data);
      else if (answer.status === 401) tell(say("SignedOut"), true);
      else tell(answer.data.message ?? say("Refused"), true);
    } catch {
      tell(say("Kept"), true);
      timer = setTimeout(save, RETRY_AFTER);
    }
    isSending = false;
    if (isDirty && !isStopped && serial !== sending) timer = setTimeout(save, SAVE_AFTER);
  }

  const local = kept(id);
  if (local?.isDirty) {
    const isOwn = local.writer === server.writer;
    if (!isOwn && local.revision !== server.revision) {
      write(local.fields);
      writer = local.writer;
      showConflict({ revision: server.revision, fields: server.fields });
    } else if (!isOwn || local.serial > server.serial) {
      write(local.fields);
      writer = local.writer;
      toast(say("Restored"), { tone: "good", seconds: 5 });
      changed();
    }
  }
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  addEventListener("online", save);
  addEventListener("pagehide", () => { if (isDirty) remember(); });
  showNote();
  // While an outcome is recorded no save may be under way: it would arrive after it.
  const pause = () => { isStopped = true; clearTimeout(timer); return underWay; };
  const resume = () => { isStopped = !conflict.hidden; save(); };
  // Recorded: nothing is kept any more, not even on leaving the page.
  const end = () => { isOver = true; forget(id); };
  return { changed, pause, resume, end };
}

// -- the outcome panel ------------------------------------------------------------------------

/** Show the fields that the chosen outcome asks for, and those that hold something already. */
function showDetails() {
  const chosen = form.querySelector("[name=outcome]:checked");
  const wanted = new Set((chosen?.dataset.details ?? "").split(" "));
  for (const group of form.querySelectorAll("[data-detail]")) {
    const holds = [...group.querySelectorAll("input, select, textarea")].some(
      (one) => (one.type === "checkbox" ? one.checked : one.value),
    );
    group.hidden = !wanted.has(group.dataset.detail) && !holds;
  }
}

function showErrors(errors) {
  for (const place of form.querySelectorAll("[data-error-for]")) {
    const found = errors[place.dataset.errorFor];
    place.hidden = !found;
    place.querySelector("span").textContent = (found ?? []).join(" ");
    place.closest(".field")?.classList.toggle("has-error", Boolean(found));
    if (found) place.closest("[data-detail]")?.removeAttribute("hidden");
  }
  const rest = Object.entries(errors).filter(([name]) => !form.querySelector(`[data-error-for="${name}"]`));
  toast(rest.flatMap(([, found]) => found).join(" ") || say("FirstError"), { tone: "bad", seconds: 8 });
  const first = form.querySelector(".has-error input, .has-error select, .has-error textarea");
  (first ?? form.querySelector("[name=outcome]")).focus();
}

function startRecording(draft) {
  let isSending = false;
  let waiting = null;

  async function record(stay) {
    if (isSending) return;
    isSending = true;
    clearTimeout(waiting);
    form.classList.add("is-sending");
    const data = new FormData(form);
    if (stay) data.set("stay", "1");
    await draft.pause();
    try {
      const answer = await send(form.action, data);
      if (answer.status === 200) {
        draft.end();
        location.assign(answer.data.location);
        return;
      }
      if (answer.status === 422) showErrors(answer.data.errors);
      else if (answer.status === 401) toast(say("SignedOut"), { tone: "bad" });
      else {
        if (answer.data.code === "not_in_hand") lost();
        toast(answer.data.message ?? say("Refused"), { tone: "bad" });
      }
    } catch {
      // The token in the form makes a repetition harmless.
      toast(say("Held"), { tone: "warn", seconds: 8 });
      waiting = setTimeout(() => record(stay), RETRY_AFTER);
    }
    isSending = false;
    form.classList.remove("is-sending");
    draft.resume();
  }
  form.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("data-plain")) return;
    event.preventDefault();
    record(event.submitter?.name === "stay");
  });
  // Whoever goes on typing or choosing changes their mind about a recording that waits.
  form.addEventListener("input", () => clearTimeout(waiting));
}

function startFields() {
  form.addEventListener("change", (event) => {
    if (event.target.name === "outcome") showDetails();
  });
  document.addEventListener("click", (event) => {
    const fill = event.target.closest("[data-fill]");
    if (fill) {
      const field = form.elements[fill.dataset.fill];
      field.value = fill.dataset.value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.focus();
    }
    const focus = event.target.closest("[data-focus]");
    if (focus) {
      const field = document.getElementById(focus.dataset.focus);
      field.closest("[data-detail]")?.removeAttribute("hidden");
      field.focus();
      // A new value replaces a short one; a note goes on where it ended.
      if (field.matches("input")) field.select();
    }
  });
  showDetails();
}

// -- in hand ----------------------------------------------------------------------------------

function lost() {
  document.getElementById("desk-lost").hidden = false;
}

function startLease() {
  if (form.dataset.inHand !== "yes") return;
  const renew = async () => {
    try {
      const answer = await send(form.dataset.leaseUrl, new FormData());
      if (answer.status === 409) lost();
      else if (answer.status === 200) document.getElementById("desk-lost").hidden = true;
    } catch {
      // Tried again at the next beat; the draft's line says that the network is gone.
    }
  };
  setInterval(renew, LEASE_EVERY);
  addEventListener("online", renew);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) renew(); });
}

// -- the call ---------------------------------------------------------------------------------

function startCall(draft) {
  const bar = document.querySelector("[data-call]");
  const wrap = document.querySelector("[data-wrap]");
  const fault = document.querySelector("[data-dial-error]");
  const granted = Number(bar.dataset.wrapSeconds);
  let hasWarned = false;

  function tick() {
    const now = Date.now();
    if (!bar.hidden && bar.dataset.started) {
      bar.querySelector("[data-clock]").textContent = duration((now - Date.parse(bar.dataset.started)) / 1000);
    }
    if (bar.dataset.wrapStarted) {
      const left = granted - (now - Date.parse(bar.dataset.wrapStarted)) / 1000;
      wrap.hidden = false;
      wrap.querySelector("[data-wrap-clock]").textContent = duration(left);
      wrap.classList.toggle("is-near", left <= 10 && left > 0);
      wrap.classList.toggle("is-over", left <= 0);
      if (left <= 0 && left > -2 && !hasWarned) {
        hasWarned = true;
        toast(say("Over"), { tone: "warn", seconds: 6 });
      }
    }
  }
  async function dial(dialled) {
    fault.hidden = true;
    try {
      const answer = await send(dialled.action, new FormData(dialled));
      if (answer.status !== 200) {
        fault.textContent = answer.data.message ?? say("Refused");
        fault.hidden = false;
        const known = dialled.closest("[data-point]").querySelector(".phone-no");
        if (known && fault.textContent.includes(known.textContent.trim())) known.remove();
        if (answer.data.code === "not_in_hand") lost();
        return;
      }
      const row = dialled.closest("[data-point]");
      const link = document.createElement("a");
      link.href = `tel:${answer.data.number}${answer.data.extension ? `,${answer.data.extension}` : ""}`;
      link.textContent = answer.data.number;
      row.querySelector("[data-number]").replaceChildren(link);
      row.classList.add("is-called");
      for (const other of document.querySelectorAll("[data-dial]")) other.remove();
      bar.dataset.started = new Date().toISOString();
      bar.hidden = false;
      tick();
      link.click();
    } catch {
      fault.textContent = say("Refused");
      fault.hidden = false;
    }
  }
  document.addEventListener("submit", async (event) => {
    if (event.target.matches("[data-dial]")) {
      event.preventDefault();
      dial(event.target);
    }
  });
  bar.addEventListener("submit", async (event) => {
    event.preventDefault();
    const seconds = (Date.now() - Date.parse(bar.dataset.started)) / 1000;
    bar.hidden = true;
    bar.dataset.wrapStarted = new Date().toISOString();
    form.elements.talk.value = duration(seconds);
    form.elements.talk.closest("[data-detail]").hidden = false;
    draft.changed();
    tick();
    try {
      await send(bar.action, new FormData(bar));
    } catch {
      // The duration stands in the form; the state follows with the recording.
    }
  });
  setInterval(tick, 1000);
  tick();
}

// -- script, objections -----------------------------------------------------------------------

function startScript() {
  const script = document.querySelector("[data-script]");
  if (!script) return;
  const codes = [...script.querySelectorAll("[data-part-text]")].map((part) => part.dataset.partText);
  const show = (code) => {
    if (!codes.includes(code)) return;
    for (const part of script.querySelectorAll("[data-part-text]")) {
      part.classList.toggle("is-current", part.dataset.partText === code);
    }
    for (const step of script.querySelectorAll("[data-part]")) {
      const isCurrent = step.dataset.part === code;
      step.classList.toggle("is-current", isCurrent);
      step.toggleAttribute("aria-current", isCurrent);
    }
  };
  script.addEventListener("click", (event) => {
    const step = event.target.closest("[data-part], [data-branch], [data-part-move]");
    if (!step) return;
    const current = script.querySelector(".part.is-current").dataset.partText;
    const beside = codes[codes.indexOf(current) + Number(step.dataset.partMove ?? 0)];
    show(step.dataset.part ?? step.dataset.branch ?? beside);
  });
}

function startCards(draft) {
  const field = document.querySelector("[data-find-card]");
  if (!field) return;
  const cards = [...document.querySelectorAll("[data-card]")];
  field.addEventListener("input", () => {
    const words = field.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    let isFirst = words.length > 0;
    for (const card of cards) {
      const label = card.querySelector("summary").textContent.toLowerCase();
      const whole = card.textContent.toLowerCase();
      card.hidden = !words.every((word) => whole.includes(word));
      card.open = isFirst && !card.hidden && words.every((word) => label.includes(word));
      if (card.open) isFirst = false;
    }
    if (isFirst) {
      const rest = cards.find((card) => !card.hidden);
      if (rest) rest.open = true;
    }
  });
  // Enter notes the card that was found as the one used.
  field.addEventListener("keydown", (event) => {
    const found = cards.find((card) => card.open && !card.hidden);
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.altKey || !found) return;
    event.preventDefault();
    form.elements.objection_card.value = found.dataset.card;
    form.elements.objection_card.closest("[data-detail]").hidden = false;
    draft.changed();
    field.blur();
  });
}

if (form) {
  startFields();
  const draft = startDraft();
  startRecording(draft);
  startLease();
  startCall(draft);
  startScript();
  startCards(draft);
  sendLeftovers(form.dataset.id);
} else {
  const start = document.querySelector("[data-desk-start]");
  const beat = () => send(start.dataset.aliveUrl, new FormData()).catch(() => null);
  const leftovers = async () => {
    if (await sendLeftovers("")) toast(say("Sent"), { tone: "good", seconds: 6 });
  };
  setInterval(beat, LEASE_EVERY);
  addEventListener("online", leftovers);
  leftovers();
}

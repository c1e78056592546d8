// What every page may use: the live stream, and the filter of a long list.
// Pages work without it.

document.documentElement.classList.add("scripted");

// Live: one stream a page, closed while the tab is hidden. After a pause the changing parts are asked for again.
const mark = document.querySelector("[data-live]");
let source = null;
let paused = false;
let timer = 0;

function say(state) {
  if (mark.dataset.state === state) return;
  mark.dataset.state = state;
  mark.textContent = state === "on" ? mark.dataset.on : mark.dataset.off;
}

function refresh() {
  const part = mark.dataset.part;
  if (!part) return location.reload();
  window.htmx.ajax("GET", location.href, { target: part, select: part, swap: "outerHTML" }).then(plan);
}

// A part may name the instant at which it must be asked for again, as seconds from now.
function plan() {
  clearTimeout(timer);
  const seconds = Number(document.querySelector("[data-again-in]")?.dataset.againIn);
  if (seconds > 0 && seconds < 86400) timer = setTimeout(refresh, seconds * 1000 + 250);
}

function swap(html) {
  const parts = document.createElement("template");
  parts.innerHTML = html;
  for (const part of parts.content.querySelectorAll("[id]")) {
    const there = part.id && document.getElementById(part.id);
    if (!there || part.parentElement?.closest("[id]")) continue;
    const focused = there.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    there.replaceWith(part);
    if (focused) [...part.querySelectorAll("[href]")].find((a) => a.getAttribute("href") === focused)?.focus();
  }
}

function open() {
  if (source || document.hidden) return;
  source = new EventSource(mark.dataset.live);
  source.addEventListener("open", () => say("on"));
  source.addEventListener("error", () => say("off"));
  source.addEventListener("parts", (event) => swap(event.data));
  source.addEventListener("refresh", refresh);
  source.addEventListener("reload", () => location.reload());
  if (paused) refresh();
  paused = false;
}

function close() {
  source?.close();
  source = null;
  paused = true;
  say("off");
}

if (mark) {
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
  plan();
}

// Filter: hides the lines of a list that a text (tone marks do not matter) and a choice rule out.
const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("đ", "d");

function filter(form) {
  const words = fold(form.querySelector("[data-filter-text]").value).split(/\s+/).filter(Boolean);
  const choice = form.querySelector("[data-filter-choice]").value;
  for (const line of form.querySelectorAll("[data-line]")) {
    const text = fold(line.textContent);
    line.hidden = !words.every((word) => text.includes(word)) || (choice !== "" && line.dataset.line !== choice);
  }
}

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-filter-text], [data-filter-choice]")) filter(event.target.closest("fieldset"));
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-tick]");
  if (!button) return;
  for (const line of button.closest("fieldset").querySelectorAll("[data-line]:not([hidden]) input")) line.checked = button.dataset.tick === "all";
});

// Enter in a filter must not send the form around it.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("[data-filter-text]")) event.preventDefault();
});

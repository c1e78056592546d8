// The editor of a slide: while it is filled in, pictures of it at several sizes of board, and beside each field what is wrong with it.
// Pictures are asked for shortly after the last key, two at a time, those of most boards first; what is stale is called off. When all have
// come, the other languages are checked at the same sizes. Without this script a button of the form does the same.

const form = document.querySelector("[data-slide]");
const tiles = [...form.querySelectorAll("[data-tile]")];
const state = form.querySelector("[data-state]");
const PAUSE = 90; // ms after the last key
const REST = 500; // ms of rest before the other languages are checked
const AGAIN = 1500; // ms after which a busy server is asked again
const AT_ONCE = 2;

let round = 0;
let asked = new AbortController();
let pause = 0;
let sent = false; // the form was tried to be saved: then what is empty is told too
const touched = new Set();
const found = new Map(); // "vi 64x256" -> faults

const languages = () => [...new Set(Object.keys(content().texts))];
const language = () => form.elements.language.value;

function content() {
  const all = { texts: {}, dates: {}, addresses: {}, levels: {}, pictures: {} };
  for (const field of form.elements) {
    if (!field.name || field.matches("fieldset, button")) continue;
    const [kind, first, second] = field.name.split(".");
    const value = field.value.trim();
    if (!value || (field.type === "radio" && !field.checked)) continue;
    if (kind === "texts") (all.texts[first] ??= {})[second] = value;
    else if (kind === "dates" || kind === "addresses") all[kind][first] = value;
    else if (kind === "levels") all.levels[first] = Number(value);
    else if (kind === "pictures") all.pictures[first] = { file: value };
  }
  for (const [name, picture] of Object.entries(all.pictures)) {
    const share = (axis) => Number(form.elements[`focus.${name}.${axis}`].value) / 100;
    if (share("x") !== 0.5 || share("y") !== 0.5) picture.focus = [share("x"), share("y")];
  }
  return all;
}

async function post(path, body, signal) {
  const answer = await fetch(path, { method: "POST", headers: { "content-type": "application/json", accept: "application/json", "hx-request": "true" }, body, signal });
  const words = await answer.text();
  if (answer.ok || answer.status === 422) return JSON.parse(words);
  if (answer.status === 503) pause = setTimeout(look, AGAIN);
  throw new Error(words.length < 300 && answer.headers.get("content-type")?.startsWith("text/plain") ? words : form.dataset.failed);
}

function size(tile) {
  if (!("own" in tile.dataset)) return tile.dataset.tile;
  const side = (name) => Math.min(3840, Math.max(8, Number.parseInt(form.elements[name].value, 10) || 0));
  return `${side("own_width")}x${side("own_height")}`;
}

// How a picture is laid out, so that the page does not move when it comes.
function shape(tile) {
  const [width, height] = size(tile).split("x").map(Number);
  const image = tile.querySelector("img");
  image.width = width;
  image.height = height;
  tile.toggleAttribute("data-tall", height > width * 0.75);
  tile.toggleAttribute("data-wide", height <= width * 0.75);
  sharpen(tile);
}

// Pixels are shown as squares where the picture is larger than the board's own, and smoothly where it is smaller.
function sharpen(tile) {
  const image = tile.querySelector("img");
  tile.toggleAttribute("data-smooth", image.clientWidth < image.width);
}

async function paint(tile, body, now, signal) {
  const tongue = language();
  const board = size(tile);
  tile.setAttribute("data-waiting", "");
  try {
    const answer = await post(`/slides/preview?geometry=${board}&language=${tongue}`, body, signal);
    if (now !== round) return;
    if (answer.picture) tile.querySelector("img").src = `data:image/png;base64,${answer.picture}`;
    tile.toggleAttribute("data-failed", !answer.picture);
    found.set(`${tongue} ${board}`, answer.faults);
    tile.removeAttribute("data-waiting");
    tell();
  } catch (error) {
    if (error.name === "AbortError" || now !== round) return;
    tile.removeAttribute("data-waiting");
    tile.setAttribute("data-failed", "");
    say(error.message === "Failed to fetch" ? form.dataset.failed : error.message, "bad");
  }
}

async function check(body, now, signal) {
  const rest = languages().filter((tongue) => tongue !== language());
  if (!rest.length) return;
  await new Promise((done) => setTimeout(done, REST));
  for (const tongue of rest) {
    if (now !== round) return;
    const boards = [...new Set(tiles.map(size))];
    const answer = await post(`/slides/check?geometries=${boards.join(",")}&languages=${tongue}`, body, signal);
    if (now !== round) return;
    found.set(`${tongue} all`, answer.faults);
    tell();
  }
}

async function look() {
  asked.abort();
  asked = new AbortController();
  round += 1;
  const now = round;
  const signal = asked.signal;
  const filled = content();
  const body = JSON.stringify({ template: form.elements.template.value, content: filled });
  // What was found in languages and at sizes that are not looked at any more is forgotten; the rest stays until there is an answer.
  const kept = new Set([...tiles.map((tile) => `${language()} ${size(tile)}`), ...Object.keys(filled.texts).map((tongue) => `${tongue} all`)]);
  for (const key of found.keys()) if (!kept.has(key) || key === `${language()} all`) found.delete(key);
  tiles.forEach(shape);
  const waiting = [...tiles];
  const hand = async () => {
    for (let tile = waiting.shift(); tile && now === round; tile = waiting.shift()) await paint(tile, body, now, signal);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, hand));
  if (now !== round) return;
  form.dataset.painted = String(now);
  await check(body, now, signal).catch(() => {});
  if (now === round) form.dataset.checked = String(now);
}

function soon() {
  clearTimeout(pause);
  pause = setTimeout(look, PAUSE);
}

function say(words, kind) {
  state.textContent = words;
  state.toggleAttribute("data-good", kind === "good");
  state.toggleAttribute("data-bad", kind === "bad");
}

// Beside each field what is wrong with it, each thing once, with the sizes where it is so.
function tell() {
  const told = new Map();
  const counts = new Map();
  for (const [key, faults] of found) {
    for (const fault of faults) {
      if (fault.empty && !sent && !touched.has(fault.field)) continue;
      const words = told.get(fault.field) ?? new Map();
      const places = words.get(fault.text) ?? new Set();
      if (fault.at) places.add(fault.at);
      words.set(fault.text, places);
      told.set(fault.field, words);
      const board = fault.at.replace(/\s×\s/, "x");
      counts.set(board, (counts.get(board) ?? new Set()).add(`${key.split(" ")[0]} ${fault.field}`));
    }
  }
  for (const place of form.querySelectorAll("[data-fault]")) {
    const words = told.get(place.dataset.fault);
    const lines = [...(words ?? [])].map(([text, places]) => (places.size ? `${[...places].join(", ")}: ${text}` : text));
    const text = lines.join(" ");
    if (place.textContent !== text) place.textContent = text;
    place.hidden = !text;
    for (const field of form.querySelectorAll(`[name="${CSS.escape(place.dataset.fault)}"]`)) {
      if (field.type !== "radio") field.toggleAttribute("aria-invalid", false);
      if (text && field.type !== "radio") field.setAttribute("aria-invalid", "true");
    }
  }
  for (const tile of tiles) {
    const here = counts.get(size(tile))?.size ?? 0;
    const count = tile.querySelector("[data-count]");
    count.hidden = !here;
    count.textContent = here ? `⚠ ${here}` : "";
  }
  const empty = [...found.values()].flat().some((fault) => fault.empty);
  if (told.size) say(form.dataset.faulty, "bad");
  else say(empty || !found.size ? "" : form.dataset.whole, "good");
}

form.addEventListener("input", (event) => {
  if (event.target.matches("[data-search], [data-file], #name")) return;
  soon();
});
form.addEventListener("focusout", (event) => {
  if (event.target.name && event.target.value === "") {
    touched.add(event.target.name);
    tell();
  }
});
// The pictures are in the language that is written in.
form.addEventListener("focusin", (event) => {
  const tongue = event.target.closest("[data-of]")?.dataset.of;
  if (!tongue || tongue === language()) return;
  form.elements.language.value = tongue;
  soon();
});
addEventListener("resize", () => tiles.forEach(sharpen));
form.addEventListener("submit", () => { sent = true; });

// Pictures: looked for in the library, or uploaded into it; the one that is chosen stays.
for (const field of form.querySelectorAll("[data-picture]")) {
  const name = field.dataset.picture;
  const offered = field.querySelector("[data-offered]");
  const said = field.querySelector("[data-said]");
  const search = field.querySelector("[data-search]");
  let wait = 0;
  const offer = async (chosen) => {
    const query = new URLSearchParams({ field: name, q: search.value, chosen });
    const answer = await fetch(`/slides/pictures?${query}`);
    if (answer.ok) offered.innerHTML = await answer.text();
  };
  search.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(() => offer(field.querySelector("[type=radio]:checked")?.value ?? ""), 250);
  });
  search.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  field.querySelector("[data-file]").addEventListener("change", async (event) => {
    const file = event.target.files[0];
    if (!file) return;
    said.className = "hint";
    said.textContent = form.dataset.uploading;
    const body = new FormData();
    body.append("file", file);
    try {
      const answer = await fetch("/slides/pictures", { method: "POST", headers: { "hx-request": "true" }, body });
      if (!answer.ok) throw new Error(answer.status === 422 ? await answer.text() : form.dataset.uploadFailed);
      const added = await answer.json();
      search.value = "";
      await offer(added.digest);
      said.textContent = added.name;
      event.target.value = "";
      soon();
    } catch (error) {
      said.className = "fault";
      said.textContent = error.message === "Failed to fetch" ? form.dataset.uploadFailed : error.message;
    }
  });
}

look();

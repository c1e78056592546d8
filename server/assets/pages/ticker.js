// Running text as boards show it: the strip that the server makes, moved by whole pixels, fifty times a second.

const form = document.querySelector("[data-ticker]");
const canvas = document.getElementById("look");
const size = document.getElementById("look-size");
const language = document.getElementById("look-language");
const fault = document.getElementById("look-fault");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const FRAME_MS = 20;
const PAUSE_MS = 150;

let strip = null;
let asked = null;
let timer = 0;
let began = 0;

async function ask() {
  asked?.abort();
  asked = new AbortController();
  const text = form.querySelector(`[data-language="${language.value}"]`).value;
  [canvas.width, canvas.height] = size.value.split("x").map(Number);
  fault.textContent = "";
  if (!text.trim()) {
    strip = null;
    return draw();
  }
  const fields = { text, language: language.value, geometry: size.value, ink: form.elements.ink.value, band: form.elements.has_band.checked ? form.elements.band.value : "" };
  try {
    const answer = await fetch("/tickers/preview", { method: "POST", body: new URLSearchParams(fields), signal: asked.signal });
    if (answer.ok) {
      strip = await createImageBitmap(await answer.blob());
      began = performance.now();
    } else {
      strip = null;
      fault.textContent = answer.status === 422 ? await answer.text() : "";
    }
  } catch (error) {
    if (error.name !== "AbortError") strip = null;
  }
  draw();
}

function draw() {
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#26323c";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  if (!strip) return;
  const step = Number(form.elements.pixels_a_frame.value) || 1;
  const moved = Math.floor((performance.now() - began) / FRAME_MS) * step;
  const left = still.matches ? 0 : canvas.width - (moved % (canvas.width + strip.width));
  pen.drawImage(strip, left, canvas.height - strip.height);
}

function run() {
  if (strip && !still.matches && !document.hidden) draw();
  requestAnimationFrame(run);
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE_MS);
}

form.addEventListener("input", (event) => {
  if (event.target.dataset.language && event.target.dataset.language !== language.value) language.value = event.target.dataset.language;
  later();
});
form.addEventListener("focusin", (event) => {
  if (event.target.dataset.language && event.target.dataset.language !== language.value) {
    language.value = event.target.dataset.language;
    later();
  }
});
ask();
requestAnimationFrame(run);

// Uploads that go on: each file by tus, in pieces that outlive a cut connection, a reload and a restart of the server.
// Without this script the form sends its files as forms do.

const form = document.querySelector("[data-upload]");
const list = form?.querySelector("[data-progress]");
const words = form?.dataset ?? {};
const zone = form?.querySelector("[data-drop]");

// Files on their way at a time; the others wait.
const AT_ONCE = 3;
// Waits between tries, in milliseconds: longer in all than the server needs to notice that a connection is dead.
const RETRIES = [0, 1000, 3000, 5000, 10000, 20000, 30000];

const waiting = [];
let running = 0;

// A line of the list: name, bar, what is said, and what can be done.
function line(name) {
  const item = document.createElement("li");
  const title = document.createElement("span");
  const bar = document.createElement("progress");
  const said = document.createElement("span");
  const acts = document.createElement("span");
  title.className = "file-name";
  title.textContent = name;
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", name);
  said.className = "soft";
  said.dataset.said = "";
  said.setAttribute("role", "status");
  acts.className = "acts";
  item.append(title, bar, said, acts);
  list.append(item);
  return { item, bar, said, acts };
}

function say(row, text, state) {
  row.said.textContent = text;
  row.said.className = state === "refused" ? "fault" : "soft";
  row.item.dataset.state = state;
}

function offer(row, label, name, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = label;
  button.setAttribute("aria-label", `${label}: ${name}`);
  button.addEventListener("click", act);
  row.acts.append(button);
}

const percent = (share) => words.percent.replace("{percent}", String(Math.floor(share * 100)));

// What the server says of a refusal, else that the connection is lost.
function reason(error) {
  try {
    return JSON.parse(error.originalResponse.getBody()).said || words.failed;
  } catch {
    return error.originalResponse ? words.failed : words.lost;
  }
}

function settle(row) {
  row.bar.value = 1;
  row.acts.replaceChildren();
  running -= 1;
  next();
}

// Asks what became of a file that is whole; the server answers when it knows.
async function outcome(row, url) {
  for (;;) {
    let told;
    try {
      const answer = await fetch(url, { headers: { Accept: "application/json" } });
      told = await answer.json();
      if (!answer.ok && answer.status < 500) told.state = "refused";
    } catch {
      await new Promise((done) => setTimeout(done, 2000));
      continue;
    }
    if (told.state === "added" || told.state === "refused") return told;
    await new Promise((done) => setTimeout(done, 300));
  }
}

function begin({ file, row, fit }) {
  running += 1;
  row.acts.replaceChildren();
  const upload = new window.tus.Upload(file, {
    endpoint: form.dataset.upload,
    retryDelays: RETRIES,
    removeFingerprintOnSuccess: true,
    metadata: { filename: file.name, fit },
    onShouldRetry: (error) => {
      const status = error.originalResponse?.getStatus() ?? 0;
      const again = status === 0 || status === 408 || status === 409 || status === 423 || (status >= 500 && status !== 507);
      if (again) say(row, words.waits, "waits");
      return again;
    },
    onProgress: (sent, all) => {
      row.bar.value = all ? sent / all : 0;
      say(row, percent(all ? sent / all : 0), "sends");
    },
    onError: (error) => {
      say(row, reason(error), "refused");
      settle(row);
      const status = error.originalResponse?.getStatus() ?? 0;
      if (status === 0 || status >= 429) {
        const again = () => { row.acts.replaceChildren(); say(row, words.queued, "queued"); waiting.push({ file, row, fit }); next(); };
        offer(row, words.again, file.name, again);
      }
    },
    onSuccess: async () => {
      row.acts.replaceChildren();
      row.bar.value = 1;
      say(row, words.looks, "looks");
      const told = await outcome(row, upload.url);
      say(row, told.said, told.state);
      if (told.state === "added") show();
      settle(row);
    },
  });
  offer(row, words.cancel, file.name, async () => {
    row.acts.replaceChildren();
    await upload.abort(true).catch(() => {});
    say(row, words.cancelled, "cancelled");
    row.bar.remove();
    running -= 1;
    next();
  });
  upload.findPreviousUploads().then((before) => {
    const last = before.sort((one, other) => Date.parse(other.creationTime) - Date.parse(one.creationTime))[0];
    if (last) {
      upload.resumeFromPreviousUpload(last);
      list.querySelector(`[data-unfinished="${CSS.escape(last.uploadUrl.split("/").pop())}"]`)?.remove();
    }
    upload.start();
  });
}

function next() {
  while (running < AT_ONCE && waiting.length) begin(waiting.shift());
}

// What was added comes into the library below, a moment later, so that many at once are one change.
let refresh = 0;
function show() {
  clearTimeout(refresh);
  refresh = setTimeout(() => {
    if (document.querySelector("#library")) window.htmx.ajax("GET", location.href, { target: "#library", select: "#library", swap: "outerHTML" });
  }, 400);
}

function take(files) {
  const chosen = [...files];
  if (!chosen.length) return;
  for (const file of chosen) {
    const row = line(file.name);
    const one = { file, row, fit: form.elements.fit.value };
    say(row, words.queued, "queued");
    offer(row, words.cancel, file.name, () => {
      waiting.splice(waiting.indexOf(one), 1);
      row.acts.replaceChildren();
      row.bar.remove();
      say(row, words.cancelled, "cancelled");
    });
    waiting.push(one);
  }
  next();
}

// What was under way before this page was opened: the browser no longer has the file, so it must be chosen once more.
async function unfinished() {
  const answer = await fetch(form.dataset.upload, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  for (const told of await answer.json()) {
    const row = line(told.name);
    row.item.dataset.unfinished = told.id;
    row.bar.value = told.size_bytes ? told.offset / told.size_bytes : 0;
    say(row, words.unfinished, "unfinished");
    offer(row, words.cancel, told.name, async () => {
      row.acts.replaceChildren();
      const gone = await fetch(`${form.dataset.upload}/${told.id}`, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0" } });
      if (gone.ok || gone.status === 404) row.item.remove();
      else say(row, words.failed, "refused");
    });
  }
}

if (form && window.tus?.isSupported) {
  form.dataset.ready = "true";
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take(form.elements.file.files);
    form.elements.file.value = "";
  });
  form.elements.file.addEventListener("change", () => form.requestSubmit());
  // A file that misses the zone must not open in place of the page.
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => event.preventDefault());
  let within = 0;
  zone.addEventListener("dragenter", () => { within += 1; zone.classList.add("over"); });
  zone.addEventListener("dragleave", () => { within -= 1; if (within <= 0) { within = 0; zone.classList.remove("over"); } });
  zone.addEventListener("drop", (event) => {
    within = 0;
    zone.classList.remove("over");
    take(event.dataTransfer.files);
  });
  addEventListener("beforeunload", (event) => { if (running > 0) event.preventDefault(); });
  unfinished().catch(() => {});
  // Files that were chosen before this script was there.
  if (form.elements.file.files.length) form.requestSubmit();
}

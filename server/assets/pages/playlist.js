// Entries of a playlist are dragged by their grips, by mouse, pen or finger; with the keyboard the arrows beside them move them.

let dragged = null;
let moved = false;

function over(y) {
  for (const line of dragged.parentElement.children) {
    if (line === dragged) continue;
    const box = line.getBoundingClientRect();
    if (y >= box.top && y < box.bottom) return [line, y > box.top + box.height / 2];
  }
  return [null, false];
}

document.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest("[data-grip]");
  if (!grip || event.button !== 0) return;
  event.preventDefault();
  dragged = grip.closest(".entry");
  moved = false;
  dragged.classList.add("dragged");
  grip.setPointerCapture(event.pointerId);
});

document.addEventListener("pointermove", (event) => {
  if (!dragged) return;
  const [line, after] = over(event.clientY);
  if (!line) return;
  const place = after ? line.nextElementSibling : line;
  if (place === dragged || place === dragged.nextElementSibling) return;
  line.parentElement.insertBefore(dragged, place);
  moved = true;
});

function drop() {
  if (!dragged) return;
  dragged.classList.remove("dragged");
  dragged = null;
  // The server numbers the entries anew; nothing is saved yet.
  if (moved) document.querySelector("[data-look]").click();
}

document.addEventListener("pointerup", drop);
document.addEventListener("pointercancel", drop);

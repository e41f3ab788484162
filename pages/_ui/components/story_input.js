// Input: pointer and keys. Handlers change the state through the few verbs of a `story` (see `story.js`).

const DRAG_THRESHOLD = 4; // pixels of the screen; a shorter way is a click
const EDGE = 30; // pixels from the board's edge where a drag scrolls it
const WAYS = { ArrowUp: -1, ArrowDown: 1 };

/** Place of the row under an event, or null. */
function placeOf(event, story) {
  const row = event.target.closest?.(".sentence");
  return row ? [...story.list.children].indexOf(row) : null;
}

function arcOf(event) {
  const arc = event.target.closest?.("[data-arc]");
  return arc ? arc.getAttribute("data-arc").split(",").map(Number) : null;
}

function nodeAt(place, story) {
  return place === null ? null : (story.lines()[place]?.node ?? null);
}

// Pointer

function onPointerDown(event, story) {
  if (event.button !== 0 || !event.isPrimary || event.target.closest("button")) return;
  const place = placeOf(event, story);
  story.press = { pointer: event.pointerId, place, pair: arcOf(event), y: event.clientY, moved: false };
}

function onPointerMove(event, story) {
  const { press } = story;
  if (press && press.pointer === event.pointerId && event.buttons === 0) onPointerCancel(event, story); // released outside
  else if (press && press.pointer === event.pointerId && press.place !== null) dragOn(event, story);
  else if (arcOf(event)) story.keepHover();
  else story.hover(nodeAt(placeOf(event, story), story));
}

function dragOn(event, story) {
  const { press } = story;
  if (!story.data.editable) return;
  if (!press.moved && Math.abs(event.clientY - press.y) > DRAG_THRESHOLD) {
    press.moved = true;
    story.list.setPointerCapture(event.pointerId);
    story.root.classList.add("dragging");
  }
  if (!press.moved) return;
  scrollAlong(event.clientY, story);
  story.setDraft({ from: press.place, to: placeUnder(event.clientY, story) });
}

/** The place whose row lies under a height on the screen; rows of a story are about as high as each other. */
function placeUnder(y, story) {
  const rows = [...story.list.children];
  const found = rows.findIndex((row) => y < row.getBoundingClientRect().bottom);
  return found < 0 ? rows.length - 1 : found;
}

function scrollAlong(y, story) {
  const { top, bottom } = story.board.getBoundingClientRect();
  if (y < top + EDGE) story.board.scrollTop -= EDGE / 3;
  else if (y > bottom - EDGE) story.board.scrollTop += EDGE / 3;
}

function onPointerUp(event, story) {
  const { press } = story;
  if (!press || press.pointer !== event.pointerId) return;
  endPress(story);
  if (press.moved) story.commitDraft();
  else if (press.pair) story.togglePin(press.pair);
  else if (press.place !== null) story.clickLine(press.place);
}

function onPointerCancel(event, story) {
  if (story.press?.pointer !== event.pointerId) return;
  endPress(story);
  story.setDraft(null);
}

function endPress(story) {
  story.press = null;
  story.root.classList.remove("dragging");
}

/** A finger on the handle drags its sentence, anywhere else it scrolls the page. */
function onTouchStart(event, story) {
  if (story.data.editable && event.target.closest?.(".handle")) event.preventDefault();
}

function onClick(event, story) {
  const button = event.target.closest("button[data-act]");
  if (!button) return;
  const place = placeOf(event, story);
  const act = button.getAttribute("data-act");
  if (act === "drop") story.toggleLine(place);
  else story.moveLine(place, place + (act === "up" ? -1 : 1));
}

// Keys

function onKeyDown(event, story) {
  if (event.ctrlKey || event.metaKey) return;
  const place = event.target.matches?.(".sentence") ? placeOf(event, story) : null;
  const done = event.key === "Escape" ? story.escape() : place !== null && pressOn(place, event, story);
  if (!done) return;
  event.preventDefault();
  event.stopPropagation();
}

/** Handle a key on a row; true if the key meant something there. */
function pressOn(place, event, story) {
  const way = WAYS[event.key];
  const { editable } = story.data;
  if (way && event.altKey) {
    if (editable) story.moveLine(place, place + way);
  } else if (way) story.focusLine(place + way);
  else if (event.altKey) return false;
  else if (event.key === "Enter" || event.key === " ") story.clickLine(place);
  else if ((event.key === "Delete" || event.key === "Backspace") && editable) story.toggleLine(place);
  else return false;
  return true;
}

function onFocusIn(event, story) {
  const place = placeOf(event, story);
  if (place !== null) story.setCurrent(place, event.target.matches(":focus-visible"));
}

/** Attach every listener once; `signal` takes them all off again. */
function listen(story, signal) {
  const on = (target, type, handler) =>
    target.addEventListener(type, (event) => handler(event, story), { signal, passive: false });
  on(story.board, "pointerdown", onPointerDown);
  on(story.board, "pointermove", onPointerMove);
  on(story.board, "pointerup", onPointerUp);
  on(story.board, "pointercancel", onPointerCancel);
  on(story.board, "pointerleave", () => story.press === null && story.hover(null));
  on(story.board, "touchstart", onTouchStart);
  on(story.list, "click", onClick);
  on(story.root, "keydown", onKeyDown);
  on(story.list, "focusin", onFocusIn);
  on(story.list, "focusout", () => story.focus(null));
  on(story.unpinButton, "click", () => story.unpin());
  const watching = new ResizeObserver(() => story.data !== null && story.draw());
  watching.observe(story.board);
  signal.addEventListener("abort", () => watching.disconnect());
}

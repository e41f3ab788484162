// Input: pointer and keys. Handlers change the state through the few verbs of a `table` (see `table.js`).

const DRAG_THRESHOLD = 3; // pixels of the screen; a shorter way is a click
const REACH = 1.7; // radii within which a pointer meets a ball; balls move
const KEY_PAUSE = 500; // milliseconds after the last arrow key before the pull is sent
const STEPS = { plain: 0.02, shift: 0.1 }; // of half the table
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** Metres under a pointer. */
function metresOf(event, { top, data }) {
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(top.getScreenCTM().inverse());
  return [(point.x * data.halfSide) / HALF, (-point.y * data.halfSide) / HALF];
}

/** The ball that is nearest to a place and within reach of it, or null. */
function ballNear([x, y], table) {
  const away = table.places().map(([ballX, ballY]) => Math.hypot(ballX - x, ballY - y));
  const nearest = away.indexOf(Math.min(...away));
  return away[nearest] <= REACH * table.data.radius ? nearest : null;
}

function ballOf(element) {
  const ball = element.closest?.("[data-ball]")?.getAttribute("data-ball");
  return ball === undefined ? null : Number(ball);
}

// Pointer on the table

function onPointerDown(event, table) {
  if (event.button !== 0 || !event.isPrimary) return;
  const place = metresOf(event, table);
  const ball = ballNear(place, table);
  if (ball === null) return;
  table.hover(ball);
  if (!table.canPull()) return;
  const [x, y] = table.places()[ball];
  table.press = { pointer: event.pointerId, ball, offset: [x - place[0], y - place[1]], x: event.clientX, y: event.clientY };
  table.press.moved = false;
  table.hold();
}

function onPointerMove(event, table) {
  const { press } = table;
  if (press === null) table.hover(ballNear(metresOf(event, table), table));
  else if (press.pointer === event.pointerId && event.buttons === 0) onPointerCancel(event, table); // released outside
  else if (press.pointer === event.pointerId) dragOn(event, table);
}

function dragOn(event, table) {
  const { press } = table;
  if (!press.moved && Math.hypot(event.clientX - press.x, event.clientY - press.y) > DRAG_THRESHOLD) {
    press.moved = true;
    table.top.setPointerCapture(event.pointerId);
    table.root.classList.add("dragging");
  }
  if (!press.moved) return;
  const [x, y] = metresOf(event, table);
  table.pull(press.ball, [x + press.offset[0], y + press.offset[1]]);
}

function onPointerUp(event, table) {
  if (table.press?.pointer !== event.pointerId) return;
  endPress(table);
  table.release();
}

function onPointerCancel(event, table) {
  if (table.press?.pointer !== event.pointerId) return;
  endPress(table);
  table.dropDraft();
}

function endPress(table) {
  table.press = null;
  table.root.classList.remove("dragging");
}

/** A finger on a ball pulls it, anywhere else it scrolls the page. */
function onTouchStart(event, table) {
  const [touch] = event.changedTouches;
  if (table.canPull() && ballNear(metresOf(touch, table), table) !== null) event.preventDefault();
}

// Pointer on the matrix

/** The cell [i, j] under an event, or null. */
function cellOf(event) {
  const cell = event.target.closest?.("[data-cell]")?.getAttribute("data-cell");
  return cell ? cell.split(",").map(Number) : null;
}

function onMatrixMove(event, table) {
  const head = event.target.closest?.("[data-head]")?.getAttribute("data-head");
  table.pointAtCell(cellOf(event));
  table.hover(head ? Number(head) : null);
}

function onMatrixClick(event, table) {
  const cell = cellOf(event);
  if (cell !== null) table.ask(cell);
}

// Keys

function onKeyDown(event, table) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isHandled = pressKey(event, ballOf(event.target), table);
  if (!isHandled) return;
  event.preventDefault();
  event.stopPropagation();
}

/** Handle a key; true if it meant something where it was pressed. The slider knows its arrows itself. */
function pressKey(event, ball, table) {
  const arrow = ARROWS[event.key];
  if (event.key === "Escape") return table.escape();
  if (event.key === " " && event.target.tagName !== "BUTTON") table.togglePlay();
  else if (arrow && ball !== null && table.canPull()) step(ball, arrow, event.shiftKey, table);
  else if (arrow && event.target === table.top) table.seek(table.clock.frame() + arrow[0] + arrow[1]);
  else return false;
  return true;
}

function step(ball, [dx, dy], isFar, table) {
  const size = table.data.halfSide * (isFar ? STEPS.shift : STEPS.plain);
  table.hold();
  const [x, y] = table.places()[ball];
  table.pull(ball, [x + dx * size, y + dy * size]);
  table.after("release", KEY_PAUSE, () => table.release());
}

function onFocusIn(event, table) {
  const ball = ballOf(event.target);
  if (ball !== null && event.target.matches(":focus-visible")) table.focus(ball);
}

function onFocusOut(event, table) {
  if (ballOf(event.target) === null) return;
  if (table.press === null) table.release();
  table.focus(null);
}

/** Attach every listener once; `signal` takes them all off again. */
function listen(table, signal) {
  const on = (target, type, handler) =>
    target.addEventListener(type, (event) => handler(event, table), { signal, passive: false });
  on(table.top, "pointerdown", onPointerDown);
  on(table.top, "pointermove", onPointerMove);
  on(table.top, "pointerup", onPointerUp);
  on(table.top, "pointercancel", onPointerCancel);
  on(table.top, "pointerleave", (event) => table.press === null && event.pointerType === "mouse" && table.hover(null));
  on(table.top, "touchstart", onTouchStart);
  on(table.top, "focusin", onFocusIn);
  on(table.top, "focusout", onFocusOut);
  on(table.matrix, "pointermove", onMatrixMove);
  on(table.matrix, "click", onMatrixClick);
  on(table.matrix, "pointerleave", () => table.pointAtCell(null));
  on(table.matrix, "pointerleave", () => table.hover(null));
  on(table.root, "keydown", onKeyDown);
  on(table.playButton, "click", () => table.togglePlay());
  on(table.springsButton, "click", () => table.toggleSprings());
  on(table.scrubber, "input", () => table.seek(Number(table.scrubber.value)));
}

// What pointer and keys do to a table, through the few verbs that it has (see `table.js`).

import { ARROWS, Gestures, pointOf } from "../gestures.js";
import { fromStage, nearestWithin } from "./geometry.js";

const REACH = 1.7; // radii within which a pointer meets a ball; balls move
const KEY_PAUSE = 500; // milliseconds after the last arrow key before the pull is sent
const STEPS = { plain: 0.02, shift: 0.1 }; // of half the table

/** Metres under a pointer. */
function metresOf(event, { top, data }) {
  return fromStage(pointOf(event, top), data);
}

/** The ball that is nearest to a place and within reach of it, or null. */
function ballNear(place, table) {
  return nearestWithin(place, table.places(), REACH * table.data.radius);
}

export function ballOf(element) {
  const ball = element.closest?.("[data-ball]")?.getAttribute("data-ball");
  return ball === undefined ? null : Number(ball);
}

export class TableGestures extends Gestures {
  press(event) {
    const table = this.picture;
    const place = metresOf(event, table);
    const ball = ballNear(place, table);
    if (ball === null) return null;
    table.hover(ball);
    if (!table.canPull()) return null;
    const [x, y] = table.places()[ball];
    table.hold();
    return { ball, offset: [x - place[0], y - place[1]] };
  }

  hover(event) {
    const table = this.picture;
    if (table.press === null) table.hover(ballNear(metresOf(event, table), table));
  }

  leave(event) {
    if (event.pointerType === "mouse") this.picture.hover(null);
  }

  grab(event) {
    this.capture(event);
  }

  drag(event, press) {
    const [x, y] = metresOf(event, this.picture);
    this.picture.pull(press.ball, [x + press.offset[0], y + press.offset[1]]);
  }

  drop() {
    this.picture.release();
  }

  click() {
    this.picture.release();
  }

  cancel() {
    this.picture.dropDraft();
  }

  /** A finger on a ball pulls it. */
  holdsFinger(event) {
    const table = this.picture;
    const [touch] = event.changedTouches;
    return table.canPull() && ballNear(metresOf(touch, table), table) !== null;
  }

  /** The slider knows its arrows itself. */
  key(event) {
    const table = this.picture;
    const ball = ballOf(event.target);
    const arrow = ARROWS[event.key];
    if (event.key === " " && event.target.tagName !== "BUTTON") table.togglePlay();
    else if (arrow && ball !== null && table.canPull()) step(ball, arrow, event.shiftKey, table);
    else if (arrow && event.target === table.top) table.seek(table.clock.frame() + arrow[0] - arrow[1]);
    else return false;
    return true;
  }

  listen(signal) {
    const table = this.picture;
    const on = super.listen(signal);
    on(table.top, "focusin", (event) => onFocusIn(event, table));
    on(table.top, "focusout", (event) => onFocusOut(event, table));
    on(table.matrix, "pointermove", (event) => onMatrixMove(event, table));
    on(table.matrix, "click", (event) => onMatrixClick(event, table));
    on(table.matrix, "pointerleave", () => table.pointAtCell(null));
    on(table.matrix, "pointerleave", () => table.hover(null));
    on(table.playButton, "click", () => table.togglePlay());
    on(table.springsButton, "click", () => table.toggleSprings());
    on(table.scrubber, "input", () => table.seek(Number(table.scrubber.value)));
    return on;
  }
}

/** The cell [i, j] of the matrix under an event, or null. */
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

/** Pull a ball by a key: places go up where the screen goes down. */
function step(ball, [dx, dy], isFar, table) {
  const size = table.data.halfSide * (isFar ? STEPS.shift : STEPS.plain);
  table.hold();
  const [x, y] = table.places()[ball];
  table.pull(ball, [x + dx * size, y - dy * size]);
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

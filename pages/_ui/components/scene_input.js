// Input: pointer and keys. Handlers change the state through the few verbs of a `scene` (see `scene.js`).

const DRAG_THRESHOLD = 3; // pixels of the screen; a shorter way is a click
const DOUBLE_CLICK = 400; // milliseconds
const KEY_PAUSE = 400; // milliseconds after the last arrow key before the move is sent
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Image pixels under a pointer. */
function pointOf(event, stage) {
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(stage.getScreenCTM().inverse());
  return { x: point.x, y: point.y };
}

function idOf(event) {
  return event.target.closest?.("[data-object]")?.getAttribute("data-object") ?? null;
}

/** Number of the node under a pointer, or null. An object among cells stands for the cell that is hit. */
function nodeOf(event, scene) {
  const { data, stage } = scene;
  const node = event.target.closest?.("[data-node]");
  if (node) return Number(node.getAttribute("data-node"));
  return data.mode === "cells" ? cellAt(pointOf(event, stage), data) : null;
}

/** The node that a focused element stands for. */
function nodeOfElement(element, scene) {
  const node = element.getAttribute("data-node");
  if (node !== null) return Number(node);
  const thing = scene.objects().find(({ id }) => id === element.getAttribute("data-object"));
  return thing ? cellAt(thing, scene.data) : null;
}

function pairOf(event) {
  const arc = event.target.closest?.("[data-arc]");
  return arc ? arc.getAttribute("data-arc").split(",").map(Number) : null;
}

// Pointer

function onPointerDown(event, scene) {
  if (event.button !== 0 || !event.isPrimary) return;
  const id = idOf(event);
  const press = { pointer: event.pointerId, id, node: nodeOf(event, scene), pair: pairOf(event), moved: false };
  press.screen = { x: event.clientX, y: event.clientY };
  if (id !== null) {
    const thing = scene.objects().find((other) => other.id === id);
    const point = pointOf(event, scene.stage);
    press.offset = { x: thing.x - point.x, y: thing.y - point.y };
  }
  scene.press = press;
  scene.hover(press.pair ? scene.hovered : press.node);
}

function onPointerMove(event, scene) {
  const { press } = scene;
  if (press && press.pointer === event.pointerId && event.buttons === 0) onPointerCancel(event, scene); // released outside
  else if (press && press.pointer === event.pointerId) {
    const way = Math.hypot(event.clientX - press.screen.x, event.clientY - press.screen.y);
    if (!press.moved && way > DRAG_THRESHOLD) startDrag(event, scene);
    if (press.moved && press.id !== null && scene.data.editable) dragTo(event, scene);
  } else if (pairOf(event) && scene.hovered !== null) scene.keepHover();
  else scene.hover(nodeOf(event, scene));
}

function startDrag(event, scene) {
  const { press, data } = scene;
  press.moved = true;
  if (press.id === null || !data.editable) return;
  scene.commitDraft();
  scene.stage.setPointerCapture(event.pointerId);
  scene.root.classList.add("dragging");
  if (data.mode === "objects") scene.hover(press.node);
}

function dragTo(event, scene) {
  const { press, data } = scene;
  const point = pointOf(event, scene.stage);
  scene.setDraft({ id: press.id, ...toGround({ x: point.x + press.offset.x, y: point.y + press.offset.y }, data) });
}

function onPointerUp(event, scene) {
  const { press } = scene;
  if (!press || press.pointer !== event.pointerId) return;
  scene.press = null;
  scene.root.classList.remove("dragging");
  if (press.moved) scene.commitDraft();
  else if (press.pair) scene.togglePin(press.pair);
  else clickNode(press, event.timeStamp, scene); // the hand's time, however late the page gets to it
}

function onPointerCancel(event, scene) {
  if (scene.press?.pointer !== event.pointerId) return;
  scene.press = null;
  scene.root.classList.remove("dragging");
  scene.dropDraft();
}

/** One click picks or pins, a second one soon after on the same object changes its shape. */
function clickNode({ id, node }, now, scene) {
  const last = scene.lastClick;
  const isDouble = id !== null && last?.id === id && now - last.time < DOUBLE_CLICK;
  scene.lastClick = isDouble ? null : { id, time: now };
  if (isDouble && scene.data.toggles) scene.toggle(id);
  else if (node === null) scene.pick(null);
  else scene.pickOrPin(node);
}

/** A finger on an object drags it, anywhere else it scrolls the page. Chromium heeds no touch-action in an SVG group. */
function onTouchStart(event, scene) {
  if (scene.data.editable && idOf(event) !== null) event.preventDefault();
}

// Keys

function onKeyDown(event, scene) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const element = event.target.closest?.("[data-object], [data-node]");
  const done = event.key === "Escape" ? scene.escape() : element !== null && pressOn(element, event, scene);
  if (done) {
    event.preventDefault();
    event.stopPropagation();
  }
}

/** Handle a key on an object, a cell or the ground; true if the key meant something there. */
function pressOn(element, event, scene) {
  const id = element.getAttribute("data-object");
  const arrow = ARROWS[event.key];
  if (event.key === "Enter" || event.key === " ") {
    scene.pickOrPin(nodeOfElement(element, scene));
    return true;
  }
  if (arrow && id === null) return focusNextCell(element, arrow, scene);
  if (id === null || !scene.data.editable) return false;
  if (arrow) step(id, arrow, event.shiftKey ? 5 : 1, scene);
  else if (scene.data.toggles && (event.key === "s" || event.key === "S")) scene.toggle(id);
  else return false;
  return true;
}

/** Move an object by keys. A step onto another object is refused, so nothing has to snap back later. */
function step(id, [dx, dy], size, scene) {
  const { data } = scene;
  const objects = scene.objects();
  const thing = objects.find((other) => other.id === id);
  const moved = { id, ...toGround({ x: thing.x + dx * size, y: thing.y + dy * size }, data) };
  const touched = touchedBy(moved, objects, data.spacing);
  if (touched.length > 0) {
    scene.say(sentenceOfTouch(thing, touched, "go round it", data), true);
    return;
  }
  if (moved.x === thing.x && moved.y === thing.y) {
    scene.say(`The ${thing.name} object is at the edge of the image.`, true);
    return;
  }
  scene.setDraft(moved);
  scene.say(`${thing.name}: ${describePlace(moved, data)}`);
  scene.commitDraftAfter(KEY_PAUSE);
}

function sentenceOfTouch(thing, touched, ending, { refusal }) {
  const names = touched.map((other) => other.name).join(" and the ");
  return `The ${thing.name} object would ${refusal.verb} the ${names} one here, and ${refusal.rule}; ${ending}.`;
}

/** Arrow keys walk over the cells, which are one stop of the Tab order together. */
function focusNextCell(element, [dx, dy], scene) {
  const { data } = scene;
  const node = Number(element.getAttribute("data-node"));
  if (data.nodes[node].kind !== "cell") return false;
  const column = clamp((node % data.grid) + dx, 0, data.grid - 1);
  const row = clamp(Math.floor(node / data.grid) + dy, 0, data.grid - 1);
  const next = scene.elements.nodes.get(row * data.grid + column);
  element.setAttribute("tabindex", -1);
  next.setAttribute("tabindex", 0);
  next.focus();
  return true;
}

function onFocusIn(event, scene) {
  const element = event.target.closest?.("[data-object], [data-node]");
  if (element && element.matches(":focus-visible")) scene.focus(nodeOfElement(element, scene));
}

function onFocusOut(event, scene) {
  scene.commitDraftNow(event.target.getAttribute?.("data-object") ?? null);
  scene.focus(null);
}

/** Attach every listener once; `signal` takes them all off again. */
function listen(scene, signal) {
  const on = (target, type, handler) =>
    target.addEventListener(type, (event) => handler(event, scene), { signal, passive: false });
  on(scene.stage, "pointerdown", onPointerDown);
  on(scene.stage, "pointermove", onPointerMove);
  on(scene.stage, "pointerup", onPointerUp);
  on(scene.stage, "pointercancel", onPointerCancel);
  on(scene.stage, "pointerleave", () => scene.press === null && scene.hover(null));
  on(scene.root, "keydown", onKeyDown);
  on(scene.stage, "touchstart", onTouchStart);
  on(scene.stage, "focusin", onFocusIn);
  on(scene.stage, "focusout", onFocusOut);
  on(scene.unpinButton, "click", () => scene.unpin());
}

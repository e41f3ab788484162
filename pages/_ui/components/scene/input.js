// What pointer and keys do to a scene, through the few verbs that it has (see `scene.js`).

import { ARROWS, Gestures, pairOf, pointOf } from "../gestures.js";
import { clamp } from "../numbers.js";
import { cellAt, describePlace, toGround } from "./geometry.js";
import { touchedBy } from "./zones.js";

const DOUBLE_CLICK = 400; // milliseconds
const KEY_PAUSE = 400; // milliseconds after the last arrow key before the move is sent

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

export class SceneGestures extends Gestures {
  press(event) {
    const scene = this.picture;
    const id = idOf(event);
    const press = { id, node: nodeOf(event, scene), pair: pairOf(event) };
    if (id !== null) {
      const thing = scene.objects().find((other) => other.id === id);
      const point = pointOf(event, scene.stage);
      press.offset = { x: thing.x - point.x, y: thing.y - point.y };
    }
    scene.hover(press.pair ? scene.hovered : press.node);
    return press;
  }

  hover(event) {
    const scene = this.picture;
    if (pairOf(event) && scene.hovered !== null) scene.keepHover();
    else scene.hover(nodeOf(event, scene));
  }

  leave() {
    this.picture.hover(null);
  }

  /** A press on the ground goes far too, and is no click then, but nothing comes along. */
  grab(event, press) {
    const scene = this.picture;
    if (!this.isMove(press)) return;
    scene.commitDraft();
    this.capture(event);
    if (scene.data.mode === "objects") scene.hover(press.node);
  }

  drag(event, press) {
    if (!this.isMove(press)) return;
    const { data, stage } = this.picture;
    const point = pointOf(event, stage);
    const place = toGround({ x: point.x + press.offset.x, y: point.y + press.offset.y }, data);
    this.picture.setDraft({ id: press.id, ...place });
  }

  isMove({ id }) {
    return id !== null && this.picture.data.editable;
  }

  drop() {
    this.picture.commitDraft();
  }

  click(event, press) {
    if (press.pair) this.picture.togglePin(press.pair);
    else this.clickNode(press, event.timeStamp); // the hand's time, however late the page gets to it
  }

  /** One click picks or pins, a second one soon after on the same object changes its shape. */
  clickNode({ id, node }, now) {
    const scene = this.picture;
    const last = scene.lastClick;
    const isDouble = id !== null && last?.id === id && now - last.time < DOUBLE_CLICK;
    scene.lastClick = isDouble ? null : { id, time: now };
    if (isDouble && scene.data.toggles) scene.toggle(id);
    else if (node === null) scene.pick(null);
    else scene.pickOrPin(node);
  }

  cancel() {
    this.picture.dropDraft();
  }

  /** A finger on an object drags it. */
  holdsFinger(event) {
    return this.picture.data.editable && idOf(event) !== null;
  }

  key(event) {
    const element = event.target.closest?.("[data-object], [data-node]");
    return element !== null && pressKeyOn(element, event, this.picture);
  }

  listen(signal) {
    const scene = this.picture;
    const on = super.listen(signal);
    on(scene.stage, "focusin", (event) => onFocusIn(event, scene));
    on(scene.stage, "focusout", (event) => onFocusOut(event, scene));
    on(scene.unpinButton, "click", () => scene.unpin());
    return on;
  }
}

/** Handle a key on an object, a cell or the ground; true if the key meant something there. */
function pressKeyOn(element, event, scene) {
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

/** Move an object by keys: never onto another object, but beyond where a dropped one would find a free place, too. */
function step(id, [dx, dy], size, scene) {
  const { data } = scene;
  const objects = scene.objects();
  const thing = objects.find((other) => other.id === id);
  const after = (way) => ({ id, ...toGround({ x: thing.x + dx * way, y: thing.y + dy * way }, data) });
  const touched = touchedBy(after(size), objects, data.spacing);
  let way = size;
  while (data.spacing.snaps && way < data.width && touchedBy(after(way), objects, data.spacing).length > 0) way += 1;
  const moved = after(way);
  if (touchedBy(moved, objects, data.spacing).length > 0) {
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

export function sentenceOfTouch(thing, touched, ending, { refusal }) {
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

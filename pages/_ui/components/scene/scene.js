// The scene: its state, what is sent to the page, and the entry that Streamlit calls with new data.

import { mount } from "../channel.js";
import { PairPicture } from "../pair_picture.js";
import { buildNode, buildObject, buildStage, drawScene, placeNodes } from "./drawing.js";
import { describePlace, touchedBy } from "./geometry.js";
import { SceneGestures, sentenceOfTouch } from "./input.js";

/** Say an edit as the change it makes to the objects, so that it shows before the page has answered. */
export function applyEvent(objects, event) {
  const other = { square: "circle", circle: "square" };
  return objects.map((thing) => {
    if (thing.id !== event.id) return thing;
    return event.kind === "move" ? { ...thing, x: event.x, y: event.y } : { ...thing, shape: other[thing.shape] };
  });
}

class Scene extends PairPicture {
  constructor(root) {
    super(root);
    this.stage = root.querySelector(".stage");
    this.draft = null; // move that is not sent yet: {id, x, y}
    this.lastClick = null;
  }

  listen(signal) {
    new SceneGestures(this, this.stage).listen(signal);
  }

  // Data

  update(data, send) {
    const before = this.data;
    this.take(data, send);
    if (this.needsNewStage(before)) this.buildStage();
    this.stage.querySelector(".picture")?.setAttribute("href", data.image);
    this.describe();
    this.draw();
    if (before === null || this.isHint) this.hint(); // results and refusals stay until the next thing is done
  }

  /** Whether other nodes or objects exist now than the elements were made for. */
  needsNewStage(before) {
    const frame = ({ mode, nodes, objects }) => JSON.stringify([mode, nodes, objects.map(({ id }) => id)]);
    const size = ({ width, height, image }) => `${width} ${height} ${image !== ""}`;
    return before === null || frame(before) !== frame(this.data) || size(before) !== size(this.data);
  }

  buildStage() {
    const { data } = this;
    this.layers = buildStage(this.stage, data);
    this.elements = { objects: new Map(), nodes: new Map() };
    data.nodes.forEach((node, k) => {
      if (node.kind !== "object") this.elements.nodes.set(k, buildNode(placeNodes(data, data.objects)[k], k));
    });
    for (const { id } of data.objects) this.elements.objects.set(id, buildObject(id));
    this.layers.nodes.append(...this.elements.nodes.values());
    this.layers.objects.append(...this.elements.objects.values());
    this.hovered = this.focused = this.picked = this.press = this.draft = null;
  }

  describe() {
    super.describe();
    const { data, root } = this;
    root.classList.toggle("pictured", data.image !== "");
    root.style.setProperty("--aspect", data.width / data.height);
    this.stage.setAttribute("aria-label", data.alt);
  }

  objects() {
    const edits = [...this.pending(), ...(this.draft ? [{ kind: "move", ...this.draft }] : [])];
    return edits.reduce(applyEvent, this.data.objects);
  }

  draw() {
    const objects = this.objects();
    const moved = this.draft && objects.find(({ id }) => id === this.draft.id);
    const touched = moved ? touchedBy(moved, objects, this.data.spacing) : [];
    const overlapping = new Set(touched.length > 0 ? [moved, ...touched].map(({ id }) => id) : []);
    const isEdited = this.draft !== null || this.pending().some(({ kind }) => kind === "move" || kind === "toggle");
    this.unpinButton.hidden = this.pinned() === null;
    this.root.setAttribute("aria-busy", this.channel.isBusy());
    const { data, picked } = this;
    const view = { data, objects, active: this.active(), picked, pinned: this.pinned(), overlapping, stale: isEdited };
    drawScene(this.stage, this.layers, this.elements, view);
  }

  /** Escape undoes the innermost thing: a drag, a pick, a pin. True if there was one. */
  stepBack() {
    if (this.draft !== null) this.dropDraft();
    else if (this.picked !== null) this.pick(null);
    else if (this.pinned() !== null) this.unpin();
    else return false;
    return true;
  }

  // Edits

  toggle(id) {
    this.commitDraft();
    this.picked = null;
    this.submit({ kind: "toggle", id });
    const { name, shape } = this.objects().find((thing) => thing.id === id);
    this.say(`The ${name} object is a ${shape} now.`);
  }

  setDraft(draft) {
    this.draft = draft;
    this.draw();
  }

  dropDraft() {
    clearTimeout(this.timers.draft);
    this.draft = null;
    this.draw();
    this.hint();
  }

  commitDraftAfter(milliseconds) {
    this.after("draft", milliseconds, () => this.commitDraft());
  }

  commitDraftNow(id) {
    if (this.draft?.id === id && this.press === null) this.commitDraft();
  }

  /** Send the move that was only shown so far, or take it back if it would put objects onto each other. */
  commitDraft() {
    clearTimeout(this.timers.draft);
    const { draft } = this;
    if (draft === null) return;
    const touched = touchedBy(draft, this.objects(), this.data.spacing);
    this.draft = null;
    const thing = this.objects().find(({ id }) => id === draft.id);
    if (touched.length > 0) {
      this.draw();
      this.say(sentenceOfTouch(thing, touched, "it is back where it was", this.data), true);
    } else if (thing.x !== draft.x || thing.y !== draft.y) {
      this.submit({ kind: "move", ...draft });
      this.say(`The ${thing.name} object is at ${describePlace(draft, this.data)} now.`);
    } else this.draw();
  }

  // Words

  /** Say what can be done next. */
  hint() {
    const { data } = this;
    const pairs = `Point at ${data.mode === "cells" ? "a cell" : "an object"} to see its strongest partners, click two to pin their pair.`;
    const edits = `Drag an object to move it${data.toggles ? ", double-click to change its shape" : ""}.`;
    this.hintOr([this.isBlank() ? "" : pairs, data.editable ? edits : ""].join(" ").trim());
  }
}

/** Streamlit calls this at first and again whenever the data change; the returned function runs at the end. */
export default function draw(component) {
  return mount(component, ".scene", Scene, "event");
}

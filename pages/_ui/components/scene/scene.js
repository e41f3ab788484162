// The scene: its state, what is sent to the page, and the entry that Streamlit calls with new data.

import { mount } from "../channel.js";
import { PairPicture } from "../pair_picture.js";
import { buildNode, buildObject, buildStage, drawScene, drawZones } from "./drawing.js";
import { describePlace, placeNodes } from "./geometry.js";
import { SceneGestures, sentenceOfTouch } from "./input.js";
import { nearestFree, touchedBy, zonesOf } from "./zones.js";

/** Say an edit as the change it makes to the objects, so that it shows before the page has answered. */
export function applyEvent(objects, event) {
  const other = { square: "circle", circle: "square" };
  return objects.map((thing) => {
    if (thing.id !== event.id) return thing;
    return event.kind === "toggle" ? { ...thing, shape: other[thing.shape] } : { ...thing, x: event.x, y: event.y };
  });
}

function placeOf({ id, x, y }) {
  return { id, x, y };
}

class Scene extends PairPicture {
  constructor(root) {
    super(root);
    this.stage = root.querySelector(".stage");
    this.draft = null; // move that is not sent yet: {id, x, y}
    this.origin = null; // the same where it began
    this.followed = null; // the last place that the page was told of, while it follows
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
    const picture = this.stage.querySelector(".picture");
    if (picture !== null && picture.getAttribute("href") !== data.image) picture.setAttribute("href", data.image);
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
    this.hovered = this.focused = this.picked = this.press = this.draft = this.followed = null;
  }

  describe() {
    super.describe();
    const { data, root } = this;
    root.classList.toggle("pictured", data.image !== "");
    root.querySelector(".marks").hidden = !data.objects.some(({ shape }) => shape === "ball" || shape === "ringed");
    root.style.setProperty("--aspect", data.width / data.height);
    this.stage.setAttribute("aria-label", data.alt);
  }

  objects() {
    const edits = [...this.pending(), ...(this.draft ? [{ kind: "move", ...this.draft }] : [])];
    return edits.reduce(applyEvent, this.data.objects);
  }

  draw() {
    const objects = this.objects();
    const touched = this.touched();
    const overlapping = new Set(touched.length > 0 ? [this.draft, ...touched].map(({ id }) => id) : []);
    const edits = this.pending().map(({ kind }) => kind);
    const isMoved = this.draft !== null || edits.some((kind) => ["move", "drag", "stay"].includes(kind));
    const stale = edits.includes("toggle") || (isMoved && !this.data.live);
    this.unpinButton.hidden = this.pinned() === null;
    this.root.setAttribute("aria-busy", this.channel.isBusy());
    const { data, picked } = this;
    const view = { data, objects, active: this.active(), picked, pinned: this.pinned(), overlapping, stale, isMoved };
    drawScene(this.stage, this.layers, this.elements, view);
    this.drawFree(objects, touched.length > 0);
  }

  /** While an object is held that would go to the nearest free place: hatch what is not free, and outline that place. */
  drawFree(objects, isOutside) {
    const { data, draft, layers } = this;
    const isShown = draft !== null && data.spacing.snaps;
    const zones = isShown ? zonesOf(draft, objects, data.spacing) : null;
    const held = objects.find(({ id }) => id === draft?.id);
    drawZones(layers, zones, isShown && isOutside ? { ...held, ...this.landing() } : null, data);
  }

  /** Escape undoes the innermost thing: a drag, a pick, a pin. True if there was one. */
  stepBack() {
    if (this.draft !== null) this.cancelDrag();
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

  beginDrag(id) {
    this.origin = placeOf(this.objects().find((thing) => thing.id === id));
    if (this.data.spacing.snaps) this.say(`Hatched: where ${id} may not stand. Let go there, it moves to the nearest free place.`);
  }

  setDraft(draft) {
    if (this.draft === null) this.beginDrag(draft.id);
    this.draft = draft;
    this.follow();
    this.draw();
  }

  /** Tell the page where a held object would land, if the page follows and the object may land anywhere. */
  follow() {
    if (!this.data.live) return;
    const landing = this.landing();
    const last = this.followed ?? this.origin;
    if (landing === null || (landing.x === last.x && landing.y === last.y)) return;
    this.followed = landing;
    this.channel.offer({ kind: "drag", ...landing });
  }

  /** Where the held object comes to stand if it is let go now: {id, x, y}, or null where it may not. */
  landing() {
    const { data, draft } = this;
    if (this.touched().length === 0) return draft;
    const place = data.spacing.snaps ? nearestFree(draft, this.objects(), data) : null;
    return place === null ? null : { id: draft.id, ...place };
  }

  /** Objects that the held one would come too near to. */
  touched() {
    return this.draft === null ? [] : touchedBy(this.draft, this.objects(), this.data.spacing);
  }

  cancelDrag() {
    this.press = null;
    this.root.classList.remove("dragging");
    this.dropDraft();
  }

  dropDraft() {
    this.endDraft();
    this.draw();
    this.hint();
  }

  /** Hold nothing any more; what the page has followed is where it began. */
  endDraft() {
    clearTimeout(this.timers.draft);
    if (this.followed !== null) this.channel.submit({ kind: "stay", ...this.origin });
    this.draft = this.followed = null;
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
    const { data, draft, origin } = this;
    if (draft === null) return;
    const [touched, landing] = [this.touched(), this.landing()];
    const thing = data.objects.find(({ id }) => id === draft.id);
    if (landing !== null && (origin.x !== landing.x || origin.y !== landing.y)) {
      this.draft = this.followed = null;
      this.submit({ kind: "move", ...landing });
      const why = landing === draft ? "" : ", the nearest place where it may stand";
      this.say(`The ${thing.name} object is at ${describePlace(landing, data)} now${why}.`);
      return;
    }
    this.endDraft();
    this.draw();
    if (touched.length > 0) this.say(sentenceOfTouch(thing, touched, "it is back where it was", data), true);
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

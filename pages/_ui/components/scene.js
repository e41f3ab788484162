// The scene: its state, what is sent to the page, and the entry that Streamlit calls with new data.

const ANSWER_TIMEOUT = 10000; // milliseconds after which an edit that got no answer is given up

/** Say an edit as the change it makes to the objects, so that it shows before the page has answered. */
function applyEvent(objects, event) {
  const other = { square: "circle", circle: "square" };
  return objects.map((thing) => {
    if (thing.id !== event.id) return thing;
    return event.kind === "move" ? { ...thing, x: event.x, y: event.y } : { ...thing, shape: other[thing.shape] };
  });
}

class Scene {
  constructor(root) {
    this.root = root;
    this.stage = root.querySelector(".stage");
    this.unpinButton = root.querySelector(".unpin");
    this.status = root.querySelector(".status");
    this.data = null;
    this.hovered = null; // node under the pointer
    this.focused = null; // node reached by keyboard
    this.picked = null; // first node of a pair that is being picked
    this.press = null; // pointer that is down
    this.draft = null; // move that is not sent yet: {id, x, y}
    this.sent = null; // event that the page has not answered yet
    this.queue = []; // events that wait for that answer
    this.lastClick = null;
    this.timers = {};
  }

  // Data

  update(data, send) {
    const before = this.data;
    this.data = data;
    this.send = send;
    if (this.sent !== null && data.answered === this.sent.number) this.finishSent();
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

  /** Texts around the picture; all of it as text, never as markup. */
  describe() {
    const { data, root } = this;
    root.classList.toggle("projector", data.projector);
    root.classList.toggle("editable", data.editable);
    root.classList.toggle("pictured", data.image !== "");
    root.style.setProperty("--aspect", data.width / data.height);
    root.querySelector(".toward").textContent = data.target;
    root.querySelector(".against").textContent = data.against;
    root.querySelector(".legend").hidden = this.isBlank();
    root.querySelector(".truth-key").hidden = !(data.showTruth && data.truePairs.length > 0);
    this.stage.setAttribute("aria-label", data.alt);
    const strongest = rankPairs(data.weights).slice(0, N_OVERALL).map((pair) => describePair(data, pair));
    root.querySelector(".summary").textContent = `Strongest pairs for ${data.target}: ${strongest.join("; ") || "none"}.`;
  }

  /** Events on their way to the page, oldest first. */
  pending() {
    return this.sent === null ? this.queue : [this.sent, ...this.queue];
  }

  objects() {
    const edits = [...this.pending(), ...(this.draft ? [{ kind: "move", ...this.draft }] : [])];
    return edits.reduce(applyEvent, this.data.objects);
  }

  pinned() {
    const pins = this.pending().filter(({ kind }) => kind === "pin" || kind === "unpin");
    const last = pins.at(-1);
    if (!last) return this.data.pinned;
    return last.kind === "pin" ? [last.i, last.j] : null;
  }

  draw() {
    const objects = this.objects();
    const moved = this.draft && objects.find(({ id }) => id === this.draft.id);
    const touched = moved ? touchedBy(moved, objects, this.data.spacing) : [];
    const overlapping = new Set(touched.length > 0 ? [moved, ...touched].map(({ id }) => id) : []);
    const isEdited = this.draft !== null || this.pending().some(({ kind }) => kind === "move" || kind === "toggle");
    const active = this.hovered ?? this.focused ?? this.picked;
    this.unpinButton.hidden = this.pinned() === null;
    this.root.setAttribute("aria-busy", this.sent !== null);
    const { data, picked } = this;
    const view = { data, objects, active, picked, pinned: this.pinned(), overlapping, stale: isEdited };
    drawScene(this.stage, this.layers, this.elements, view);
  }

  // What is looked at

  /** Light up the partners of a node; null lets them fade after a moment, time enough to reach an arc. */
  hover(node) {
    if (node !== null) {
      this.keepHover();
      if (node !== this.hovered) this.setHovered(node);
    } else if (this.hovered !== null && !this.timers.hover) {
      this.after("hover", LINGER, () => this.setHovered(null));
    }
  }

  keepHover() {
    clearTimeout(this.timers.hover);
    this.timers.hover = null;
  }

  setHovered(node) {
    this.keepHover();
    this.hovered = node;
    this.draw();
  }

  focus(node) {
    if (node === this.focused) return;
    this.focused = node;
    this.draw();
    if (node === null) return;
    const partners = choosePairs(this.data, node, null).map((pair) => describePair(this.data, pair));
    this.say(`Strongest partners of ${this.data.nodes[node].label}: ${partners.slice(0, N_OVERALL).join("; ") || "none"}.`);
  }

  pick(node) {
    this.picked = node;
    this.draw();
    this.hint();
  }

  pickOrPin(node) {
    if (this.picked === null) this.pick(node);
    else this.togglePin([this.picked, node]);
  }

  togglePin([i, j]) {
    const pinned = this.pinned();
    this.picked = null;
    if (pinned !== null && pinned[0] === i && pinned[1] === j) this.unpin();
    else this.submit({ kind: "pin", i, j });
    this.hint();
  }

  unpin() {
    this.submit({ kind: "unpin" });
    this.hint();
  }

  /** Escape undoes the innermost thing: a drag, a pick, a pin. True if there was one. */
  escape() {
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

  // Talking to the page. One event at a time: Streamlit would keep only the last of several in one run.

  submit(event) {
    this.queue.push(event);
    if (this.sent === null) this.sendNext();
    this.draw();
  }

  sendNext() {
    const event = this.queue.shift();
    if (event === undefined) return;
    this.sent = { ...event, number: Date.now() };
    this.after("answer", ANSWER_TIMEOUT, () => this.giveUp());
    this.send(this.sent);
  }

  finishSent() {
    clearTimeout(this.timers.answer);
    this.sent = null;
    this.sendNext();
  }

  giveUp() {
    this.sent = null;
    this.queue = [];
    this.draw();
    this.say("The page did not answer, so the last change was taken back; try it again.", true);
  }

  // Words

  say(text, isAlarm = false) {
    this.isHint = false;
    this.status.textContent = text;
    this.status.classList.toggle("alarm", isAlarm);
  }

  /** Whether no pair says anything: a scene without an answer, or before it is given away. */
  isBlank() {
    return this.data.weights.every((row) => row.every((weight) => weight === 0));
  }

  /** Say what can be done next. */
  hint() {
    const { data } = this;
    const pinned = this.pinned();
    const label = (node) => data.nodes[node].label;
    if (this.picked !== null) {
      this.say(`Picked ${label(this.picked)}: now pick its partner, or the same again for the pair with itself; Escape cancels.`);
    } else if (pinned !== null) {
      this.say(`Pinned: ${describePair(data, { i: pinned[0], j: pinned[1], share: data.weights[pinned[0]][pinned[1]] })}.`);
    } else {
      const pairs = `Point at ${data.mode === "cells" ? "a cell" : "an object"} to see its strongest partners, click two to pin their pair.`;
      const edits = `Drag an object to move it${data.toggles ? ", double-click to change its shape" : ""}.`;
      this.say([this.isBlank() ? "" : pairs, data.editable ? edits : ""].join(" ").trim());
    }
    this.isHint = true;
  }

  after(name, milliseconds, action) {
    clearTimeout(this.timers[name]);
    this.timers[name] = setTimeout(action, milliseconds);
  }

  stop() {
    Object.values(this.timers).forEach(clearTimeout);
  }
}

const scenes = new WeakMap();

/** Streamlit calls this at first and again whenever the data change; the returned function runs at the end. */
export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".scene");
  if (!scenes.has(root)) {
    const scene = new Scene(root);
    const listening = new AbortController();
    listen(scene, listening.signal);
    scene.end = () => {
      listening.abort();
      scene.stop();
      scenes.delete(root);
    };
    scenes.set(root, scene);
  }
  const scene = scenes.get(root);
  scene.update(data, (event) => setTriggerValue("event", event));
  return scene.end;
}

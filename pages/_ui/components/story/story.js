// The story: sentences in order, the pairs among them, and the entry that Streamlit calls with new data.

import { mount } from "../channel.js";
import { clamp } from "../numbers.js";
import { PairPicture } from "../pair_picture.js";
import { choosePairs } from "../pairs.js";
import { drawStory, nodeShares } from "./drawing.js";
import { StoryGestures } from "./input.js";

const SCHEMES = { true: "dark", false: "light" };

/** Say an edit as the change it makes to the sentences, so that it shows before the page has answered. */
export function applyEdit(lines, event) {
  const place = lines.findIndex(({ id }) => id === event.id);
  if (place < 0) return lines;
  const changed = [...lines];
  if (event.kind === "move") changed.splice(event.place, 0, ...changed.splice(place, 1));
  else if (event.kind === "drop") changed[place] = { ...lines[place], state: "dropped" };
  else if (event.kind === "restore") changed[place] = { ...lines[place], state: "seen" };
  return changed.map((line, k) => ({ ...line, id: `s${k + 1}`, number: `${k + 1}` }));
}

class Story extends PairPicture {
  constructor(root) {
    super(root);
    this.board = root.querySelector(".board");
    this.list = root.querySelector(".lines");
    this.arcs = root.querySelector(".arcs");
    this.current = 0; // place of the row that the Tab key reaches
    this.draft = null; // move that is not sent yet: {from, to}
    this.clicks = []; // places of rows clicked before the page has answered an edit: only then is known what they are
  }

  listen(signal) {
    new StoryGestures(this, this.board).listen(signal);
  }

  // Data

  update(data, send) {
    const before = this.data;
    const isFirst = this.take(data, send);
    const names = ({ nodes, lines }) => JSON.stringify([nodes, lines.map(({ text }) => text)]);
    this.current = clamp(this.current, 0, Math.max(0, data.lines.length - 1));
    if (isFirst || names(before) !== names(data)) {
      this.hovered = this.picked = null;
      if (this.focused !== null) this.focused = data.lines[this.current]?.node ?? null;
    }
    this.describe();
    this.draw();
    if (!this.isStale()) for (const place of this.clicks.splice(0)) this.clickLine(place);
    // What the network sees of a long story stands at its end.
    if (isFirst || before.lines.length !== data.lines.length) this.board.scrollTop = this.board.scrollHeight;
    if (isFirst || this.isHint) this.hint(); // results stay until the next thing is done
  }

  describe() {
    super.describe();
    this.root.style.colorScheme = SCHEMES[this.data.dark] ?? "";
    this.list.setAttribute("aria-label", this.data.alt);
  }

  lines() {
    return this.pending().reduce(applyEdit, this.data.lines);
  }

  shownLines() {
    const { draft } = this;
    const lines = this.lines();
    if (draft === null) return lines;
    return applyEdit(lines, { kind: "move", id: lines[draft.from].id, place: draft.to });
  }

  /** Whether the sentences shown are not yet those of the pairs. */
  isStale() {
    return this.draft !== null || this.pending().some(({ kind }) => kind !== "pin" && kind !== "unpin");
  }

  draw() {
    const { data, draft } = this;
    const stale = this.isStale();
    const active = stale ? null : this.active();
    const pinned = this.pinned();
    const pairs = choosePairs(data, active, pinned);
    const lit = active === null ? null : new Set([active, ...pairs.flatMap(({ i, j }) => [i, j])]);
    const chosen = this.picked === null ? (pinned ?? []) : [this.picked];
    const shares = nodeShares(data, active);
    this.unpinButton.hidden = pinned === null;
    this.root.classList.toggle("stale", stale);
    this.root.setAttribute("aria-busy", this.channel.isBusy());
    this.root.querySelector(".adds").textContent = this.headOf(active);
    const { current } = this;
    const dragged = draft === null ? null : draft.to;
    drawStory(this, { data, lines: this.shownLines(), active, pairs, lit, chosen, shares, stale, current, dragged });
  }

  /** What the numbers beside the sentences are. */
  headOf(active) {
    if (this.isBlank()) return "";
    return active === null ? `Adds to ${this.data.target}` : `Adds with ${this.data.nodes[active].label}`;
  }

  // What is looked at

  setCurrent(place, isByKey) {
    this.current = place;
    const { node } = this.lines()[place];
    if (isByKey && node !== null) this.focus(node);
    else this.draw();
  }

  focusLine(place) {
    this.list.children[clamp(place, 0, this.list.children.length - 1)].focus();
  }

  clickLine(place) {
    const line = this.lines()[place];
    if (this.isStale()) this.clicks.push(place);
    else if (line.node !== null && line.state === "seen") this.pickOrPin(line.node);
    else if (line.state === "dropped") this.toggleLine(place);
    else this.say(`The network sees the last ${this.data.window} sentences only, and sentence ${line.number} comes before.`);
  }

  giveUp() {
    this.clicks = [];
    super.giveUp();
  }

  /** Escape undoes the innermost thing: a drag, a pick, a pin. True if there was one. */
  stepBack() {
    if (this.draft !== null) this.setDraft(null);
    else if (this.picked !== null) this.pick(null);
    else if (this.pinned() !== null) this.unpin();
    else return false;
    return true;
  }

  // Edits

  setDraft(draft) {
    this.draft = draft;
    this.draw();
  }

  commitDraft() {
    const { draft } = this;
    this.draft = null;
    if (draft === null || draft.from === draft.to) this.draw();
    else this.sendMove(draft.from, draft.to);
  }

  sendMove(from, to) {
    this.picked = null;
    this.current = to;
    this.submit({ kind: "move", id: `s${from + 1}`, place: to });
    this.say(`Sentence ${from + 1} is sentence ${to + 1} now.`);
  }

  moveLine(from, to) {
    if (to < 0 || to >= this.list.children.length) return;
    this.sendMove(from, to);
    this.focusLine(to);
  }

  toggleLine(place) {
    const { id, number, state } = this.lines()[place];
    const isBack = state === "dropped";
    this.picked = null;
    this.submit({ kind: isBack ? "restore" : "drop", id });
    this.say(`Sentence ${number} is ${isBack ? "back" : "dropped; press its ↺ to have it back"}.`);
  }

  // Words

  /** Say what can be done next. */
  hint() {
    const pairs = "Point at a sentence to see its strongest partners, click two to pin their pair.";
    const edits = "Drag a sentence to another place, or drop it.";
    this.hintOr([this.isBlank() ? "" : pairs, this.data.editable ? edits : ""].join(" ").trim());
  }
}

/** Streamlit calls this at first and again whenever the data change; the returned function runs at the end. */
export default function draw(component) {
  return mount(component, ".story", Story, "event");
}

// What every interactive picture of pairs does alike: what is looked at, what is pinned, and what is sent to the page.

import { Channel } from "./channel.js";
import { N_OVERALL, choosePairs, describePair, rankPairs } from "./pairs.js";

const LINGER = 250; // milliseconds that partners stay lit, so that a pointer can reach their arcs

export class PairPicture {
  constructor(root) {
    this.root = root;
    this.unpinButton = root.querySelector(".unpin");
    this.status = root.querySelector(".status");
    this.data = null;
    this.hovered = null; // node under the pointer
    this.focused = null; // node reached by keyboard
    this.picked = null; // first node of a pair that is being picked
    this.press = null; // pointer that is down
    this.channel = new Channel(() => this.giveUp());
    this.timers = {};
  }

  /** Take new data; true if they are the first. */
  take(data, send) {
    const isFirst = this.data === null;
    this.data = data;
    this.channel.update(send, data.answered);
    return isFirst;
  }

  /** Texts around the picture; all of it as text, never as markup. */
  describe() {
    const { data, root } = this;
    root.classList.toggle("projector", data.projector);
    root.classList.toggle("editable", data.editable);
    root.querySelector(".toward").textContent = data.target;
    root.querySelector(".against").textContent = data.against;
    root.querySelector(".legend").hidden = this.isBlank();
    root.querySelector(".truth-key").hidden = !(data.showTruth && data.truePairs.length > 0);
    const strongest = rankPairs(data.weights).slice(0, N_OVERALL).map((pair) => describePair(data, pair));
    root.querySelector(".summary").textContent = `Strongest pairs for ${data.target}: ${strongest.join("; ") || "none"}.`;
  }

  /** Whether no pair says anything: a scene without an answer, or before it is given away. */
  isBlank() {
    return this.data.weights.every((row) => row.every((weight) => weight === 0));
  }

  // What a subclass says and draws

  /** Draw everything anew. */
  draw() {}

  /** Say what can be done next. */
  hint() {}

  // What is looked at

  active() {
    return this.hovered ?? this.focused ?? this.picked;
  }

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
    if (node !== null) this.say(this.sentenceOfPartners(node));
  }

  sentenceOfPartners(node) {
    const partners = choosePairs(this.data, node, null).map((pair) => describePair(this.data, pair));
    return `Strongest partners of ${this.data.nodes[node].label}: ${partners.slice(0, N_OVERALL).join("; ") || "none"}.`;
  }

  pinned() {
    const pins = this.pending().filter(({ kind }) => kind === "pin" || kind === "unpin");
    const last = pins.at(-1);
    if (!last) return this.data.pinned;
    return last.kind === "pin" ? [last.i, last.j] : null;
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

  // What is sent to the page

  /** Events on their way to the page, oldest first. */
  pending() {
    return this.channel.pending();
  }

  submit(event) {
    this.channel.submit(event);
    this.draw();
  }

  giveUp() {
    this.draw();
    this.say("The page did not answer, so the last change was taken back; try it again.", true);
  }

  // Words

  say(text, isAlarm = false) {
    this.isHint = false;
    this.status.textContent = text;
    this.status.classList.toggle("alarm", isAlarm);
  }

  /** Say what can be done next: `idle` where nothing is picked or pinned. */
  hintOr(idle) {
    const { data } = this;
    const pinned = this.pinned();
    if (this.picked !== null) {
      this.say(`Picked ${data.nodes[this.picked].label}: now pick its partner, or the same again for the pair with itself; Escape cancels.`);
    } else if (pinned !== null) {
      this.say(`Pinned: ${describePair(data, { i: pinned[0], j: pinned[1], share: data.weights[pinned[0]][pinned[1]] })}.`);
    } else this.say(idle);
    this.isHint = true;
  }

  after(name, milliseconds, action) {
    clearTimeout(this.timers[name]);
    this.timers[name] = setTimeout(action, milliseconds);
  }

  stop() {
    Object.values(this.timers).forEach(clearTimeout);
    this.channel.stop();
  }
}

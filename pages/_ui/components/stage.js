// What every interactive picture of pairs does alike: what is looked at, what is pinned, and talking to the page.

const ANSWER_TIMEOUT = 10000; // milliseconds after which an edit that got no answer is given up
const LINGER = 250; // milliseconds that partners stay lit, so that a pointer can reach their arcs

class Stage {
  constructor(root) {
    this.root = root;
    this.unpinButton = root.querySelector(".unpin");
    this.status = root.querySelector(".status");
    this.data = null;
    this.hovered = null; // node under the pointer
    this.focused = null; // node reached by keyboard
    this.picked = null; // first node of a pair that is being picked
    this.press = null; // pointer that is down
    this.sent = null; // event that the page has not answered yet
    this.queue = []; // events that wait for that answer
    this.timers = {};
  }

  /** Take new data; true if they are the first. */
  take(data, send) {
    const isFirst = this.data === null;
    this.data = data;
    this.send = send;
    if (this.sent !== null && data.answered === this.sent.number) this.finishSent();
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

  // Talking to the page. One event at a time: Streamlit would keep only the last of several in one run.

  /** Events on their way to the page, oldest first. */
  pending() {
    return this.sent === null ? this.queue : [this.sent, ...this.queue];
  }

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
  }
}

const stages = new WeakMap();

/** Make a stage at first and hand it new data whenever they change; the returned function runs at the end. */
function mount({ parentElement, data, setTriggerValue }, name, Kind, listen) {
  const root = parentElement.querySelector(name);
  if (!stages.has(root)) {
    const stage = new Kind(root);
    const listening = new AbortController();
    listen(stage, listening.signal);
    stage.end = () => {
      listening.abort();
      stage.stop();
      stages.delete(root);
    };
    stages.set(root, stage);
  }
  const stage = stages.get(root);
  stage.update(data, (event) => setTriggerValue("event", event));
  return stage.end;
}

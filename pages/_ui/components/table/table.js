// The table: balls that move, the pairs among them, and the entry that Streamlit calls with new data.

import { mount } from "../channel.js";
import { write } from "../dom.js";
import { formatProbability, formatShare } from "../numbers.js";
import { PairPicture } from "../pair_picture.js";
import { N_PARTNERS } from "../pairs.js";
import { Clock, placeAt } from "./clock.js";
import { buildFloor, buildLegend, drawFloor, drawnConnections, litBalls, makeConnections, styleConnections } from "./drawing.js";
import { bodyOf, keepOnTable, touchedBy } from "./geometry.js";
import { TableGestures, ballOf } from "./input.js";
import { CURVES, buildMatrix, drawErrors, largestOf, markMatrix } from "./matrix.js";

/**
 * Class of the line, what it is, and when it is shown.
 *
 * @type {[string, string, (data: any, springs: boolean) => boolean][]}
 */
const LEGENDS = [
  ["connection guess", "network's guess: thicker = more certain", ({ matrix, guess }) => matrix === "guess" && guess !== null],
  ["connection share positive", "speaks for the answer", ({ matrix, shares }) => matrix === "shares" && shares !== null],
  ["connection share negative", "speaks against it", ({ matrix, shares }) => matrix === "shares" && shares !== null],
  ["way", "simulated", ({ ahead, knowsLinks }) => ahead !== null && knowsLinks],
  ["way", "recorded", ({ ahead, knowsLinks }) => ahead !== null && !knowsLinks],
  ["way predicted", "predicted by the network", ({ predicted, showPredicted }) => showPredicted && predicted !== null],
  ["spring", "true spring", (_, springs) => springs],
  ["rigid", "true rigid link", (_, springs) => springs],
  ["ring", "truly connected", (data, springs) => springs && data.links.length > 0 && data[data.matrix] !== null],
];

class Table extends PairPicture {
  constructor(root) {
    super(root);
    this.top = root.querySelector(".top");
    this.matrix = root.querySelector(".matrix");
    this.errors = root.querySelector(".chart");
    this.playButton = root.querySelector(".play");
    this.springsButton = root.querySelector("button.springs");
    this.scrubber = root.querySelector(".scrubber");
    this.clock = new Clock(() => this.draw());
    this.cell = null; // [i, j] under the pointer in the matrix
    this.draft = null; // pull that is not sent yet: {ball, to}
    this.followed = null; // the last place that the page was told of, while it follows
    this.springs = false; // whether true connections are shown
    this.wasPlaying = false; // when a ball was taken hold of
  }

  listen(signal) {
    new TableGestures(this, this.top).listen(signal);
  }

  // Data

  update(data, send) {
    const before = this.data;
    const isFirst = this.take(data, send);
    const isNew = isFirst || JSON.stringify([before.seen, before.ahead]) !== JSON.stringify([data.seen, data.ahead]);
    const predicted = data.showPredicted ? data.predicted : null;
    this.frames = [...data.seen, ...(data.ahead ?? predicted ?? [])];
    this.predicted = predicted && [data.seen.at(-1), ...predicted];
    this.clock.fit(this.frames.length, data.frameRate);
    const isTold = isFirst || before.showLinks !== data.showLinks;
    if (isTold && !this.pending().some(({ kind }) => kind === "connections")) this.springs = data.showLinks;
    if (isFirst || JSON.stringify(before.balls) !== JSON.stringify(data.balls)) this.hovered = this.focused = this.cell = null;
    this.build();
    this.describe();
    if (isNew) this.start();
    else if (this.wasPlaying && this.press === null && this.shownPull() === null) this.resume(); // the pull was refused
    this.draw();
    this.hint();
  }

  /** Make all elements anew, and give the focus back to the ball that had it. */
  build() {
    const { data } = this;
    const focused = ballOf(this.root.getRootNode().activeElement ?? this.root);
    this.connections = makeConnections(data);
    this.elements = buildFloor(this.top, this.connections, data);
    this.elements.balls.forEach((element, k) => element.setAttribute("aria-label", `${data.balls[k].name} ball`));
    if (this.hasMatrix()) buildMatrix(this.matrix, data);
    if (focused !== null) this.elements.balls[focused]?.focus();
  }

  hasMatrix() {
    return this.data[this.data.matrix] !== null;
  }

  hasErrors() {
    const { ahead, errors, baselineErrors, showPredicted } = this.data;
    return ahead !== null && showPredicted && (errors ?? baselineErrors) !== null;
  }

  describe() {
    const { data, root } = this;
    root.classList.toggle("projector", data.projector);
    root.classList.toggle("editable", data.canPull);
    root.classList.toggle("askable", data.asked !== null);
    root.classList.toggle("alone", !this.hasMatrix() && !this.hasErrors());
    root.querySelector(".pairing").hidden = !this.hasMatrix();
    this.springsButton.hidden = !data.knowsLinks;
    root.querySelector(".erring").hidden = !this.hasErrors();
    const isGuess = data.matrix === "guess";
    const caption = isGuess ? "The network's guess: connected?" : "What each pair adds to the answer";
    root.querySelector(".pairing figcaption").textContent = caption;
    root.querySelector(".scale").className = `scale ${data.matrix}`;
    if (this.hasMatrix()) {
      const largest = largestOf(data);
      root.querySelector(".low").textContent = isGuess ? "0 %" : formatShare(-largest);
      root.querySelector(".high").textContent = isGuess ? "100 %" : formatShare(largest);
    }
    const drawn = drawnConnections(this.connections, null, data);
    const strongest = drawn.slice(0, N_PARTNERS).map((one) => this.describeConnection(one));
    const summary = strongest.length > 0 ? `Strongest pairs: ${strongest.join("; ")}.` : "";
    root.querySelector(".summary").textContent = summary;
    this.matrix.setAttribute("aria-label", `${caption}. ${summary}`);
    this.top.setAttribute("aria-label", `Table with ${data.balls.length} balls; space plays, arrow keys go from frame to frame`);
    this.scrubber.max = this.frames.length - 1;
    this.describeErrors();
  }

  describeErrors() {
    if (!this.hasErrors()) return;
    const ends = CURVES.filter(([, key]) => this.data[key]).map(([name, key]) => `${name} ${this.data[key].at(-1).toFixed(3)}`);
    this.errors.setAttribute("aria-label", `Errors at the end, in table widths: ${ends.join(", ")}.`);
  }

  // What is looked at

  focusOf() {
    return { ball: this.cell === null ? this.active() : null, cell: this.cell };
  }

  pointAtCell(cell) {
    if (JSON.stringify(cell) === JSON.stringify(this.cell)) return;
    this.cell = cell;
    this.draw();
  }

  describeConnection({ i, j, text }) {
    return `${this.data.balls[i].name} and ${this.data.balls[j].name} ${text}`;
  }

  sentenceOfPartners(ball) {
    const partners = drawnConnections(this.connections, ball, this.data).filter(({ i, j }) => i === ball || j === ball);
    const named = partners.slice(0, N_PARTNERS).map(({ i, j, text }) => `${this.data.balls[i === ball ? j : i].name} ${text}`);
    return `Strongest partners of ${this.data.balls[ball].name}: ${named.join(", ") || "none"}.`;
  }

  /** The pair of a cell in words, or the hint how to read the matrix. */
  reading() {
    if (this.cell === null) return this.hovered === null ? "" : this.sentenceOfPartners(this.hovered);
    const [i, j] = this.cell;
    const { balls, links, matrix, [matrix]: values } = this.data;
    const value = values[i][j];
    const number = value === null ? "no answer" : matrix === "guess" ? formatProbability(value) : formatShare(value);
    if (i === j) return `${balls[i].name} with itself${value === null ? "" : `: ${number}`}`;
    const read = `${balls[i].name} and ${balls[j].name}: ${number}`;
    if (!this.springs) return read;
    const isConnected = links.some((link) => [link.i, link.j].includes(i) && [link.i, link.j].includes(j));
    return `${read}, truly ${isConnected ? "connected" : "not connected"}`;
  }

  /** The pair that is asked about, as far as the page knows or will know, or null. */
  asked() {
    const last = this.pending().filter(({ kind }) => kind === "ask").at(-1);
    return last ? [last.i, last.j] : this.data.asked;
  }

  ask([i, j]) {
    const [first, second] = [Math.min(i, j), Math.max(i, j)];
    const { asked, matrix } = this.data;
    if (asked === null || first === second || this.data[matrix][first][second] === null) return;
    this.submit({ kind: "ask", i: first, j: second });
  }

  toggleSprings() {
    this.springs = !this.springs;
    if (this.data.tellsConnections) this.submit({ kind: "connections", shown: this.springs });
    this.draw();
  }

  // Time

  /** Begin a new scene at its first frame; people who asked for less motion start it themselves. */
  start() {
    this.clock.seek(0);
    this.wasPlaying = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.resume();
  }

  resume() {
    if (this.wasPlaying) this.clock.play();
    else this.clock.pause();
    this.wasPlaying = false;
  }

  togglePlay() {
    this.dropDraft();
    if (this.clock.isPlaying) this.clock.pause();
    else if (this.pulls().length === 0) this.clock.play();
  }

  seek(frame) {
    this.dropDraft();
    this.clock.pause();
    this.clock.seek(frame);
  }

  // Pulls

  /** Pulls on their way to the page, oldest first. */
  pulls() {
    return this.pending().filter(({ kind }) => kind === "pull");
  }

  /** Whether a ball can be pulled now; one pull at a time. */
  canPull() {
    return this.data.canPull && this.pulls().length === 0;
  }

  /** Stop at a whole frame, because a ball is taken hold of. */
  hold() {
    if (this.draft === null) this.wasPlaying = this.clock.isPlaying;
    this.clock.pause();
    this.clock.seek(this.clock.frame());
  }

  /** The pull that is shown: the one that is going on, or the one on its way to the page. */
  shownPull() {
    return this.draft ?? this.pulls().at(-1) ?? null;
  }

  framePlaces() {
    return this.data.balls.map((_, ball) => placeAt(this.frames, ball, this.clock.time));
  }

  /** Where the balls are, in metres; what is rigidly connected to a pulled ball comes along. */
  places() {
    const places = this.framePlaces();
    const pull = this.shownPull();
    if (pull === null) return places;
    const body = bodyOf(pull.ball, this.data.links);
    const [dx, dy] = [0, 1].map((axis) => pull.to[axis] - places[pull.ball][axis]);
    return places.map(([x, y], ball) => (body.includes(ball) ? [x + dx, y + dy] : [x, y]));
  }

  pull(ball, to) {
    const places = this.framePlaces();
    const body = bodyOf(ball, this.data.links);
    this.draft = { ball, to: keepOnTable(ball, to, body, places, this.data) };
    this.follow();
    this.draw();
    const { name } = this.data.balls[ball];
    const [x, y] = this.draft.to.map((part) => part.toFixed(2).replace("-", "−"));
    this.say(`${name}: x ${x} m, y ${y} m`);
  }

  /** Tell the page where a held ball is, if the page follows and the ball may lie there. */
  follow() {
    const { draft, followed } = this;
    const isNew = followed === null || followed.some((part, axis) => part !== draft.to[axis]);
    if (!this.data.live || !isNew || this.touching().length > 0) return;
    this.followed = draft.to;
    this.channel.offer({ kind: "hold", ball: draft.ball, frame: this.clock.frame(), to: draft.to });
  }

  touching() {
    if (this.draft === null) return [];
    return touchedBy(bodyOf(this.draft.ball, this.data.links), this.places(), this.data);
  }

  /** Let go: send the pull, or take it back if balls would lie on each other. */
  release() {
    clearTimeout(this.timers.release);
    const { draft } = this;
    if (draft === null) {
      if (this.wasPlaying && this.pulls().length === 0) this.resume();
      return;
    }
    const touched = this.touching();
    if (touched.length > 0) {
      const names = touched.map((ball) => this.data.balls[ball].name).join(" and ");
      this.dropDraft();
      this.say(`The ${this.data.balls[draft.ball].name} ball would lie on ${names}; it is back where it was.`, true);
      return;
    }
    this.draft = this.followed = null;
    this.submit({ kind: "pull", ball: draft.ball, frame: this.clock.frame(), to: draft.to });
    this.say(`The ${this.data.balls[draft.ball].name} ball is let go; what happens is being simulated.`);
    this.isHint = true; // the answer takes its place
  }

  dropDraft() {
    clearTimeout(this.timers.release);
    if (this.draft === null && !this.wasPlaying) return;
    if (this.followed !== null) this.channel.submit({ kind: "stay" });
    this.draft = this.followed = null;
    this.resume();
    this.hint();
  }

  stepBack() {
    if (this.draft === null) return false;
    this.press = null;
    this.dropDraft();
    return true;
  }

  giveUp() {
    super.giveUp();
    this.resume();
  }

  // Drawing

  draw() {
    const { data, clock, frames, predicted, springs } = this;
    if (data === null) return;
    const focus = this.focusOf();
    const pull = this.shownPull();
    const styles = styleConnections(this.connections, focus, data);
    const meant = focus.cell ?? (focus.ball === null ? [] : [focus.ball]);
    const view = {
      data,
      frames,
      predicted,
      springs,
      ...focus,
      asked: this.asked(),
      time: clock.time,
      places: this.places(),
      styles,
      meant,
      lit: litBalls(styles, meant),
      touching: this.touching(),
      held: pull === null ? [] : bodyOf(pull.ball, data.links),
    };
    drawFloor(this.elements, view);
    if (this.hasMatrix()) markMatrix(this.matrix, view);
    if (this.hasErrors()) drawErrors(this.errors, data, Math.max(0, clock.time - data.seen.length + 1));
    this.drawControls();
  }

  drawControls() {
    const { data, clock, root } = this;
    const frame = clock.frame();
    const isAhead = clock.time > data.seen.length - 1;
    const count = `frame ${frame + 1} of ${this.frames.length} · ${(frame / data.frameRate).toFixed(1)} s`;
    root.classList.toggle("ahead", isAhead);
    root.setAttribute("aria-busy", this.channel.isBusy());
    write(root.querySelector(".phase"), isAhead ? "what happens next" : "seen");
    write(root.querySelector(".frame"), count);
    write(this.playButton, clock.isPlaying ? "❚❚ Pause" : "▶ Play");
    write(this.springsButton, this.springs ? "Hide springs" : "Show springs");
    write(root.querySelector(".reading"), this.reading());
    this.springsButton.setAttribute("aria-pressed", this.springs);
    this.scrubber.value = frame;
    this.scrubber.setAttribute("aria-valuetext", `${isAhead ? "what happens next" : "seen"}, ${count}`);
    this.drawLegend();
    if (!clock.isPlaying) this.nameBalls();
  }

  drawLegend() {
    const shown = LEGENDS.filter(([, , isShown]) => isShown(this.data, this.springs));
    const legend = this.root.querySelector(".legend");
    const key = shown.map(([, words]) => words).join();
    if (legend.dataset.key === key) return;
    legend.dataset.key = key;
    legend.replaceChildren(...shown.map(([name, words]) => buildLegend(name, words)));
  }

  /** Say where each ball is; while they move nobody could follow. */
  nameBalls() {
    const keys = this.data.canPull ? "; arrow keys move it" : "";
    this.places().forEach(([x, y], ball) => {
      const place = `x ${x.toFixed(2)} m, y ${y.toFixed(2)} m`;
      this.elements.balls[ball].setAttribute("aria-label", `${this.data.balls[ball].name} ball, ${place}${keys}`);
    });
  }

  // Words

  hint() {
    if (this.isHint === false && this.status.textContent !== "") return;
    const pairs = this.hasMatrix() ? "Point at a ball or a cell to see its partners." : "Point at a ball to see its way.";
    const asking = this.data.asked === null ? "" : "Click a cell to ask why.";
    this.say([pairs, asking, this.data.canPull ? "Drag a ball to pull it elsewhere." : ""].filter(Boolean).join(" "));
    this.isHint = true;
  }

  stop() {
    super.stop();
    this.clock.pause();
  }
}

/** Streamlit calls this at first and again whenever the data change; the returned function runs at the end. */
export default function draw(component) {
  return mount(component, ".table", Table, "event");
}

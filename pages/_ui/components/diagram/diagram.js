// The whole network in one drawing, whose stages are the page's steps; and the entry that Streamlit calls.

import { Channel, mount } from "../channel.js";
import { makeSvg } from "../dom.js";
import { LARGE, layOut } from "./layout.js";
import { drawPicture } from "./pictures.js";

const FONT = { name: 14, line: 12 }; // pixels
const PAD = 8;

function makeText(words, attributes) {
  const text = makeSvg("text", attributes);
  text.textContent = words;
  return text;
}

class Diagram {
  constructor(root) {
    this.root = root;
    this.whole = root.querySelector(".whole");
    this.data = null;
    this.drawn = null; // width that is drawn for
    this.channel = new Channel(() => this.drawAnew());
    this.watch = new ResizeObserver(() => this.draw());
  }

  listen(signal) {
    const on = (type, listener) => this.whole.addEventListener(type, listener, { signal });
    on("click", (event) => this.choose(event));
    on("keydown", (event) => this.press(event));
    this.watch.observe(this.root);
  }

  stop() {
    this.watch.disconnect();
    this.channel.stop();
  }

  update(data, send) {
    this.data = data;
    this.channel.update(send, data.answered);
    this.drawAnew();
  }

  drawAnew() {
    this.drawn = null;
    this.draw();
  }

  /** The step that is shown, or that the page was asked for last. */
  step() {
    return this.channel.pending().at(-1)?.step ?? this.data.step;
  }

  press(event) {
    if (event.key !== "Enter" && event.key !== " ") return;
    this.choose(event);
    event.preventDefault();
  }

  choose(event) {
    const stage = event.target.closest?.("[data-step]");
    if (!stage) return;
    const step = Number(stage.getAttribute("data-step"));
    if (step !== this.step()) this.channel.submit({ step });
    this.drawAnew();
  }

  /** Draw everything where the width has changed, and give the focus back to the stage that had it. */
  draw() {
    const width = this.root.clientWidth;
    if (this.data === null || width === 0 || this.drawn === width) return;
    this.drawn = width;
    const scale = this.data.projector ? LARGE : 1;
    const { stages, links, height } = layOut(width, this.data.stages.length, scale);
    const focused = this.root.getRootNode().activeElement?.getAttribute("data-step") ?? null;
    this.whole.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.whole.setAttribute("height", String(height));
    this.whole.setAttribute("aria-label", `The whole network in ${stages.length} steps; followed pair: ${this.data.pair}`);
    this.whole.replaceChildren(...links.flatMap((link, k) => drawLink(link, this.isFollowed(k))), ...stages.map((box, k) => this.drawStage(box, k, scale)));
    if (focused !== null) this.whole.querySelector(`[data-step="${focused}"]`)?.focus();
  }

  /** Whether the followed pair goes by itself from a stage to the next: from the objects to the sum. */
  isFollowed(k) {
    const [from, to] = this.data.followed;
    return k >= from && k < to;
  }

  drawStage({ x, y, width, height }, k, scale) {
    const stage = this.data.stages[k];
    const name = `${k + 1} ${stage.name}`;
    const attributes = { class: "stage", "data-step": k + 1, role: "button", tabindex: 0, transform: `translate(${x} ${y})` };
    const group = makeSvg("g", { ...attributes, "aria-label": `${name}: ${stage.lines.join(", ")}` });
    if (k + 1 === this.step()) group.setAttribute("aria-current", "step");
    const [title, line] = [FONT.name * scale, FONT.line * scale];
    const side = Math.min(width - 2 * PAD, height - title - 2 * 1.3 * line - 4 * PAD);
    const picture = makeSvg("g", { transform: `translate(${(width - side) / 2} ${PAD + title + PAD})` }, [drawPicture(stage, side, width - 2 * PAD)]);
    const below = 3 * PAD + title + side;
    group.append(makeSvg("rect", { class: "frame", width, height, rx: 8 }));
    group.append(makeText(name, { class: "name", x: width / 2, y: PAD + 0.8 * title, "font-size": title }), picture);
    stage.lines.forEach((words, row) => {
      group.append(makeText(words, { x: width / 2, y: below + (0.6 + 1.3 * row) * line, "font-size": line }));
    });
    return group;
  }
}

function drawLink({ line, head }, isFollowed) {
  const followed = isFollowed ? " followed" : "";
  return [
    makeSvg("path", { class: `link${followed}`, d: line }),
    makeSvg("polygon", { class: `head${followed}`, points: head }),
  ];
}

/** Streamlit calls this at first and again whenever the data change; the returned function runs at the end. */
export default function draw(component) {
  return mount(component, ".diagram", Diagram, "event");
}

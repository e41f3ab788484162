// Drawing: rows are kept, one a place in the story, and filled anew; arcs between them are made anew.

import { makeElement, makeSvg } from "../dom.js";
import { formatShare, signOf } from "../numbers.js";

const MARGIN = 6; // pixels between the arcs and the edges of their column
const NEAREST = 22; // how far to the left the arc of two neighbours reaches
const PARTING = 3; // half the way between where (i, j) and (j, i) meet a row
const RING = 9; // radius of the arc of a sentence with itself
const BUTTONS = [
  ["up", "▲", "Move up"],
  ["down", "▼", "Move down"],
  ["drop", "✕", "Drop"],
];

function buildRow() {
  const buttons = BUTTONS.map(([act, sign]) => makeElement("button", { type: "button", "data-act": act }, [sign]));
  return makeElement("li", { class: "sentence", "aria-roledescription": "sentence" }, [
    makeElement("span", { class: "handle", "aria-hidden": "true" }, ["⠿"]),
    makeElement("span", { class: "number", "aria-hidden": "true" }),
    makeElement("span", { class: "text", "aria-hidden": "true" }),
    makeElement("span", { class: "chip", "aria-hidden": "true" }),
    makeElement("span", { class: "bar", "aria-hidden": "true" }, [makeElement("i")]),
    makeElement("span", { class: "share", "aria-hidden": "true" }),
    makeElement("span", { class: "tools" }, buttons),
  ]);
}

/** What each node adds: its half of all its pairs, or with an active node what the pairs of the two add. */
export function nodeShares(data, active) {
  if (active === null) return data.sums;
  const { weights } = data;
  return weights.map((row, k) => (k === active ? row[k] : row[active] + weights[active][k]));
}

const hopsOf = ({ hops }) => (hops.length ? `hop ${hops.join(", ")}` : "");

function chipOf(line, data) {
  if (line.state === "dropped") return "dropped";
  if (line.state === "early") return line.supports && data.showTruth ? "✓ fact, not seen" : "not seen";
  return [line.supports && data.showTruth ? "✓ fact" : "", hopsOf(line)].filter(Boolean).join(" · ");
}

function describeLine(line, share, data) {
  const facts = [`Sentence ${line.number}: ${line.text}`];
  if (line.supports && data.showTruth) facts.push("supporting fact");
  if (line.state === "dropped") facts.push("dropped");
  if (line.state === "early") facts.push("not seen by the network");
  if (line.hops.length) facts.push(`picked by ${hopsOf(line)}`);
  if (share !== null) facts.push(`adds ${formatShare(share)}`);
  const keys = line.state === "seen" ? ["Enter picks it"] : [];
  if (data.editable) keys.push("Alt and the arrow keys move it", `Delete ${line.state === "dropped" ? "restores" : "drops"} it`);
  return [facts.join("; "), keys.join(", ")].filter(Boolean).join(". ");
}

function fillRow(row, line, view) {
  const { data, shares, largest, lit, current, isLast } = view;
  const share = line.node === null || view.stale ? null : shares[line.node];
  const [, number, text, chip, bar, amount, tools] = row.children;
  number.textContent = line.number;
  text.textContent = line.text;
  chip.textContent = chipOf(line, data);
  amount.textContent = share === null ? "" : formatShare(share);
  bar.firstChild.className = share === null ? "" : signOf(share);
  bar.firstChild.style.width = share === null ? "0" : `${(100 * Math.abs(share)) / largest}%`;
  row.className = `sentence ${line.state}`;
  row.classList.toggle("fact", line.supports && data.showTruth);
  row.classList.toggle("dimmed", lit !== null && !lit.has(line.node));
  row.classList.toggle("active", line.node !== null && line.node === view.active);
  row.classList.toggle("chosen", line.node !== null && view.chosen.includes(line.node));
  row.classList.toggle("current", current);
  row.setAttribute("tabindex", current ? 0 : -1);
  row.setAttribute("aria-label", describeLine(line, share, data));
  fillTools(tools, line, { current, isLast, editable: data.editable });
}

function fillTools(tools, line, { current, isLast, editable }) {
  tools.hidden = !editable;
  const isDropped = line.state === "dropped";
  [...tools.children].forEach((button, k) => {
    const [act, , name] = BUTTONS[k];
    const shown = act === "drop" && isDropped ? "Restore" : name;
    if (act === "drop") button.textContent = isDropped ? "↺" : "✕";
    button.title = shown;
    button.setAttribute("aria-label", `${shown} sentence ${line.number}`);
    button.setAttribute("tabindex", current ? 0 : -1);
    button.disabled = (act === "up" && line.number === "1") || (act === "down" && isLast);
  });
}

/** From row to row, bent to the left the more, the farther apart they are; `from` and `to` are middles of rows. */
export function arcPath(from, to, width, height) {
  const right = width - MARGIN;
  if (from === to) return `M${right} ${from - 4}a${RING} ${RING} 0 1 0 0 8`;
  const isDown = to > from;
  const [start, end] = [from + (isDown ? -PARTING : PARTING), to + (isDown ? -PARTING : PARTING)];
  const reach = NEAREST + (width - 2 * MARGIN - NEAREST) * Math.min(1, Math.abs(to - from) / height);
  // A cubic reaches three quarters of the way to its control points.
  const left = right - Math.min(reach / 0.75, (width - 2 * MARGIN) / 0.75);
  return `M${right} ${start}C${left} ${start} ${left} ${end} ${right} ${end}`;
}

export function arrowTip(to, isDown, width, size) {
  const [x, y] = [width - MARGIN + 4, to + (isDown ? -PARTING : PARTING)];
  return `${x},${y} ${x - size},${y - 0.6 * size} ${x - size},${y + 0.6 * size}`;
}

function buildStoryArc(pair, middles, box, full) {
  const [from, to] = [middles[pair.i], middles[pair.j]];
  const sign = signOf(pair.share);
  const thinnest = pair.style === "pinned" ? 3 : 1.2;
  const width = Math.max(thinnest, 1.2 + 6 * Math.min(1, Math.abs(pair.share) / full) ** 0.75);
  const d = arcPath(from, to, box.width, box.height);
  const group = makeSvg("g", { class: `arc ${pair.style} ${sign}` }, [
    makeSvg("path", { class: `line ${sign}`, d, "stroke-width": width }),
    makeSvg("path", { class: "grip", d, "stroke-width": 12, "data-arc": `${pair.i},${pair.j}` }),
  ]);
  if (from !== to) group.append(makeSvg("polygon", { class: `tip ${sign}`, points: arrowTip(to, to > from, box.width, 6 + width) }));
  return group;
}

function buildTruthArc([i, j], middles, box) {
  return makeSvg("path", { class: "truth-line", d: arcPath(middles[j], middles[i], box.width, box.height) });
}

/** Draw rows and arcs. `view` is what `story.js` makes of its state. */
export function drawStory(story, view) {
  const { data, lines } = view;
  while (story.list.children.length > lines.length) story.list.lastChild.remove();
  while (story.list.children.length < lines.length) story.list.append(buildRow());
  const rows = [...story.list.children];
  // A sentence has many pairs: its bar is full from the end of the pairs' scale, or from the longest one beyond that.
  const largest = Math.max(...view.shares.map(Math.abs), data.full);
  lines.forEach((line, k) => {
    fillRow(rows[k], line, { ...view, largest, current: k === view.current, isLast: k === lines.length - 1 });
    rows[k].classList.toggle("dragged", k === view.dragged);
  });
  const box = { width: story.arcs.clientWidth, height: story.list.clientHeight };
  const middles = [];
  lines.forEach(({ node }, k) => {
    if (node !== null) middles[node] = rows[k].offsetTop + rows[k].offsetHeight / 2;
  });
  const isDrawn = ({ i, j }) => middles[i] !== undefined && middles[j] !== undefined;
  const pairs = view.pairs.filter(isDrawn).map((pair) => buildStoryArc(pair, middles, box, data.full));
  const truths = data.showTruth ? data.truePairs.filter(([i, j]) => i !== j && isDrawn({ i, j })) : [];
  story.arcs.setAttribute("height", box.height);
  story.arcs.replaceChildren(...pairs, ...truths.map((pair) => buildTruthArc(pair, middles, box)));
}

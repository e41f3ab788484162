// Beside the table: the matrix of all pairs, and how the error grows with time.

import { makeSvg } from "../dom.js";
import { signOf } from "../numbers.js";

const CELL = 10; // units of the matrix's SVG
const HEAD = 11; // and of its rows' and columns' heads
const CHART = { width: 400, height: 230, left: 50, right: 146, top: 14, bottom: 34 };
const LINE_GAP = 42; // least way between two lines' labels

export const CURVES = [
  ["network", "errors"],
  ["constant velocity", "baselineErrors"],
];

// Matrix

function buildHead({ name, label, fill, ink }, ball, x, y) {
  const title = makeSvg("title");
  title.textContent = name;
  const text = makeSvg("text", { class: "label", fill: ink });
  text.textContent = label;
  return makeSvg("g", { class: "head", "data-head": ball, transform: `translate(${x} ${y})` }, [
    title,
    makeSvg("circle", { class: "body", r: 4.7, fill }),
    text,
  ]);
}

function cellBox(i, j) {
  return { x: HEAD + CELL * j, y: HEAD + CELL * i, width: CELL, height: CELL };
}

function buildCell(value, i, j, largest) {
  const isKnown = value !== null;
  const cell = makeSvg("rect", { class: `cell ${isKnown ? signOf(value) : "empty"}`, ...cellBox(i, j), "data-cell": `${i},${j}` });
  if (isKnown) cell.style.fillOpacity = Math.abs(value) / largest;
  return cell;
}

/** A ring on both cells of a true pair, dark on light, so that it shows on every colour. */
function buildRings({ i, j }) {
  return [[i, j], [j, i]].flatMap(([row, column]) => {
    const { x, y } = cellBox(row, column);
    const place = { cx: x + CELL / 2, cy: y + CELL / 2, r: 2.4 };
    return [makeSvg("circle", { class: "ring casing", ...place }), makeSvg("circle", { class: "ring", ...place })];
  });
}

/** Largest number of the matrix, to which colours are drawn; probabilities go to 1. */
export function largestOf(data) {
  if (data.matrix === "guess") return 1;
  return Math.max(...data.shares.flat().map((value) => Math.abs(value ?? 0))) || 1;
}

export function buildMatrix(svg, data) {
  const matrix = data[data.matrix];
  const largest = largestOf(data);
  const side = HEAD + CELL * data.balls.length;
  svg.setAttribute("viewBox", `0 0 ${side + 1} ${side + 1}`);
  const middle = (k) => HEAD + CELL * (k + 0.5);
  const heads = data.balls.flatMap((ball, k) => [buildHead(ball, k, HEAD / 2, middle(k)), buildHead(ball, k, middle(k), HEAD / 2)]);
  const cells = matrix.flatMap((row, i) => row.map((value, j) => buildCell(value, i, j, largest)));
  const outline = makeSvg("rect", { class: "outline" });
  const rings = makeSvg("g", { class: "rings" }, data.links.flatMap(buildRings));
  const ground = makeSvg("rect", { class: "paper", x: HEAD, y: HEAD, width: side - HEAD, height: side - HEAD });
  const asked = makeSvg("g", {}, [0, 1].map(() => makeSvg("rect", { class: "asked" })));
  svg.replaceChildren(ground, ...cells, rings, asked, outline, ...heads);
}

function placeBox(rect, box) {
  for (const [name, value] of Object.entries(box)) rect.setAttribute(name, value);
}

/** Outline the row of a ball or one cell, frame the pair asked about, and ring the true pairs where truth is shown. */
export function markMatrix(svg, { ball, cell, asked, data, springs }) {
  svg.querySelector(".rings").style.display = springs ? "" : "none";
  for (const [k, frame] of [...svg.querySelectorAll(".asked")].entries()) {
    frame.style.display = asked === null ? "none" : "";
    if (asked !== null) placeBox(frame, k === 0 ? cellBox(...asked) : cellBox(asked[1], asked[0]));
  }
  const outline = svg.querySelector(".outline");
  const row = { x: HEAD, y: HEAD + CELL * (ball ?? 0), width: CELL * data.balls.length, height: CELL };
  placeBox(outline, cell === null ? row : cellBox(...cell));
  outline.style.display = ball === null && cell === null ? "none" : "";
}

// Error

function chartScale(data) {
  const { width, height, left, right, top, bottom } = CHART;
  const most = Math.max(...CURVES.flatMap(([, key]) => data[key] ?? []), 1e-6);
  const n = data.ahead.length;
  return {
    most,
    x: (frame) => left + ((width - left - right) * frame) / n,
    y: (error) => height - bottom - ((height - top - bottom) * error) / most,
  };
}

/** The error at a time after the last seen frame, where nothing is wrong yet. */
export function errorAt(errors, time) {
  const all = [0, ...errors];
  const k = Math.min(Math.floor(time), all.length - 1);
  return all[k] + ((all[k + 1] ?? all[k]) - all[k]) * (time - k);
}

function curveOf(errors, time, { x, y }) {
  const points = [0, ...errors].slice(0, Math.floor(time) + 1).map((error, k) => `${x(k)} ${y(error)}`);
  return `M${[...points, `${x(time)} ${y(errorAt(errors, time))}`].join("L")}`;
}

function writing(name, x, y, words) {
  const text = makeSvg("text", { class: name, x, y });
  text.textContent = words;
  return text;
}

/** Draw both errors up to a time after the last seen frame, each named at its end. */
export function drawErrors(svg, data, time) {
  const { width, height, left, right, bottom } = CHART;
  const scale = chartScale(data);
  const floor = height - bottom;
  const end = width - right;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const axes = [
    makeSvg("path", { class: "axis", d: `M${left} ${scale.y(scale.most)}V${floor}H${end}` }),
    writing("tick end", left - 6, floor, "0"),
    writing("tick end", left - 6, scale.y(scale.most), scale.most.toFixed(2)),
    writing("tick middle", left, floor + 20, "0 s"),
    writing("tick middle", end, floor + 20, `${(data.ahead.length / data.frameRate).toFixed(1)} s`),
  ];
  const curves = CURVES.filter(([, key]) => data[key] !== null).map(([name, key]) => {
    const error = errorAt(data[key], time);
    return { name, key, error, x: scale.x(time) + 7, y: scale.y(error), d: curveOf(data[key], time, scale) };
  });
  part(curves);
  svg.replaceChildren(
    ...axes,
    ...curves.map(({ key, d }) => makeSvg("path", { class: `curve ${key}`, d })),
    ...curves.flatMap(({ key, x, y, name, error }) => [
      writing(`curve-name ${key}`, x, y - LINE_GAP / 4, name),
      writing(`curve-name ${key}`, x, y + LINE_GAP / 4, error.toFixed(3)),
    ]),
  );
}

/** Move the labels of two lines apart where they would lie on each other. */
function part(curves) {
  if (curves.length < 2) return;
  const [upper, lower] = curves[0].y < curves[1].y ? curves : [curves[1], curves[0]];
  const lack = LINE_GAP - (lower.y - upper.y);
  if (lack > 0) upper.y -= lack;
  upper.y = Math.max(upper.y, LINE_GAP / 2);
  lower.y = Math.max(lower.y, upper.y + LINE_GAP);
}

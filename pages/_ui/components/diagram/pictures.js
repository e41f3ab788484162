// The small pictures of the diagram's stages: a scene, a grid of numbers, bars of answers; each in a square.

import { makeSvg } from "../dom.js";
import { signOf } from "../numbers.js";

const IMAGE = 75; // pixels of a scene's side
const RADIUS = 5; // of its objects
const TONES = 6; // strengths of color that numbers are drawn in

function makeText(words, attributes) {
  const text = makeSvg("text", attributes);
  text.textContent = words;
  return text;
}

/** Numbers of a matrix as paths, one per sign and tone: {sign, tone, path}; zeros are left out. */
export function tonePaths(values, side) {
  const step = side / Math.max(values.length, values[0].length);
  const paths = new Map();
  values.forEach((row, i) =>
    row.forEach((value, j) => {
      const tone = Math.min(TONES, Math.ceil(Math.abs(value) * TONES));
      if (tone === 0) return;
      const key = `${signOf(value)} ${tone}`;
      paths.set(key, `${paths.get(key) ?? ""}M${j * step} ${i * step}h${step}v${step}h${-step}z`);
    }),
  );
  return [...paths].map(([key, path]) => ({ sign: key.split(" ")[0], tone: Number(key.split(" ")[1]), path }));
}

function drawGrid({ values, marked }, side) {
  const [rows, columns] = [values.length, values[0].length];
  const step = side / Math.max(rows, columns);
  const [left, top] = [(side - columns * step) / 2, (side - rows * step) / 2];
  const group = makeSvg("g", { transform: `translate(${left} ${top})` });
  group.append(makeSvg("rect", { class: "ground", width: columns * step, height: rows * step }));
  for (const { sign, tone, path } of tonePaths(values, side)) {
    group.append(makeSvg("path", { class: `value ${sign}`, d: path, "fill-opacity": (tone / TONES).toFixed(2) }));
  }
  if (marked !== null) {
    const [i, j] = marked;
    group.append(makeSvg("rect", { class: "marked", x: j * step - 1.5, y: i * step - 1.5, width: step + 3, height: step + 3 }));
  }
  return group;
}

function drawThing({ x, y, shape, fill }) {
  if (shape === "circle") return makeSvg("circle", { class: "thing", cx: x, cy: y, r: RADIUS, fill });
  return makeSvg("rect", { class: "thing", x: x - RADIUS, y: y - RADIUS, width: 2 * RADIUS, height: 2 * RADIUS, fill });
}

function drawScene({ things, cells, marks }, side) {
  const scale = side / IMAGE;
  const picture = makeSvg("g", { transform: `scale(${scale}) translate(0.5 0.5)` }, things.map(drawThing));
  const group = makeSvg("g", {}, [makeSvg("rect", { class: "ground", width: side, height: side }), picture]);
  if (cells > 0) {
    const edges = Array.from({ length: cells - 1 }, (_, k) => ((k + 0.5) * 16 + 0.5) * scale);
    const lines = edges.map((edge) => `M${edge} 0V${side}M0 ${edge}H${side}`).join("");
    group.append(makeSvg("path", { class: "cells", d: lines }));
  }
  for (const { x, y, reach, text } of marks) {
    const [left, top] = [x, y].map((place) => Math.max(0, (place + 0.5 - reach) * scale));
    const [right, bottom] = [x, y].map((place) => Math.min(side, (place + 0.5 + reach) * scale));
    group.append(makeSvg("rect", { class: "mark", x: left, y: top, width: right - left, height: bottom - top }));
    const place = { x: (left + right) / 2, y: (top + bottom) / 2, dy: "0.35em" };
    group.append(makeText(text, { class: "mark-text", ...place, "font-size": side / 7 }));
  }
  return group;
}

function drawBars({ bars }, side, wide) {
  const row = side / 3;
  const font = Math.min(row * 0.45, wide / 8);
  const group = makeSvg("g", { class: "bars", "font-size": font, transform: `translate(${(side - wide) / 2} 0)` });
  bars.forEach(({ name, share, text }, k) => {
    const y = k * row + font;
    group.append(makeText(name, { x: 0, y }), makeText(text, { class: "share", x: wide, y }));
    group.append(makeSvg("rect", { class: "bar", y: y + font * 0.4, width: Math.max(2, share * wide), height: font * 0.6 }));
  });
  return group;
}

const DRAW = { grid: drawGrid, scene: drawScene, bars: drawBars };

/** The picture of a stage, in a square from (0, 0), around which there is room for something wider. */
export function drawPicture(stage, side, wide) {
  return DRAW[stage.kind](stage, side, wide);
}

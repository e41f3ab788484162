// Geometry of nodes and arcs, in units of the stage: a pixel of the image that pixel models of Sort-of-CLEVR see.

import { clamp } from "../numbers.js";

export const CELL_RIM = 2.2; // arcs between cells end this far from their centres
const LETTER_RIM = 2.6; // and arcs over a picture this far from the letters on it
const GAP = 1.2; // between an object's rim and an arc's end
export const PAD = 4; // room around the image for rings, arcs and tags
export const GROUND_BAND = 8; // height below the image for the ground's chip
export const CHIP = { width: 30, height: 5.4 };

const ARM = 0.4; // half the width of a cross's arm, of half its size
/** Shapes with straight sides, as corners around (0, 0), of half their size. */
export const POLYGONS = {
  triangle: [[0, -1], [1.05, 0.9], [-1.05, 0.9]],
  diamond: [[0, -1.05], [1.05, 0], [0, 1.05], [-1.05, 0]],
  cross: [
    [-ARM, -1], [ARM, -1], [ARM, -ARM], [1, -ARM], [1, ARM], [ARM, ARM],
    [ARM, 1], [-ARM, 1], [-ARM, ARM], [-1, ARM], [-1, -ARM], [-ARM, -ARM],
  ],
  star: cornersAround([1.1, 0.5, 1.1, 0.5, 1.1, 0.5, 1.1, 0.5, 1.1, 0.5]),
  pentagon: cornersAround([1.05, 1.05, 1.05, 1.05, 1.05]),
  hexagon: cornersAround([1, 1, 1, 1, 1, 1]),
};

/** Corners at these distances from (0, 0), evenly around it, the first one at the top. */
function cornersAround(distances) {
  return distances.map((distance, k) => {
    const angle = (2 * Math.PI * k) / distances.length;
    return [distance * Math.sin(angle), -distance * Math.cos(angle)];
  });
}

/** Nodes with the places they have now, edits on their way to the server included. */
export function placeNodes(data, objects) {
  return data.nodes.map((node, k) => {
    if (node.kind === "object") return { ...node, ...objects[k] };
    if (node.kind === "ground") return { ...node, x: middleOf(data).x, y: data.height + PAD + 1 };
    return node;
  });
}

/** Where an arc that leaves `node` along a unit vector should start, as a distance from its centre. */
export function rimDistance(node, unitX, unitY) {
  if (node.kind === "cell") return CELL_RIM;
  if (node.kind === "ground") return Math.min(CHIP.width / 2 / Math.abs(unitX), CHIP.height / 2 / Math.abs(unitY)) + GAP;
  if (node.shape === "spot") return Math.min(node.radius, LETTER_RIM) + GAP;
  if (node.shape !== "square") return node.radius + GAP;
  const turn = (-node.turn * Math.PI) / 180;
  const along = [unitX * Math.cos(turn) - unitY * Math.sin(turn), unitX * Math.sin(turn) + unitY * Math.cos(turn)];
  return node.radius / Math.max(...along.map(Math.abs)) + GAP;
}

export function leave(node, towards) {
  const length = Math.hypot(towards.x - node.x, towards.y - node.y) || 1;
  const unitX = (towards.x - node.x) / length;
  const unitY = (towards.y - node.y) / length;
  const rim = rimDistance(node, unitX, unitY);
  return { x: node.x + unitX * rim, y: node.y + unitY * rim };
}

/** Quadratic curve from one node to another, always bent to the same side, so that (i, j) and (j, i) part. */
export function makeCurve(from, to) {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const length = Math.hypot(dx, dy) || 1;
  const bend = Math.min(12, 3 + 50 / length + 0.12 * length); // near nodes need a bigger bow to be seen at all
  const control = { x: (from.x + to.x) / 2 + (dy / length) * bend, y: (from.y + to.y) / 2 - (dx / length) * bend };
  return { start: leave(from, control), control, end: leave(to, control) };
}

export function pointOn(curve, t) {
  const mix = (axis) =>
    (1 - t) ** 2 * curve.start[axis] + 2 * t * (1 - t) * curve.control[axis] + t ** 2 * curve.end[axis];
  return { x: mix("x"), y: mix("y") };
}

/** Path of the line, cut short for its arrowhead, and the arrowhead's three corners. */
export function makeArrow(curve, width) {
  const { start, control, end } = curve;
  const length = Math.hypot(end.x - control.x, end.y - control.y) || 1;
  const unitX = (end.x - control.x) / length;
  const unitY = (end.y - control.y) / length;
  const head = 1.6 + width;
  const neck = { x: end.x - unitX * head, y: end.y - unitY * head };
  const wing = head * 0.6;
  const tip = [
    [end.x, end.y],
    [neck.x - unitY * wing, neck.y + unitX * wing],
    [neck.x + unitY * wing, neck.y - unitX * wing],
  ];
  return {
    line: `M${start.x} ${start.y}Q${control.x} ${control.y} ${neck.x} ${neck.y}`,
    tip: tip.map((corner) => corner.join(",")).join(" "),
  };
}

/** Outline of a node, `gap` away from it, as a closed path: rings of pairs (i, i), halos, marks. */
export function outline(node, gap) {
  if (node.kind === "ground") return roundedBox(node, CHIP.width / 2 + gap, CHIP.height / 2 + gap, 1.5);
  if (node.kind === "object" && node.shape === "square") {
    return roundedBox(node, node.radius + gap, node.radius + gap, gap);
  }
  const radius = (node.kind === "cell" ? CELL_RIM : node.radius) + gap;
  if (node.shape in POLYGONS) {
    return `M${POLYGONS[node.shape].map(([x, y]) => `${node.x + radius * x} ${node.y + radius * y}`).join("L")}Z`;
  }
  return `M${node.x - radius} ${node.y}a${radius} ${radius} 0 1 1 ${2 * radius} 0a${radius} ${radius} 0 1 1 ${-2 * radius} 0Z`;
}

function roundedBox(center, halfWidth, halfHeight, corner) {
  const arc = (x, y) => `a${corner} ${corner} 0 0 1 ${x} ${y}`;
  return (
    `M${center.x - halfWidth + corner} ${center.y - halfHeight}h${2 * (halfWidth - corner)}${arc(corner, corner)}` +
    `v${2 * (halfHeight - corner)}${arc(-corner, corner)}h${-2 * (halfWidth - corner)}${arc(-corner, -corner)}` +
    `v${-2 * (halfHeight - corner)}${arc(corner, -corner)}Z`
  );
}

/** A turned square's outline is drawn straight and turned as a whole. */
export function turnOf(node) {
  return node.turn ? `rotate(${node.turn} ${node.x} ${node.y})` : "";
}

function isIn({ x, y, width, height }, point) {
  return point.x >= x && point.x <= x + width && point.y >= y && point.y <= y + height;
}

/** Number of the cell under a point, or null outside them. */
export function cellAt(point, data) {
  const k = data.nodes.findIndex(({ box }) => box && isIn(box, point));
  return k < 0 ? null : k;
}

export function middleOf(data) {
  return { x: (data.width - 1) / 2, y: (data.height - 1) / 2 };
}

export function turnAbout(center, point, degrees) {
  const [dx, dy] = [point.x - center.x, point.y - center.y];
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  return { x: center.x + dx * cos - dy * sin, y: center.y + dx * sin + dy * cos };
}

/** The nearest place on the ground where an object may have its centre: of a grid that is turned as the ground is. */
export function toGround(point, data) {
  const middle = middleOf(data);
  const straight = turnAbout(middle, point, -data.turn);
  const onGrid = (value) => {
    const steps = Math.round((clamp(value, data.lowest, data.highest) - data.origin) / data.grain);
    return data.origin + steps * data.grain;
  };
  const place = { x: onGrid(straight.x), y: onGrid(straight.y) };
  return data.turn ? turnAbout(middle, place, data.turn) : place;
}

/** A place in words, in the units that are told. */
export function describePlace({ x, y }, { origin, scale }) {
  const [across, down] = [x, y].map((value) => Number(((value - origin) / scale).toFixed(scale === 1 ? 0 : 2)));
  return `x ${across}, y ${down}`;
}

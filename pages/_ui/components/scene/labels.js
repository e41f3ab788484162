// Where arrows and their numbers stand: no number hides another one, an object, an arrow's head or a word at the side.

import { clamp, formatShare, signOf } from "../numbers.js";
import { choosePairs } from "../pairs.js";
import { placesAround } from "../places.js";
import { CELL_RIM, CHIP, GROUND_BAND, PAD, makeArrow, makeCurve, outline, placeNodes, pointOn, turnOf } from "./geometry.js";

const FONT = { plain: 2.8, projector: 3.3 }; // of the numbers; the same in scene.css
const OVER_PICTURE = 1.3; // how much larger they are over a picture, whose units are smaller; as in picture.css
const SIDE = 2.8; // size of the words at the sides; the same in scene.css
const LETTER = 0.58; // width of a letter, in font sizes
const AIR = 0.3; // least room around a number
const STEP = 1.5; // between the rings of the search for free room

/** The arrow of a pair, or a ring of a node with itself: its path, and its head's corners (null for a ring). */
function shapeArc(pair, nodes, full) {
  const [from, to] = [nodes[pair.i], nodes[pair.j]];
  const thinnest = pair.style === "pinned" ? 1.1 : 0.45;
  const widest = to.kind === "cell" ? 1.7 : 2.4;
  const width = Math.max(thinnest, 0.45 + (widest - 0.45) * Math.min(1, Math.abs(pair.share) / full) ** 0.75);
  if (pair.i === pair.j) return { ...pair, width, line: outline(to, 1.5), turn: turnOf(to), tip: null };
  return { ...pair, width, turn: "", ...makeArrow(makeCurve(from, to), width) };
}

/** The pair whose line says what decides the question, or null where that is not shown. */
export function truthOf({ showTruth, truePairs, deciding }) {
  if (!showTruth || truePairs.length === 0) return null;
  return truePairs.find((pair) => pair.every((k) => deciding.includes(k))) ?? truePairs[0];
}

// Places, best first

/** Places beside an arc, on it, or around a ring, where a number's box may stand. */
function tagPlaces(pair, nodes, box) {
  const [from, to] = [nodes[pair.i], nodes[pair.j]];
  if (pair.i === pair.j) return ringPlaces(to, box);
  const curve = makeCurve(from, to);
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const out = { x: (to.y - from.y) / length, y: (from.x - to.x) / length }; // towards the curve's outer side
  const away = 1.6 + (Math.abs(out.x) * box.width + Math.abs(out.y) * box.height) / 2;
  return [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74].flatMap((t) => {
    const anchor = pointOn(curve, t);
    return [{ x: anchor.x + out.x * away, y: anchor.y + out.y * away, anchor }, { ...anchor, anchor }];
  });
}

function ringPlaces({ x, y, kind, radius }, box) {
  const rim = (kind === "object" ? radius : CELL_RIM) + 2;
  const tall = rim + box.height / 2;
  const wide = rim + box.width / 2;
  return [{ x, y: y - tall }, { x, y: y + tall }, { x: x + wide, y }, { x: x - wide, y }];
}

function flagPlaces([i, j], nodes, box) {
  const between = (t) => ({ x: nodes[j].x + (nodes[i].x - nodes[j].x) * t, y: nodes[j].y + (nodes[i].y - nodes[j].y) * t });
  const onLine = i === j ? [] : [0.5, 0.4, 0.6, 0.3, 0.7].map(between);
  return [...onLine, ...ringPlaces(nodes[i], box), ...ringPlaces(nodes[j], box)];
}

/** Places within a triangle, its middle first. */
function trianglePlaces(corners) {
  return [[1, 1, 1], [1, 1, 2], [1, 1, 4], [3, 1, 2], [1, 3, 2]].map((parts) => {
    const whole = parts.reduce((sum, part) => sum + part, 0);
    const mean = (axis) => corners.reduce((sum, corner, k) => sum + (corner[axis] * parts[k]) / whole, 0);
    return { x: mean("x"), y: mean("y") };
  });
}

// What is in the way, as boxes with their middles

function objectBox({ x, y, radius, shape, turn }) {
  const angle = shape === "square" ? (turn * Math.PI) / 180 : 0;
  const side = 2 * radius * (Math.abs(Math.cos(angle)) + Math.abs(Math.sin(angle)));
  return { x, y, width: side, height: side };
}

function headBox(tip) {
  const corners = tip.split(" ").map((corner) => corner.split(",").map(Number));
  const [left, top] = [0, 1].map((axis) => Math.min(...corners.map((corner) => corner[axis])));
  const [right, bottom] = [0, 1].map((axis) => Math.max(...corners.map((corner) => corner[axis])));
  return { x: (left + right) / 2, y: (top + bottom) / 2, width: right - left, height: bottom - top };
}

function wordBox([word, x, y, degrees], { image }) {
  const height = SIDE * (image ? OVER_PICTURE : 1);
  const length = word.length * height * LETTER;
  return degrees === 0 ? { x, y, width: length, height } : { x, y, width: height, height: length };
}

/** What no number may cover. */
function findObstacles(data, nodes, objects, arcs) {
  const heads = arcs.filter(({ tip }) => tip !== null).map(({ tip }) => headBox(tip));
  const chips = nodes.filter(({ kind }) => kind === "ground").map(({ x, y }) => ({ x, y, ...CHIP }));
  return [...objects.map(objectBox), ...heads, ...chips, ...data.words.map((word) => wordBox(word, data))];
}

/** Small boxes along an arc; a number that covered another pair's arc would seem to belong to it. */
function arcBoxes(pair, nodes) {
  if (pair.i === pair.j) return [];
  const curve = makeCurve(nodes[pair.i], nodes[pair.j]);
  return [0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1].map((t) => ({ ...pointOn(curve, t), width: 3, height: 3 }));
}

// The solver

function overlap(one, other, air = 0) {
  const across = (one.width + other.width) / 2 + air - Math.abs(one.x - other.x);
  const down = (one.height + other.height) / 2 + air - Math.abs(one.y - other.y);
  return across > 0 && down > 0 ? across * down : 0;
}

function coverage(box, others) {
  return others.reduce((sum, other) => sum + overlap(box, other), 0);
}

/** The stage as a box, in which numbers stay. */
function frameOf(data) {
  const band = data.nodes.some(({ kind }) => kind === "ground") ? GROUND_BAND : 0;
  const [width, height] = [data.width + 2 * PAD, data.height + 2 * PAD + band];
  return { left: -0.5 - PAD, top: -0.5 - PAD, right: width - 0.5 - PAD, bottom: height - 0.5 - PAD };
}

function keepInside(place, { width, height }, { left, top, right, bottom }) {
  const x = clamp(place.x, left + width / 2, right - width / 2);
  const y = clamp(place.y, top + height / 2, bottom - height / 2);
  return { ...place, x, y, width, height };
}

/**
 * Where a box stands: at the place that covers nothing hard and least of what is soft, the first of equals. Where each
 * of the places covers something hard, at the nearest one around the first that does not.
 */
export function placeBox(places, size, hard, soft, frame) {
  const boxes = places.map((place) => keepInside(place, size, frame));
  const isFree = (box) => hard.every((other) => overlap(box, other, AIR) === 0);
  const free = boxes.filter(isFree);
  if (free.length > 0) return leastOf(free, soft);
  const anchor = places[0].anchor ?? places[0];
  const furthest = Math.hypot(frame.right - frame.left, frame.bottom - frame.top);
  for (const place of placesAround(boxes[0], STEP, furthest)) {
    const box = keepInside({ ...place, anchor }, size, frame);
    if (isFree(box)) return box;
  }
  return leastOf(boxes, hard);
}

function leastOf(boxes, others) {
  const covered = boxes.map((box) => coverage(box, others));
  return boxes[covered.indexOf(Math.min(...covered))];
}

function sizeOf(text, { projector, image }) {
  const font = (projector ? FONT.projector : FONT.plain) * (image ? OVER_PICTURE : 1);
  return { width: text.length * font * LETTER + 1.4, height: font * 1.35 };
}

/**
 * Nodes, arrows and numbers as they stand on the stage: the pinned pair's number first and then by size, since who comes
 * first gets the better place; the flag of what decides comes last.
 */
export function layOut(data, objects, active, pinned) {
  const nodes = placeNodes(data, objects);
  const arcs = choosePairs(data, active, pinned).map((pair) => shapeArc(pair, nodes, data.full));
  const frame = frameOf(data);
  const hard = findObstacles(data, nodes, objects, arcs);
  const isPinned = ({ style }) => style === "pinned";
  const tags = [...arcs.filter(isPinned), ...arcs.filter((arc) => !isPinned(arc))].map((arc) => {
    const text = formatShare(arc.share);
    const size = sizeOf(text, data);
    const soft = arcs.filter((other) => other !== arc).flatMap((other) => arcBoxes(other, nodes));
    const box = placeBox(tagPlaces(arc, nodes, size), size, hard, soft, frame);
    hard.push(box);
    return { ...box, text, sign: signOf(arc.share), style: arc.style };
  });
  for (const { members, share } of data.triples ?? []) {
    const text = formatShare(share);
    const box = placeBox(trianglePlaces(members.map((k) => nodes[k])), sizeOf(text, data), hard, [], frame);
    hard.push(box);
    tags.push({ ...box, text, sign: signOf(share), style: "subtle" });
  }
  (data.path ?? []).forEach((k, step) => {
    const size = sizeOf(String(step), data);
    const box = placeBox(ringPlaces(nodes[k], size), size, hard, [], frame);
    hard.push(box);
    tags.push({ ...box, anchor: nodes[k], text: String(step), sign: "", style: "step" });
  });
  const decided = truthOf(data);
  if (decided === null) return { nodes, arcs, tags, flag: null };
  const size = sizeOf("decides", data);
  return { nodes, arcs, tags, flag: { ...placeBox(flagPlaces(decided, nodes, size), size, hard, [], frame), text: "decides" } };
}

// Drawing: from the state to the SVG. Elements that a person can hold or focus are kept; arcs are made anew.

import { makeSvg } from "../dom.js";
import { clamp, formatShare, signOf } from "../numbers.js";
import { choosePairs } from "../pairs.js";
import {
  CELL_RIM, GROUND_BAND, PAD, describePlace, leave, makeArrow, makeCurve, middleOf, outline, pointOn, turnOf,
} from "./geometry.js";

// From back to front. Arcs pass behind objects, but cells lie under objects and so would their arcs.
// Grips, the wide invisible strokes that make arcs easy to click, never cover an object.
const LAYERS = {
  objects: ["triples", "nodes", "grips", "arcs", "truth", "objects", "tags"],
  cells: ["triples", "nodes", "grips", "objects", "arcs", "truth", "tags"],
};
const FONT = { plain: 2.8, projector: 3.3 }; // of the numbers; the same in scene.css
const OVER_PICTURE = 1.3; // how much larger they are over a picture, whose units are smaller; as in scene_picture.css

/** Nodes with the places they have now, edits on their way to the server included. */
export function placeNodes(data, objects) {
  return data.nodes.map((node, k) => {
    if (node.kind === "object") return { ...node, ...objects[k] };
    if (node.kind === "ground") return { ...node, x: middleOf(data).x, y: data.height + PAD + 1 };
    return node;
  });
}

function describeObject(thing, { editable, toggles, origin, scale }) {
  const keys = [editable && "arrow keys move it", toggles && "S changes its shape", "Enter picks it"].filter(Boolean);
  return `${thing.words ?? `${thing.name} ${thing.shape}`}, ${describePlace(thing, { origin, scale })}; ${keys.join(", ")}`;
}

/** Everything that does not move: ground, picture, lines and words, and empty layers in drawing order. */
export function buildStage(stage, data) {
  const band = data.nodes.some((node) => node.kind === "ground") ? GROUND_BAND : 0;
  stage.replaceChildren();
  stage.setAttribute("viewBox", `${-0.5 - PAD} ${-0.5 - PAD} ${data.width + 2 * PAD} ${data.height + 2 * PAD + band}`);
  const middle = middleOf(data);
  const turn = data.turn ? { transform: `rotate(${data.turn} ${middle.x} ${middle.y})` } : {};
  stage.append(makeSvg("rect", { class: "ground", ...data.ground, ...turn }));
  if (data.image) stage.append(makeSvg("image", { class: "picture", x: -0.5, y: -0.5, width: data.width, height: data.height }));
  for (const [x1, y1, x2, y2] of data.lines) stage.append(makeSvg("line", { class: "middle", x1, y1, x2, y2 }));
  for (const arrow of data.arrows) stage.append(buildDirection(arrow));
  for (const [word, x, y, degrees] of data.words) {
    const transform = `translate(${x} ${y}) rotate(${degrees})`;
    const text = makeSvg("text", { class: "side", "aria-hidden": "true", transform });
    text.textContent = word;
    stage.append(text);
  }
  const layers = {};
  for (const name of LAYERS[data.mode]) layers[name] = stage.appendChild(makeSvg("g", { class: name }));
  return layers;
}

/** An arrow of the backdrop, such as where "right" is. */
function buildDirection([x1, y1, x2, y2]) {
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [unitX, unitY] = [(x2 - x1) / length, (y2 - y1) / length];
  const neck = { x: x2 - unitX * 2.4, y: y2 - unitY * 2.4 };
  const wings = [1, -1].map((side) => `${neck.x - unitY * 1.3 * side},${neck.y + unitX * 1.3 * side}`);
  return makeSvg("g", { class: "direction" }, [
    makeSvg("line", { x1, y1, x2: neck.x, y2: neck.y }),
    makeSvg("polygon", { points: `${x2},${y2} ${wings.join(" ")}` }),
  ]);
}

/** One element an object, made once, so that focus and a finger's hold survive new data. */
export function buildObject(id) {
  return makeSvg("g", { class: "object", "data-object": id, tabindex: 0, role: "button" }, [
    makeSvg("path", { class: "shape" }),
    makeSvg("path", { class: "halo" }),
    makeSvg("text", { class: "name", "aria-hidden": "true" }),
  ]);
}

function updateObject(element, thing, node, marks) {
  const [shape, halo, name] = element.children;
  const placed = { ...thing, kind: "object" };
  const ring = thing.shape === "ringed" ? outline({ ...placed, radius: 0.72 * thing.radius }, 0) : "";
  shape.setAttribute("d", outline(placed, thing.shape === "circle" ? -0.25 : 0) + ring);
  shape.setAttribute("fill", thing.fill);
  halo.setAttribute("d", outline(placed, 0.8));
  for (const part of [shape, halo]) part.setAttribute("transform", turnOf(thing));
  name.textContent = thing.name;
  name.setAttribute("x", thing.x);
  name.setAttribute("y", thing.y);
  name.setAttribute("fill", thing.ink);
  element.classList.toggle("spot", thing.shape === "spot");
  element.setAttribute("aria-label", describeObject(thing, marks.data));
  element.setAttribute("aria-pressed", marks.chosen);
  if (node !== null) element.setAttribute("data-node", node);
  for (const mark of ["chosen", "overlapping", "dimmed"]) element.classList.toggle(mark, marks[mark]);
}

/** Cells and the ground: nodes that are no objects. */
export function buildNode(node, k) {
  const attributes = { class: "node", "data-node": k, role: "button", tabindex: node.kind === "ground" || k === 0 ? 0 : -1 };
  attributes["aria-label"] = node.kind === "cell" ? `cell ${node.label}; arrow keys go to the next cell, Enter picks it` : `${node.label}; Enter picks it`;
  if (node.kind === "cell") {
    return makeSvg("g", attributes, [
      makeSvg("rect", { class: "heat", ...node.box }),
      makeSvg("rect", { class: "cell", ...node.box }),
      makeSvg("circle", { class: "dot", cx: node.x, cy: node.y, r: 0.5 }),
      makeSvg("path", { class: "halo cell-halo", d: outline(node, 0.6) }),
    ]);
  }
  const name = makeSvg("text", { class: "name", x: node.x, y: node.y, "aria-hidden": "true" });
  name.textContent = node.label;
  return makeSvg("g", attributes, [
    makeSvg("path", { class: "chip", d: outline(node, 0) }),
    makeSvg("path", { class: "halo", d: outline(node, 0.8) }),
    name,
  ]);
}

function buildArc(pair, nodes, full) {
  const from = nodes[pair.i];
  const to = nodes[pair.j];
  const sign = signOf(pair.share);
  const thinnest = pair.style === "pinned" ? 1.1 : 0.45;
  const widest = to.kind === "cell" ? 1.7 : 2.4;
  const width = Math.max(thinnest, 0.45 + (widest - 0.45) * Math.min(1, Math.abs(pair.share) / full) ** 0.75);
  const group = makeSvg("g", { class: `arc ${pair.style} ${sign}` });
  const isRing = pair.i === pair.j;
  const arrow = isRing ? { line: outline(to, 1.5), turn: turnOf(to) } : makeArrow(makeCurve(from, to), width);
  const transform = arrow.turn ?? "";
  const stroke = (name, extra) => makeSvg("path", { class: name, d: arrow.line, transform, "stroke-width": width + extra });
  group.append(stroke("casing", 0.8), stroke(`line ${sign}`, 0));
  if (!isRing) group.append(makeSvg("polygon", { class: `tip ${sign}`, points: arrow.tip }));
  const grip = stroke("grip", 2.5);
  grip.setAttribute("data-arc", `${pair.i},${pair.j}`);
  return { group, grip };
}

/** Places beside an arc, on it, or around a ring, where a number's box may stand; best first. */
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

function overlap(one, other) {
  return (
    Math.max(0, (one.width + other.width) / 2 - Math.abs(one.x - other.x)) *
    Math.max(0, (one.height + other.height) / 2 - Math.abs(one.y - other.y))
  );
}

/** The first place whose box is free of objects and of earlier tags, or the one that covers least of them. */
function placeTag(places, box, taken, data) {
  const boxes = places.map((place) => ({
    ...place,
    x: clamp(place.x, box.width / 2 - PAD, data.width - 1 + PAD - box.width / 2),
    y: clamp(place.y, box.height / 2 - PAD, data.height - 1 + PAD - box.height / 2),
    ...box,
  }));
  const covered = boxes.map((candidate) => taken.reduce((sum, other) => sum + overlap(candidate, other), 0));
  return boxes[covered.indexOf(Math.min(...covered))];
}

function buildTag(text, box, name) {
  const label = makeSvg("text", { x: box.x, y: box.y });
  label.textContent = text;
  const { width, height } = box;
  const anchor = box.anchor ?? box;
  return makeSvg("g", { class: `tag ${name}` }, [
    makeSvg("path", { class: "leader", d: `M${anchor.x} ${anchor.y}L${box.x} ${box.y}` }),
    makeSvg("rect", { x: box.x - width / 2, y: box.y - height / 2, width, height, rx: height / 3 }),
    label,
  ]);
}

function tagSize(text, { projector, image }) {
  const font = (projector ? FONT.projector : FONT.plain) * (image ? OVER_PICTURE : 1);
  return { width: text.length * font * 0.58 + 1.4, height: font * 1.35 };
}

/** The strongest triples as triangles with their numbers; one that holds an object twice is a line. */
function drawTriples(layers, nodes, data, taken) {
  const shapes = data.triples.map(({ members, share }) => {
    const corners = members.map((k) => nodes[k]);
    const strength = Math.min(1, Math.abs(share) / data.full);
    const shape = makeSvg("polygon", {
      class: `triple ${signOf(share)}`, points: corners.map(({ x, y }) => `${x},${y}`).join(" "),
      "fill-opacity": 0.06 + 0.3 * strength, "stroke-width": 0.5 + 1.2 * strength,
    });
    const text = formatShare(share);
    const size = tagSize(text, data);
    const middle = (weights) => ({
      x: corners.reduce((sum, { x }, k) => sum + x * weights[k], 0),
      y: corners.reduce((sum, { y }, k) => sum + y * weights[k], 0),
    });
    const places = [[1, 1, 1], [1, 1, 2], [1, 1, 4], [3, 1, 2], [1, 3, 2]].map((parts) => {
      const whole = parts.reduce((sum, part) => sum + part, 0);
      return middle(parts.map((part) => part / whole));
    });
    const box = placeTag(places, size, taken, data);
    taken.push(box);
    layers.tags.append(buildTag(text, { ...box, anchor: box }, `${signOf(share)} subtle`));
    return shape;
  });
  layers.triples.replaceChildren(...shapes);
}

/** Boxes of the objects, which no number should cover. */
function objectBoxes(objects) {
  return objects.map(({ x, y, radius }) => ({ x, y, width: 2 * radius, height: 2 * radius }));
}

/** Small boxes along an arc; a number that covered another pair's arc would seem to belong to it. */
function arcBoxes(pair, nodes) {
  if (pair.i === pair.j) return [];
  const curve = makeCurve(nodes[pair.i], nodes[pair.j]);
  return [0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1].map((t) => ({ ...pointOn(curve, t), width: 3, height: 3 }));
}

/** Write each pair's number, the pinned one first and then by size: who comes first gets the better place. */
function drawTags(layers, pairs, nodes, objects, data) {
  const taken = objectBoxes(objects);
  layers.tags.replaceChildren();
  const isPinned = ({ style }) => style === "pinned";
  for (const pair of [...pairs.filter(isPinned), ...pairs.filter((other) => !isPinned(other))]) {
    const text = formatShare(pair.share);
    const size = tagSize(text, data);
    const arcs = pairs.filter((other) => other !== pair).flatMap((other) => arcBoxes(other, nodes));
    const box = placeTag(tagPlaces(pair, nodes, size), size, [...taken, ...arcs], data);
    taken.push(box);
    layers.tags.append(buildTag(text, box, `${signOf(pair.share)} ${pair.style}`));
  }
  return taken;
}

/** Dotted outlines of the objects that decide the question, a dotted line between, and a flag on it. */
function drawTruth(layers, nodes, data, taken) {
  layers.truth.replaceChildren();
  if (!data.showTruth || data.truePairs.length === 0) return;
  for (const k of data.deciding) {
    const d = outline(nodes[k], 2.4);
    layers.truth.append(makeSvg("path", { class: "truth-line", d, transform: turnOf(nodes[k]) }));
  }
  const [i, j] = data.truePairs.find((pair) => pair.every((k) => data.deciding.includes(k))) ?? data.truePairs[0];
  const text = "decides";
  const size = tagSize(text, data);
  const onLine = [0.5, 0.4, 0.6, 0.3, 0.7].map((t) => between(nodes[j], nodes[i], t));
  const places = [...(i === j ? [] : onLine), ...ringPlaces(nodes[i], size), ...ringPlaces(nodes[j], size)];
  if (i !== j) {
    const [from, to] = [leave(nodes[j], nodes[i]), leave(nodes[i], nodes[j])];
    layers.truth.append(makeSvg("path", { class: "truth-line", d: `M${from.x} ${from.y}L${to.x} ${to.y}` }));
  }
  layers.tags.append(buildTag(text, placeTag(places, size, taken, data), "flag"));
}

/** Colour every cell by what its pairs with the active one contribute, both orders together. */
function drawHeat(elements, active, weights, full) {
  const shares = weights.map((row, k) => (active === null ? 0 : k === active ? row[k] : row[active] + weights[active][k]));
  for (const [k, element] of elements) {
    const [heat] = element.children;
    heat.setAttribute("class", `heat ${signOf(shares[k])}`);
    heat.style.fillOpacity = 0.75 * Math.min(1, Math.abs(shares[k]) / full);
  }
}

function between(one, other, t) {
  return { x: one.x + (other.x - one.x) * t, y: one.y + (other.y - one.y) * t };
}

/** Draw everything that depends on the state. `view` is what `scene.js` makes of it: see `look`. */
export function drawScene(stage, layers, elements, view) {
  const { data, objects, active, picked, pinned, overlapping, stale } = view;
  const nodes = placeNodes(data, objects);
  const pairs = choosePairs(data, active, pinned);
  const lit = new Set(active === null ? [] : [active, ...pairs.flatMap(({ i, j }) => [i, j])]);
  const isObjectMode = data.mode === "objects";
  const isChosen = (k) => (picked === null ? pinned !== null && pinned.includes(k) : picked === k);
  objects.forEach((thing, k) => {
    const marks = {
      data,
      chosen: isObjectMode && isChosen(k),
      overlapping: overlapping.has(thing.id),
      dimmed: isObjectMode && !stale && active !== null && !lit.has(k),
    };
    updateObject(elements.objects.get(thing.id), thing, isObjectMode ? k : null, marks);
  });
  for (const [k, element] of elements.nodes) {
    element.classList.toggle("active", active === k);
    element.classList.toggle("chosen", isChosen(k));
  }
  if (data.heat) drawHeat(elements.nodes, active ?? picked, data.weights, data.full);
  const arcs = pairs.map((pair) => buildArc(pair, nodes, data.full));
  layers.arcs.replaceChildren(...arcs.map(({ group }) => group));
  layers.grips.replaceChildren(...arcs.map(({ grip }) => grip));
  const taken = drawTags(layers, pairs, nodes, objects, data);
  drawTriples(layers, nodes, data, taken);
  drawTruth(layers, nodes, data, taken);
  stage.classList.toggle("stale", stale);
}

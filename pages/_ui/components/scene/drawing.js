// Drawing: from the state to the SVG. Elements that a person can hold or focus are kept; arcs are made anew.

import { makeSvg } from "../dom.js";
import { signOf } from "../numbers.js";
import { GROUND_BAND, PAD, POLYGONS, describePlace, leave, middleOf, outline, turnAbout, turnOf } from "./geometry.js";
import { layOut, truthOf } from "./labels.js";

const MARK = 0.76; // radius of the mark within an object, in radii of it

// From back to front. Arcs pass behind objects, but cells lie under objects and so would their arcs.
// Grips, the wide invisible strokes that make arcs easy to click, never cover an object.
const LAYERS = {
  objects: ["zones", "triples", "nodes", "grips", "arcs", "truth", "path", "objects", "tags", "landing"],
  cells: ["zones", "triples", "nodes", "grips", "objects", "arcs", "truth", "path", "tags", "landing"],
};

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
  stage.append(buildHatching(data, turn), makeSvg("rect", { class: "ground", ...data.ground, ...turn }));
  if (data.image) stage.append(makeSvg("image", { class: "picture", x: -0.5, y: -0.5, width: data.width, height: data.height }));
  for (const [x1, y1, x2, y2] of data.lines) stage.append(makeSvg("line", { class: "middle", x1, y1, x2, y2 }));
  for (const arrow of data.arrows) stage.append(buildDirection(arrow));
  const layers = { words: stage.appendChild(makeSvg("g", {})) };
  for (const name of LAYERS[data.mode]) layers[name] = stage.appendChild(makeSvg("g", { class: name }));
  layers.zones.setAttribute("clip-path", "url(#ground)");
  return layers;
}

/** What zones are filled with, and the ground that they end at. */
function buildHatching(data, turn) {
  const pattern = { id: "hatching", patternUnits: "userSpaceOnUse", width: 1.5, height: 1.5, patternTransform: "rotate(45)" };
  return makeSvg("defs", {}, [
    makeSvg("pattern", pattern, [
      makeSvg("rect", { class: "zone", width: 1.5, height: 1.5 }),
      makeSvg("line", { class: "zone-line", x1: 0.75, y1: 0, x2: 0.75, y2: 1.5 }),
    ]),
    makeSvg("clipPath", { id: "ground" }, [makeSvg("rect", { ...data.ground, ...turn })]),
  ]);
}

/** The words of the backdrop: names of sides, or that a picture is yet to come. */
function drawWords(layers, { words }) {
  const texts = words.map(([word, x, y, degrees]) => {
    const transform = `translate(${x} ${y}) rotate(${degrees})`;
    const text = makeSvg("text", { class: "side", "aria-hidden": "true", transform });
    text.textContent = word;
    return text;
  });
  layers.words.replaceChildren(...texts);
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
    makeSvg("path", { class: "mark" }),
    makeSvg("path", { class: "halo" }),
    makeSvg("text", { class: "name", "aria-hidden": "true" }),
  ]);
}

/** What tells round bodies apart from above, a ring within a cylinder, a highlight within a sphere; a spot's own ring. */
function markOf(thing) {
  if (thing.shape === "spot") return outline(thing, 0);
  const radius = MARK * thing.radius;
  if (thing.shape === "ringed") return outline({ ...thing, radius }, 0);
  return thing.shape === "ball" ? `M${thing.x - radius} ${thing.y}a${radius} ${radius} 0 0 1 ${radius} ${-radius}` : "";
}

function updateObject(element, thing, node, marks) {
  const [shape, mark, halo, name] = element.children;
  const placed = { ...thing, kind: "object" };
  shape.setAttribute("d", outline(placed, thing.shape === "circle" ? -0.25 : 0));
  shape.setAttribute("fill", thing.fill);
  mark.setAttribute("d", markOf(placed));
  mark.setAttribute("stroke", thing.ink);
  halo.setAttribute("d", outline(placed, 0.8));
  for (const part of [shape, halo]) part.setAttribute("transform", turnOf(thing));
  name.textContent = thing.name;
  name.setAttribute("x", thing.x);
  name.setAttribute("y", thing.y);
  name.setAttribute("fill", thing.ink);
  element.classList.toggle("spot", thing.shape === "spot");
  element.classList.toggle("polygon", thing.shape in POLYGONS);
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
      makeSvg("path", { class: "halo cell-halo casing", d: outline(node, 0.6) }),
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

function buildArc({ i, j, share, style, width, line, turn, tip }) {
  const sign = signOf(share);
  const group = makeSvg("g", { class: `arc ${style} ${sign}` });
  const stroke = (name, extra) => makeSvg("path", { class: name, d: line, transform: turn, "stroke-width": width + extra });
  group.append(stroke("casing", 0.8), stroke(`line ${sign}`, 0));
  if (tip !== null) group.append(makeSvg("polygon", { class: `tip ${sign}`, points: tip }));
  const grip = stroke("grip", 2.5);
  grip.setAttribute("data-arc", `${i},${j}`);
  return { group, grip };
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

/** Write each pair's number, and the flag on the line of those that decide. */
function drawTags(layers, tags, flag) {
  layers.tags.replaceChildren(...tags.map(({ text, sign, style, ...box }) => buildTag(text, box, `${sign} ${style}`)));
  if (flag !== null) layers.tags.append(buildTag(flag.text, flag, "flag"));
}

/** The strongest triples as triangles; one that holds an object twice is a line. */
function drawTriples(layers, nodes, data) {
  const shapes = (data.triples ?? []).map(({ members, share }) => {
    const points = members.map((k) => `${nodes[k].x},${nodes[k].y}`).join(" ");
    const strength = Math.min(1, Math.abs(share) / data.full);
    const [opacity, width] = [0.06 + 0.3 * strength, 0.5 + 1.2 * strength];
    return makeSvg("polygon", {
      class: `triple ${signOf(share)}`, points, "fill-opacity": opacity, "stroke-width": width,
    });
  });
  layers.triples.replaceChildren(...shapes);
}

/** A line from object to object of a chain of jumps, and an outline of the one where it ends. */
function drawPath(layers, nodes, data) {
  const path = data.path ?? [];
  layers.path.replaceChildren();
  if (path.length === 0) return;
  const points = path.map((k) => `${nodes[k].x},${nodes[k].y}`).join(" ");
  const d = outline(nodes[path.at(-1)], 1.8);
  layers.path.append(makeSvg("polyline", { points }), makeSvg("path", { d }));
}

/** Dotted outlines of the objects that decide the question, and a dotted line between two of them. */
function drawTruth(layers, nodes, data) {
  layers.truth.replaceChildren();
  const decided = truthOf(data);
  if (decided === null) return;
  for (const k of data.deciding) {
    layers.truth.append(...buildTruthLine({ d: outline(nodes[k], 2.4), transform: turnOf(nodes[k]) }));
  }
  const [i, j] = decided;
  if (i === j) return;
  const [from, to] = [leave(nodes[j], nodes[i]), leave(nodes[i], nodes[j])];
  layers.truth.append(...buildTruthLine({ d: `M${from.x} ${from.y}L${to.x} ${to.y}` }));
}

/** Dark dots, and below them the white that they lie on. */
function buildTruthLine(attributes) {
  return ["truth-casing", "truth-line"].map((name) => makeSvg("path", { class: name, ...attributes }));
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

/** Hatch where the centre of a held object may not be, and outline where it would land; null for what is not shown. */
export function drawZones(layers, zones, landing, data) {
  const fill = "url(#hatching)";
  const shapes = (zones ?? []).flatMap(({ x, y, circle, boxes }) => [
    makeSvg("circle", { fill, cx: x, cy: y, r: circle }),
    ...boxes.map(([wide, high]) => makeSvg("rect", { fill, x: x - wide, y: y - high, width: 2 * wide, height: 2 * high })),
  ]);
  if (zones !== null) shapes.push(makeSvg("path", { fill, "fill-rule": "evenodd", d: edgeOf(data) }));
  layers.zones.replaceChildren(...shapes);
  const outlined = landing === null ? [] : [{ d: outline({ ...landing, kind: "object" }, 0), transform: turnOf(landing) }];
  layers.landing.replaceChildren(...outlined.map((attributes) => makeSvg("path", attributes)));
}

/** The ground without the places that a centre may have, as a path. */
function edgeOf(data) {
  const { ground, lowest, highest } = data;
  const field = { x: lowest, y: lowest, width: highest - lowest, height: highest - lowest };
  return [ground, field].map(({ x, y, width, height }) => {
    const corners = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]];
    const turned = corners.map(([cornerX, cornerY]) => turnAbout(middleOf(data), { x: cornerX, y: cornerY }, data.turn));
    return `M${turned.map((corner) => `${corner.x} ${corner.y}`).join("L")}Z`;
  }).join("");
}

/** Draw everything that depends on the state. `view` is what `scene.js` makes of it: see `look`. */
export function drawScene(stage, layers, elements, view) {
  const { data, objects, active, picked, pinned, overlapping, stale, isMoved } = view;
  const { nodes, arcs, tags, flag } = layOut(data, objects, active, pinned);
  const lit = new Set(active === null ? [] : [active, ...arcs.flatMap(({ i, j }) => [i, j])]);
  const isObjectMode = data.mode === "objects";
  const isChosen = (k) => (picked === null ? pinned !== null && pinned.includes(k) : picked === k);
  objects.forEach((thing, k) => {
    const marks = {
      data,
      chosen: isObjectMode && isChosen(k),
      overlapping: overlapping.has(thing.id),
      dimmed: isObjectMode && !stale && !isMoved && active !== null && !lit.has(k),
    };
    updateObject(elements.objects.get(thing.id), thing, isObjectMode ? k : null, marks);
  });
  for (const [k, element] of elements.nodes) {
    element.classList.toggle("active", active === k);
    element.classList.toggle("chosen", isChosen(k));
  }
  if (data.heat) drawHeat(elements.nodes, active ?? picked, data.weights, data.full);
  drawWords(layers, data);
  const drawn = arcs.map(buildArc);
  layers.arcs.replaceChildren(...drawn.map(({ group }) => group));
  layers.grips.replaceChildren(...drawn.map(({ grip }) => grip));
  drawTags(layers, tags, flag);
  drawTriples(layers, nodes, data);
  drawTruth(layers, nodes, data);
  drawPath(layers, nodes, data);
  stage.classList.toggle("stale", stale);
}

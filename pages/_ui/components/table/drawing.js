// The table itself: balls, lines between them and their ways.

import { makeSvg } from "../dom.js";
import { formatProbability, formatShare, signOf } from "../numbers.js";
import { N_OVERALL, N_PARTNERS } from "../pairs.js";
import { placesAround } from "../places.js";
import { placeAt, wayOf } from "./clock.js";
import { HALF, polyline, straight, toStage, zigzag } from "./geometry.js";

const EDGE = 4; // room around the table for halos
const TAIL = 4; // frames of the seen way that are shown behind a ball
const NARROW = 40; // way between two balls that leaves no room for a number
const ASIDE = 11; // how far beside it stands then
const STOPS = [0.5, 0.34, 0.66, 0.22, 0.78]; // how far along its line a number may stand
const ROOM = { x: 20, y: 9 }; // that it has to other numbers and to balls
const STEP = 4; // between the rings of the search for such room
const LEAST = 0.1; // probability from which a connection is drawn
const FLOOR_LAYERS = ["bars", "ways", "connections", "coils", "ghosts", "balls", "tags"];

// Connections

/** The two directions of a pair in one number; null where there is none. */
function combine(matrix, i, j, add) {
  const known = [matrix[i][j], matrix[j][i]].filter((value) => value !== null);
  return known.length === 0 ? null : add ? known.reduce((sum, value) => sum + value) : Math.max(...known);
}

/** All pairs {i, j, value, strength from 0 to 1, text} that the shown matrix has numbers for, strongest first. */
export function makeConnections(data) {
  const matrix = data[data.matrix];
  if (matrix === null) return [];
  const isShare = data.matrix === "shares";
  const connections = [];
  for (let i = 0; i < matrix.length; i += 1) {
    for (let j = i + 1; j < matrix.length; j += 1) {
      const value = combine(matrix, i, j, isShare);
      if (value === null) continue;
      connections.push({ i, j, value, text: isShare ? formatShare(value) : formatProbability(value) });
    }
  }
  const largest = isShare ? Math.max(...connections.map(({ value }) => Math.abs(value))) || 1 : 1;
  return connections
    .map((connection) => ({ ...connection, strength: Math.abs(connection.value) / largest }))
    .sort((one, other) => other.strength - one.strength);
}

/** Connections that are drawn for the ball (null: no ball) that is looked at; of shares the strongest ones only. */
export function drawnConnections(connections, ball, data) {
  if (data.matrix === "guess") return connections.filter(({ value }) => value >= LEAST);
  const meant = ball === null ? connections : connections.filter(({ i, j }) => i === ball || j === ball);
  return meant.filter(({ value }) => value !== 0).slice(0, ball === null ? N_OVERALL : N_PARTNERS);
}

/** Nodes that stay bright while a ball or a pair is looked at; null if all do. */
export function litBalls(styles, meant) {
  if (meant.length === 0 || styles.size === 0) return null;
  const strong = [...styles].filter(([, style]) => style === "strong");
  return new Set([...meant, ...strong.flatMap(([{ i, j }]) => [i, j])]);
}

/** Connection -> "strong", "plain" or "dimmed", for all that are drawn. */
export function styleConnections(connections, { ball, cell }, data) {
  const isMeant = ({ i, j }) => (cell === null ? i === ball || j === ball : cell.includes(i) && cell.includes(j) && i !== j);
  const drawn = new Set(drawnConnections(connections, ball, data));
  if (cell !== null) connections.filter(isMeant).forEach((connection) => drawn.add(connection));
  const isIdle = ball === null && cell === null;
  return new Map([...drawn].map((one) => [one, isIdle ? "plain" : isMeant(one) ? "strong" : "dimmed"]));
}

// Elements, made once for all frames

function buildBall({ name, label, fill, ink }, ball, radius) {
  const title = makeSvg("title");
  title.textContent = name;
  const text = makeSvg("text", { class: "label", fill: ink, "aria-hidden": "true" });
  text.textContent = label;
  return makeSvg("g", { class: "ball", "data-ball": ball, tabindex: 0, role: "button" }, [
    title,
    makeSvg("circle", { class: "halo", r: radius + 2 }),
    makeSvg("circle", { class: "body", r: radius, fill }),
    text,
  ]);
}

function buildConnection(connection, data) {
  const kind = data.matrix === "guess" ? "guess" : `share ${signOf(connection.value)}`;
  const line = makeSvg("path", { class: `connection ${kind}`, "data-connection": `${connection.i},${connection.j}` });
  line.style.setProperty("--strength", connection.strength);
  const tag = makeSvg("text", { class: `number ${kind}` });
  tag.textContent = connection.text;
  return { line, tag, stop: STOPS[0] };
}

/** Make everything on the table anew; returns the elements that `drawFloor` moves. */
export function buildFloor(top, connections, data) {
  const side = 2 * (HALF + EDGE);
  top.setAttribute("viewBox", `${-HALF - EDGE} ${-HALF - EDGE} ${side} ${side}`);
  top.replaceChildren(makeSvg("rect", { class: "ground", x: -HALF, y: -HALF, width: 2 * HALF, height: 2 * HALF }));
  const layers = {};
  for (const name of FLOOR_LAYERS) layers[name] = top.appendChild(makeSvg("g", { class: name }));
  const radius = (HALF * data.radius) / data.halfSide;
  const elements = {
    balls: data.balls.map((ball, k) => buildBall(ball, k, radius)),
    ways: data.balls.map(({ fill }) => makeSvg("path", { class: "way", style: `--ball: ${fill}` })),
    predictedWays: data.balls.map(({ fill }) => makeSvg("path", { class: "way predicted", style: `--ball: ${fill}` })),
    ghosts: data.balls.map(({ fill }) => makeSvg("circle", { class: "ghost", r: radius, style: `--ball: ${fill}` })),
    connections: new Map(connections.map((connection) => [connection, buildConnection(connection, data)])),
    links: data.links.map(({ rigid }) => makeSvg("path", { class: rigid ? "rigid" : "spring" })),
  };
  layers.balls.append(...elements.balls);
  layers.ways.append(...elements.ways, ...elements.predictedWays);
  layers.ghosts.append(...elements.ghosts);
  elements.links.forEach((link, k) => layers[data.links[k].rigid ? "bars" : "coils"].append(link));
  for (const { line, tag } of elements.connections.values()) {
    layers.connections.append(line);
    layers.tags.append(tag);
  }
  return elements;
}

// What changes with time

/** Draw the table. `view` is what `table.js` makes of its state: see `look`. */
export function drawFloor(elements, view) {
  const points = view.places.map((place) => toStage(place, view.data));
  drawBalls(elements.balls, points, view);
  drawConnections(elements.connections, points, view);
  drawLinks(elements.links, points, view);
  drawWays(elements, view);
}

function drawBalls(balls, points, { meant, lit, touching, held }) {
  balls.forEach((element, k) => {
    element.setAttribute("transform", `translate(${points[k].x} ${points[k].y})`);
    element.classList.toggle("active", meant.includes(k));
    element.classList.toggle("dimmed", lit !== null && !lit.has(k));
    element.classList.toggle("touching", touching.includes(k));
    element.classList.toggle("held", held.includes(k));
  });
}

function drawConnections(elements, points, { styles, held }) {
  const numbered = [];
  for (const [connection, element] of elements) {
    const { line, tag } = element;
    const style = styles.get(connection) ?? "unseen-connection";
    line.setAttribute("data-style", style);
    tag.setAttribute("data-style", style);
    if (style === "unseen-connection") continue;
    const [from, to] = [points[connection.i], points[connection.j]];
    const isPulled = held.includes(connection.i) !== held.includes(connection.j);
    line.setAttribute("d", isPulled ? zigzag(from, to, 3) : straight(from, to));
    line.classList.toggle("pulled", isPulled);
    const hasNumber = style === "strong" || (style === "plain" && tag.classList.contains("share")); // as table.css shows
    if (hasNumber) numbered.push({ element, from, to, stop: element.stop });
  }
  placeNumbers(numbered, points).forEach(({ stop, x, y }, k) => {
    const { element } = numbered[k];
    element.stop = stop;
    element.tag.setAttribute("x", x);
    element.tag.setAttribute("y", y);
  });
}

/**
 * Where the numbers of lines {from, to, stop} stand: as far along their lines as before, else where no ball and no other
 * number is, so that they seldom jump; beside a line that has no such place.
 */
export function placeNumbers(lines, balls) {
  const taken = [...balls];
  const isFree = ({ x, y }) => taken.every((other) => Math.abs(other.x - x) > ROOM.x || Math.abs(other.y - y) > ROOM.y);
  const isInside = ({ x, y }) => Math.abs(x) <= HALF - ROOM.x / 2 && Math.abs(y) <= HALF - ROOM.y / 2;
  return lines.map(({ from, to, stop }) => {
    const onLine = [stop, ...STOPS].map((each) => ({ stop: each, ...placeNumber(from, to, each) }));
    const aside = () => placesAround(onLine[0], STEP, 2 * HALF).find((place) => isInside(place) && isFree(place));
    const place = onLine.find((each) => isInside(each) && isFree(each)) ?? { ...onLine[0], ...aside() };
    taken.push(place);
    return place;
  });
}

/** Where a connection's number stands: on its line, or beside its middle where the balls leave no room. */
function placeNumber(from, to, stop) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy) || 1;
  if (length >= NARROW) return { x: from.x + stop * dx, y: from.y + stop * dy };
  const side = dy < 0 ? ASIDE : -ASIDE; // to the right, where a number is wide
  return { x: (from.x + to.x) / 2 - (side * dy) / length, y: (from.y + to.y) / 2 + (side * dx) / length };
}

function drawLinks(elements, points, { data, springs, lit }) {
  data.links.forEach(({ i, j, rigid }, k) => {
    elements[k].style.display = springs ? "" : "none";
    elements[k].classList.toggle("dimmed", lit !== null && !(lit.has(i) && lit.has(j)));
    if (springs) elements[k].setAttribute("d", rigid ? straight(points[i], points[j]) : zigzag(points[i], points[j], 3.6));
  });
}

/** The ways behind the balls: in the frames ahead all of what was simulated, and what was predicted beside it. */
function drawWays({ ways, predictedWays, ghosts }, { data, frames, predicted, time, meant, held }) {
  const start = data.seen.length - 1;
  const isAhead = time > start;
  data.balls.forEach((_, k) => {
    const isStrong = meant.includes(k);
    const from = isAhead ? start : Math.max(0, time - TAIL);
    const isUnknown = isAhead && data.ahead === null; // the balls move as predicted
    ways[k].setAttribute("d", held.length > 0 || isUnknown ? "" : polyline(wayOf(frames, k, from, time), data));
    ways[k].classList.toggle("strong", isStrong);
    const isShown = isAhead && predicted !== null;
    predictedWays[k].setAttribute("d", isShown ? polyline(wayOf(predicted, k, 0, time - start), data) : "");
    predictedWays[k].classList.toggle("strong", isStrong);
    ghosts[k].style.display = isShown ? "" : "none";
    ghosts[k].classList.toggle("strong", isStrong);
    if (!isShown) return;
    const { x, y } = toStage(placeAt(predicted, k, time - start), data);
    ghosts[k].setAttribute("cx", x);
    ghosts[k].setAttribute("cy", y);
  });
}

/** One entry of the legend: a piece of the line and what it is. */
export function buildLegend(name, words) {
  const [from, to] = [{ x: 2, y: 6 }, { x: 46, y: 6 }];
  const isRing = name === "ring";
  const shape = isRing
    ? makeSvg("circle", { class: name, cx: 24, cy: 6, r: 4 })
    : makeSvg("path", { class: name, d: name === "spring" ? zigzag(from, to, 4) : straight(from, to) });
  const entry = document.createElement("span");
  entry.append(makeSvg("svg", { class: "sample", viewBox: "0 0 48 12", "aria-hidden": "true" }, [shape]), ` ${words}`);
  return entry;
}

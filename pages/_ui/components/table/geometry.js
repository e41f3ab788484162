// Geometry of the table: places are in metres with y upwards; in the SVG y runs down and half a table is HALF units.

import { clamp } from "../numbers.js";

export const HALF = 100;
const COILS = 8;

export function toStage([x, y], { halfSide }) {
  return { x: (HALF * x) / halfSide, y: (-HALF * y) / halfSide };
}

/** The inverse of `toStage`. */
export function fromStage({ x, y }, { halfSide }) {
  return [(x * halfSide) / HALF, (-y * halfSide) / HALF];
}

/** Number of the place nearest to another and within reach of it, or null. */
export function nearestWithin([x, y], places, reach) {
  const away = places.map(([placeX, placeY]) => Math.hypot(placeX - x, placeY - y));
  const nearest = away.indexOf(Math.min(...away));
  return away[nearest] <= reach ? nearest : null;
}

export function straight(from, to) {
  return `M${from.x} ${from.y}L${to.x} ${to.y}`;
}

/** A spring from one place to another: as many coils however far it is stretched. */
export function zigzag(from, to, width) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy) || 1;
  const points = [];
  for (let k = 0; k < 2 * COILS; k += 1) {
    const part = 0.1 + (0.8 * (k + 0.5)) / (2 * COILS);
    const side = (k % 2 ? width : -width) / length;
    points.push(`${from.x + dx * part - dy * side} ${from.y + dy * part + dx * side}`);
  }
  return `M${from.x} ${from.y}L${points.join("L")}L${to.x} ${to.y}`;
}

export function polyline(way, data) {
  return `M${way.map((place) => toStage(place, data)).map(({ x, y }) => `${x} ${y}`).join("L")}`;
}

/** The balls that move with one: itself and all that rigid links connect to it. */
export function bodyOf(ball, links) {
  const body = [ball];
  for (const member of body) {
    for (const { i, j, rigid } of links) {
      if (!rigid || (i !== member && j !== member)) continue;
      const other = i === member ? j : i;
      if (!body.includes(other)) body.push(other);
    }
  }
  return body;
}

/** The place nearest to `to` where a ball can go without that any ball of its body leaves the table. */
export function keepOnTable(ball, to, body, places, { halfSide, radius }) {
  const furthest = halfSide - radius;
  return to.map((wanted, axis) => {
    const others = body.map((member) => places[member][axis] - places[ball][axis]);
    const kept = clamp(wanted, -furthest - Math.min(...others), furthest - Math.max(...others));
    return Number(kept.toFixed(4));
  });
}

/** The balls of a body and the others that lie on each other. */
export function touchedBy(body, places, { radius }) {
  const isNear = (one, other) => Math.hypot(places[one][0] - places[other][0], places[one][1] - places[other][1]) < 2 * radius;
  const others = places.map((_, ball) => ball).filter((ball) => !body.includes(ball));
  return others.filter((other) => body.some((member) => isNear(member, other)));
}

// Where an object may stand: the zones around the others that its centre may not enter, and the nearest place outside.

import { middleOf, toGround, turnAbout } from "./geometry.js";

const ENDLESS = 1000; // half the length of a band, more than any stage has

/**
 * The zones that the centre of `moved` may not enter, one per other object: {id, circle, boxes}.
 *
 * Circle and boxes stand around that object's centre; their rims are allowed. Both the check of a move and what is
 * shaded while an object is held are made of them.
 */
export function zonesOf(moved, objects, { box, gap, band }) {
  const own = objects.find(({ id }) => id === moved.id);
  const boxes = [[box, box], [band, ENDLESS], [ENDLESS, band]].filter((sides) => Math.min(...sides) > 0);
  return objects.filter(({ id }) => id !== moved.id).map(({ id, x, y, radius }) => ({
    id, x, y, boxes, circle: gap === null ? 0 : own.radius + radius + gap,
  }));
}

function isInside({ x, y, circle, boxes }, place) {
  const [dx, dy] = [Math.abs(place.x - x), Math.abs(place.y - y)];
  return Math.hypot(dx, dy) < circle || boxes.some(([halfWidth, halfHeight]) => dx < halfWidth && dy < halfHeight);
}

/** Objects that `moved` would come too near to. */
export function touchedBy(moved, objects, spacing) {
  const near = new Set(zonesOf(moved, objects, spacing).filter((zone) => isInside(zone, moved)).map(({ id }) => id));
  return objects.filter(({ id }) => near.has(id));
}

/** The allowed place nearest to where `moved` is, or null if the ground has none. */
export function nearestFree(moved, objects, data) {
  const zones = zonesOf(moved, objects, data.spacing);
  const middle = middleOf(data);
  const start = toGround(moved, data);
  const straight = turnAbout(middle, start, -data.turn);
  const [along, across] = [[data.grain, 0], [0, data.grain]].map(([x, y]) => turnAbout({ x: 0, y: 0 }, { x, y }, data.turn));
  const [left, right, top, bottom] = [straight.x, straight.y].flatMap((value) => [
    Math.round((value - data.lowest) / data.grain), Math.round((data.highest - value) / data.grain),
  ]);
  let [best, nearest] = [null, Infinity];
  for (let ring = 0; ring <= Math.max(left, right, top, bottom) && ring < nearest; ring++) {
    for (const [i, j] of ringAround(ring)) {
      const length = Math.hypot(i, j);
      if (length >= nearest || i < -left || i > right || j < -top || j > bottom) continue;
      const place = { x: start.x + i * along.x + j * across.x, y: start.y + i * along.y + j * across.y };
      if (!zones.some((zone) => isInside(zone, place))) [best, nearest] = [place, length];
    }
  }
  return best;
}

/** Steps (i, j) to the places of a square ring around a place. */
function* ringAround(ring) {
  if (ring === 0) yield [0, 0];
  for (let k = -ring; k < ring; k++) {
    yield [k, -ring];
    yield [ring, k];
    yield [-k, ring];
    yield [-ring, -k];
  }
}

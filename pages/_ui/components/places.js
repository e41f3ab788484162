// Places to try for something that has to stand where nothing else is.

const PER_RING = 24;

/** Places around another one, nearest first, ring by ring, `step` apart and less than `furthest` away. */
export function placesAround({ x, y }, step, furthest) {
  const angles = Array.from({ length: PER_RING }, (_, k) => (2 * Math.PI * k) / PER_RING);
  const rings = Array.from({ length: Math.max(0, Math.ceil(furthest / step) - 1) }, (_, k) => (k + 1) * step);
  return rings.flatMap((away) => angles.map((angle) => ({ x: x + away * Math.cos(angle), y: y + away * Math.sin(angle) })));
}

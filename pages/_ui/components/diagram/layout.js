// Where the stages of the diagram stand: in one row where there is room for it, else in rows of equal length.

import { clamp } from "../numbers.js";

const STAGE = { least: 104, tall: 162 }; // pixels
const GAP = { across: 14, down: 24 };
const HEAD = 6; // length of an arrow's head
export const LARGE = 1.35; // how much larger all is for the back row of a classroom

/** Boxes of all stages, and the arrows from each to the next: {columns, height, stages, links}. */
export function layOut(width, n, scale) {
  const [least, tall] = [STAGE.least * scale, STAGE.tall * scale];
  const most = clamp(Math.floor((width + GAP.across) / (least + GAP.across)), 1, n);
  const columns = Math.ceil(n / Math.ceil(n / most));
  const wide = (width - GAP.across * (columns - 1)) / columns;
  const stages = Array.from({ length: n }, (_, k) => ({
    x: (k % columns) * (wide + GAP.across),
    y: Math.floor(k / columns) * (tall + GAP.down),
    width: wide,
    height: tall,
  }));
  const links = stages.slice(1).map((to, k) => link(stages[k], to));
  return { columns, height: stages.at(-1).y + tall, stages, links };
}

/** A straight arrow within a row, and one around the corner to the next. */
function link(from, to) {
  if (from.y === to.y) {
    const y = from.y + from.height / 2;
    const end = to.x - 1;
    return { line: `M${from.x + from.width} ${y}H${end - HEAD}`, head: `${end},${y} ${end - HEAD},${y - 5} ${end - HEAD},${y + 5}` };
  }
  const [x1, x2, end] = [from.x + from.width / 2, to.x + to.width / 2, to.y - 1];
  const middle = from.y + from.height + GAP.down / 2 - 2;
  return {
    line: `M${x1} ${from.y + from.height}V${middle}H${x2}V${end - HEAD}`,
    head: `${x2},${end} ${x2 - 5},${end - HEAD} ${x2 + 5},${end - HEAD}`,
  };
}

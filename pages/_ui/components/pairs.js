// Pairs of nodes and their shares: which are shown, and how they are named.

import { formatShare } from "./numbers.js";

export const N_PARTNERS = 5;
export const N_OVERALL = 3;

/** The ordered pairs (i, j) that `keep` lets through, largest share first. */
export function rankPairs(weights, keep = (_i, _j) => true) {
  const pairs = [];
  weights.forEach((row, i) =>
    row.forEach((share, j) => {
      if (share !== 0 && keep(i, j)) pairs.push({ i, j, share });
    }),
  );
  return pairs.sort((one, other) => Math.abs(other.share) - Math.abs(one.share));
}

/** What to show now: partners of the active node, or the strongest pairs of all; and always the pinned pair. */
export function choosePairs(data, active, pinned) {
  const shown =
    active === null
      ? rankPairs(data.weights).slice(0, N_OVERALL).map((pair) => ({ ...pair, style: "subtle" }))
      : rankPairs(data.weights, (i, j) => i === active || j === active)
          .slice(0, N_PARTNERS)
          .map((pair) => ({ ...pair, style: "strong" }));
  if (pinned === null) return shown;
  const [i, j] = pinned;
  const others = shown.filter((pair) => pair.i !== i || pair.j !== j);
  return [...others, { i, j, share: data.weights[i][j], style: "pinned" }];
}

export function describePair(data, { i, j, share }) {
  const name = i === j ? `${data.nodes[i].label} with itself` : `(${data.nodes[i].label}, ${data.nodes[j].label})`;
  return `${name} ${formatShare(share)}`;
}

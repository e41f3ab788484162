// Pairs of nodes, their shares and the SVG that shows them; every component that draws pairs has this.

const SVG_SPACE = "http://www.w3.org/2000/svg";
const N_PARTNERS = 5;
const N_OVERALL = 3;

function makeSvg(tag, attributes = {}, children = []) {
  const element = document.createElementNS(SVG_SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A contribution with its sign in a typographic minus, short enough for an arc. */
function formatShare(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const digits = size >= 10 ? size.toFixed(1) : size >= 0.1 ? size.toFixed(2) : size >= 0.001 ? size.toPrecision(1) : "<0.001";
  return (value > 0 ? "+" : "−") + digits;
}

function signOf(value) {
  return value < 0 ? "negative" : "positive";
}

function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

/** The ordered pairs (i, j) that `keep` lets through, largest share first. */
function rankPairs(weights, keep = () => true) {
  const pairs = [];
  weights.forEach((row, i) =>
    row.forEach((share, j) => {
      if (share !== 0 && keep(i, j)) pairs.push({ i, j, share });
    }),
  );
  return pairs.sort((one, other) => Math.abs(other.share) - Math.abs(one.share));
}

/** What to show now: partners of the active node, or the strongest pairs of all; and always the pinned pair. */
function choosePairs(data, active, pinned) {
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

function describePair(data, { i, j, share }) {
  const name = i === j ? `${data.nodes[i].label} with itself` : `(${data.nodes[i].label}, ${data.nodes[j].label})`;
  return `${name} ${formatShare(share)}`;
}

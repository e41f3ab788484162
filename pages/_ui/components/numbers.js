// Numbers: kept in bounds, and as the pictures write them.

export function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

export function signOf(value) {
  return value < 0 ? "negative" : "positive";
}

/** A contribution with its sign in a typographic minus, short enough for an arc. */
export function formatShare(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const digits = size >= 10 ? size.toFixed(1) : size >= 0.1 ? size.toFixed(2) : size >= 0.001 ? size.toPrecision(1) : "<0.001";
  return (value > 0 ? "+" : "−") + digits;
}

export function formatProbability(value) {
  return `${Math.round(100 * value)} %`;
}

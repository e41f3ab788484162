// Pointer and keys, told to a picture as what a hand does: hover, grab, drag, drop, click, cancel, press a key.

export const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }; // ways on the screen

/** The place under a pointer, in units of an SVG. */
export function pointOf(event, svg) {
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  return { x: point.x, y: point.y };
}

/** The pair [i, j] whose arc is under an event, or null. */
export function pairOf(event) {
  const arc = event.target.closest?.("[data-arc]");
  return arc ? arc.getAttribute("data-arc").split(",").map(Number) : null;
}

/**
 * What a picture that can be held does with pointer and keys; a subclass says what each gesture means there.
 *
 * The press that goes on is `picture.press`, or null: {pointer, x, y, moved} and what `press` returned.
 */
export class Gestures {
  threshold = 3; // pixels of the screen; a shorter way is a click

  constructor(picture, surface) {
    this.picture = picture;
    this.surface = surface;
  }

  // What the gestures mean

  /** The pointer goes down: what it holds, or null for nothing. `holds: false` lets the pointer hover on. */
  press(_event) {
    return null;
  }

  /** The pointer moves, and holds nothing. */
  hover(_event) {}

  /** The pointer leaves, and holds nothing. */
  leave(_event) {}

  /**
   * A press goes farther than a click; false if it never drags.
   *
   * @returns {boolean | void}
   */
  grab(_event, _press) {}

  /** A press that was grabbed goes on. */
  drag(_event, _press) {}

  /** A press that was grabbed ends. */
  drop(_press) {}

  /** A press ends where it began. */
  click(_event, _press) {}

  /** The browser took the press away, or it ended outside. */
  cancel() {}

  /** Whether a finger here drags instead of scrolling the page. */
  holdsFinger(_event) {
    return false;
  }

  /** A key is pressed; true if it meant something there. */
  key(_event) {
    return false;
  }

  /** How far a press went. */
  way(dx, dy) {
    return Math.hypot(dx, dy);
  }

  /** Whether a key with this event's modifiers may mean something. */
  takesModifiers(event) {
    return !event.ctrlKey && !event.metaKey && !event.altKey;
  }

  // From events to gestures

  onPointerDown(event) {
    if (event.button !== 0 || !event.isPrimary) return;
    const held = this.press(event);
    if (held === null) return;
    this.picture.press = { pointer: event.pointerId, x: event.clientX, y: event.clientY, moved: false, ...held };
  }

  onPointerMove(event) {
    const press = this.pressOf(event);
    if (press !== null && event.buttons === 0) this.onPointerCancel(event); // released outside
    else if (press !== null && press.holds !== false) this.onDrag(event, press);
    else this.hover(event);
  }

  onDrag(event, press) {
    if (!press.moved && this.way(event.clientX - press.x, event.clientY - press.y) > this.threshold) {
      press.moved = this.grab(event, press) !== false;
    }
    if (press.moved) this.drag(event, press);
  }

  onPointerUp(event) {
    const press = this.pressOf(event);
    if (press === null) return;
    this.release();
    if (press.moved) this.drop(press);
    else this.click(event, press);
  }

  onPointerCancel(event) {
    if (this.pressOf(event) === null) return;
    this.release();
    this.cancel();
  }

  onPointerLeave(event) {
    if (this.picture.press === null) this.leave(event);
  }

  /** Chromium heeds no touch-action in an SVG group. */
  onTouchStart(event) {
    if (this.holdsFinger(event)) event.preventDefault();
  }

  /** Escape takes back what is innermost; every other key means what the subclass says. */
  onKeyDown(event) {
    if (!this.takesModifiers(event)) return;
    const isDone = event.key === "Escape" ? this.picture.stepBack() : this.key(event);
    if (!isDone) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** The press that goes on if it is of an event's pointer, or null. */
  pressOf(event) {
    const { press } = this.picture;
    return press?.pointer === event.pointerId ? press : null;
  }

  /** Follow a pointer wherever it goes, until it is released. */
  capture(event) {
    this.surface.setPointerCapture(event.pointerId);
    this.picture.root.classList.add("dragging");
  }

  release() {
    this.picture.press = null;
    this.picture.root.classList.remove("dragging");
  }

  /** Attach every listener once; `signal` takes them all off again. */
  listen(signal) {
    const on = (target, type, listener) => target.addEventListener(type, listener, { signal, passive: false });
    on(this.surface, "pointerdown", (event) => this.onPointerDown(event));
    on(this.surface, "pointermove", (event) => this.onPointerMove(event));
    on(this.surface, "pointerup", (event) => this.onPointerUp(event));
    on(this.surface, "pointercancel", (event) => this.onPointerCancel(event));
    on(this.surface, "pointerleave", (event) => this.onPointerLeave(event));
    on(this.surface, "touchstart", (event) => this.onTouchStart(event));
    on(this.picture.root, "keydown", (event) => this.onKeyDown(event));
    return on;
  }
}

// What pointer and keys do to a story, through the few verbs that it has (see `story.js`).

import { ARROWS, Gestures, pairOf } from "../gestures.js";

const EDGE = 30; // pixels from the board's edge where a drag scrolls it

/** Place of the row under an event, or null. */
function placeOf(event, story) {
  const row = event.target.closest?.(".sentence");
  return row ? [...story.list.children].indexOf(row) : null;
}

function nodeAt(place, story) {
  return place === null ? null : (story.lines()[place]?.node ?? null);
}

export class StoryGestures extends Gestures {
  threshold = 4;

  press(event) {
    if (event.target.closest("button")) return null;
    const place = placeOf(event, this.picture);
    return { place, pair: pairOf(event), holds: place !== null };
  }

  hover(event) {
    const story = this.picture;
    if (pairOf(event)) story.keepHover();
    else story.hover(nodeAt(placeOf(event, story), story));
  }

  leave() {
    this.picture.hover(null);
  }

  /** Sentences move up and down only. */
  way(_dx, dy) {
    return Math.abs(dy);
  }

  grab(event) {
    if (!this.picture.data.editable) return false;
    this.capture(event);
    return true;
  }

  drag(event, press) {
    const story = this.picture;
    scrollAlong(event.clientY, story);
    story.setDraft({ from: press.place, to: placeUnder(event.clientY, story) });
  }

  drop() {
    this.picture.commitDraft();
  }

  click(_event, press) {
    if (press.pair) this.picture.togglePin(press.pair);
    else if (press.place !== null) this.picture.clickLine(press.place);
  }

  cancel() {
    this.picture.setDraft(null);
  }

  /** A finger on the handle drags its sentence. */
  holdsFinger(event) {
    return this.picture.data.editable && event.target.closest?.(".handle");
  }

  takesModifiers(event) {
    return !event.ctrlKey && !event.metaKey;
  }

  key(event) {
    const place = event.target.matches?.(".sentence") ? placeOf(event, this.picture) : null;
    return place !== null && pressKeyOn(place, event, this.picture);
  }

  listen(signal) {
    const story = this.picture;
    const on = super.listen(signal);
    on(story.list, "click", (event) => onClick(event, story));
    on(story.list, "focusin", (event) => onFocusIn(event, story));
    on(story.list, "focusout", () => story.focus(null));
    on(story.unpinButton, "click", () => story.unpin());
    const watching = new ResizeObserver(() => story.data !== null && story.draw());
    watching.observe(story.board);
    signal.addEventListener("abort", () => watching.disconnect());
    return on;
  }
}

/** The place whose row lies under a height on the screen; rows of a story are about as high as each other. */
function placeUnder(y, story) {
  const rows = [...story.list.children];
  const found = rows.findIndex((row) => y < row.getBoundingClientRect().bottom);
  return found < 0 ? rows.length - 1 : found;
}

function scrollAlong(y, story) {
  const { top, bottom } = story.board.getBoundingClientRect();
  if (y < top + EDGE) story.board.scrollTop -= EDGE / 3;
  else if (y > bottom - EDGE) story.board.scrollTop += EDGE / 3;
}

function onClick(event, story) {
  const button = event.target.closest("button[data-act]");
  if (!button) return;
  const place = placeOf(event, story);
  const act = button.getAttribute("data-act");
  if (act === "drop") story.toggleLine(place);
  else story.moveLine(place, place + (act === "up" ? -1 : 1));
}

/** Handle a key on a row; true if the key meant something there. */
function pressKeyOn(place, event, story) {
  const [, way] = ARROWS[event.key] ?? [0, 0];
  const { editable } = story.data;
  if (way && event.altKey) {
    if (editable) story.moveLine(place, place + way);
  } else if (way) story.focusLine(place + way);
  else if (event.altKey) return false;
  else if (event.key === "Enter" || event.key === " ") story.clickLine(place);
  else if ((event.key === "Delete" || event.key === "Backspace") && editable) story.toggleLine(place);
  else return false;
  return true;
}

function onFocusIn(event, story) {
  const place = placeOf(event, story);
  if (place !== null) story.setCurrent(place, event.target.matches(":focus-visible"));
}

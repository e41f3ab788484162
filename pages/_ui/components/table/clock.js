// Time, counted in frames from 0; between two frames balls go straight. It starts again behind the last frame.

import { clamp } from "../numbers.js";

const REST = 900; // milliseconds that the last frame stays
const LONGEST = 250; // milliseconds that one step may take; a page that was hidden does not jump

export class Clock {
  constructor(draw) {
    this.draw = draw;
    this.time = 0;
    this.last = 0; // number of the last frame
    this.rate = 1; // frames a second
    this.isPlaying = false;
    this.rested = 0;
    this.before = null; // when the last step was, by the browser's clock
    this.request = null;
  }

  fit(nFrames, rate) {
    this.last = nFrames - 1;
    this.rate = rate;
    this.time = Math.min(this.time, this.last);
  }

  play() {
    if (this.isPlaying) return;
    this.isPlaying = true;
    this.before = null;
    this.ask();
    this.draw();
  }

  pause() {
    this.isPlaying = false;
    cancelAnimationFrame(this.request);
    this.draw();
  }

  seek(time) {
    this.time = clamp(time, 0, this.last);
    this.rested = 0;
    this.draw();
  }

  frame() {
    return Math.round(this.time);
  }

  ask() {
    this.request = requestAnimationFrame((now) => {
      this.advance(this.before === null ? 0 : Math.min(now - this.before, LONGEST));
      this.before = now;
      this.ask();
      this.draw();
    });
  }

  advance(milliseconds) {
    if (this.time < this.last) this.time = Math.min(this.last, this.time + (milliseconds / 1000) * this.rate);
    else {
      this.rested += milliseconds;
      if (this.rested > REST) this.time = this.rested = 0;
    }
  }
}

/** @returns {[number, number]} */
function mix([x, y], [toX, toY], part) {
  return [x + (toX - x) * part, y + (toY - y) * part];
}

/** The place of one ball at a time, in metres. */
export function placeAt(frames, ball, time) {
  const k = Math.min(Math.floor(time), frames.length - 1);
  return mix(frames[k][ball], frames[Math.min(k + 1, frames.length - 1)][ball], time - k);
}

/** The places that one ball passes from a time to another. */
export function wayOf(frames, ball, from, to) {
  const way = [placeAt(frames, ball, from)];
  for (let k = Math.floor(from) + 1; k < to; k += 1) way.push(frames[k][ball]);
  return [...way, placeAt(frames, ball, to)];
}

// Less strength: from the content itself to what the model made of it, as timbre/transfer/strength.py
// has it. Each bin lies between both in decibels; phases are those of the sum.

import { levels } from './signal.js';
import { Transform } from './transform.js';

const WINDOW = 0.064, OVERLAP = 4, SOFTEST = 1e-6, MOST = 10; // s; windows; amplitude; times

export function between(content, made, strength, top, rate) {
  const size = 2 ** Math.round(Math.log2(WINDOW * rate)), hop = size / OVERLAP, length = content.length;
  const transform = new Transform(size, hop);
  const level = levels(content).rms / Math.max(levels(made).rms, SOFTEST);
  const rows = Math.ceil(length / hop) + 2 * OVERLAP;
  const [one, other] = [[content, 1], [made, level]].map(([sound, factor]) => {
    const padded = new Float32Array(rows * hop); // around a sound there is silence
    padded.set(sound.map((each) => factor * each), size);
    return transform.forward(padded);
  });
  const softest = SOFTEST * transform.window.reduce((a, b) => a + b);
  const { bins } = transform.fft, audible = (top * size) / rate;
  for (let n = 0; n < one.real.length; n++) {
    const real = (1 - strength) * one.real[n] + strength * other.real[n];
    const imaginary = (1 - strength) * one.imaginary[n] + strength * other.imaginary[n];
    let gain = 1;
    if (n % bins <= audible) {
      const soft = (a, b) => Math.max(Math.hypot(a, b), softest);
      const wanted = soft(one.real[n], one.imaginary[n]) ** (1 - strength) * soft(other.real[n], other.imaginary[n]) ** strength;
      gain = Math.min(wanted / soft(real, imaginary), MOST);
    }
    one.real[n] = gain * real;
    one.imaginary[n] = gain * imaginary;
  }
  return transform.inverse(one, rows * hop).slice(size, size + length);
}

// Short-time Fourier transforms with Hann windows, frames centered on every `hop` samples.

import { FFT, cut, hann } from './fft.js';

const SMALLEST = 1e-11; // sum of squared windows, by which nothing is divided

export class Transform {
  constructor(size, hop) {
    this.fft = new FFT(size);
    this.window = hann(size);
    this.hop = hop;
  }

  // A spectrum: real and imaginary parts, a frame a row.
  forward(sound) {
    const { fft, hop, window } = this, { bins } = fft;
    const count = Math.floor(sound.length / hop) + 1;
    const real = new Float32Array(count * bins), imaginary = new Float32Array(count * bins);
    const spare = [new Float32Array(bins), new Float32Array(bins)];
    for (let frame = 0; frame < count; frame += 2) {
      const row = (from, n) => from.subarray((frame + n) * bins, (frame + n + 1) * bins);
      const both = frame + 1 < count;
      cut(sound, frame, hop, window, fft.real);
      if (both) cut(sound, frame + 1, hop, window, fft.imaginary);
      else fft.imaginary.fill(0);
      fft.forwardPair(row(real, 0), row(imaginary, 0), ...(both ? [row(real, 1), row(imaginary, 1)] : spare));
    }
    return { count, real, imaginary };
  }

  inverse({ count, real, imaginary }, length) {
    const { fft, hop, window } = this, { bins, size } = fft;
    const total = (count - 1) * hop + size;
    const sound = new Float64Array(total), weight = new Float64Array(total);
    const nothing = new Float32Array(bins);
    for (let frame = 0; frame < count; frame += 2) {
      const row = (from, n) => (frame + n < count ? from.subarray((frame + n) * bins, (frame + n + 1) * bins) : nothing);
      fft.inversePair(row(real, 0), row(imaginary, 0), row(real, 1), row(imaginary, 1));
      for (let second = 0; second < 2 && frame + second < count; second++) {
        const values = second ? fft.imaginary : fft.real;
        for (let n = 0, at = (frame + second) * hop; n < size; n++, at++) {
          sound[at] += values[n] * window[n];
          weight[at] += window[n] * window[n];
        }
      }
    }
    const out = new Float32Array(length);
    for (let n = 0, at = size / 2; n < length && at < total; n++, at++) {
      out[n] = sound[at] / (weight[at] > SMALLEST ? weight[at] : 1);
    }
    return out;
  }
}

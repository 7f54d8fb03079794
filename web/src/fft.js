// Fourier transforms of real frames, two at once, of a length that is a power of two.

export class FFT {
  constructor(size) {
    if (size < 2 || (size & (size - 1)) !== 0) throw new Error(`a power of two expected, got ${size}`);
    this.size = size;
    this.bins = size / 2 + 1;
    this.cos = new Float64Array(size / 2);
    this.sin = new Float64Array(size / 2);
    for (let k = 0; k < size / 2; k++) {
      this.cos[k] = Math.cos((2 * Math.PI * k) / size);
      this.sin[k] = -Math.sin((2 * Math.PI * k) / size);
    }
    this.swaps = new Uint32Array(size);
    const bits = Math.log2(size);
    for (let k = 0; k < size; k++) {
      let turned = 0;
      for (let bit = 0; bit < bits; bit++) turned |= ((k >> bit) & 1) << (bits - 1 - bit);
      this.swaps[k] = turned;
    }
    this.real = new Float64Array(size);
    this.imaginary = new Float64Array(size);
  }

  // The transform of `real + i imaginary` in place (Cooley and Tukey, decimation in time).
  transform(real, imaginary) {
    const { size, cos, sin, swaps } = this;
    for (let k = 0; k < size; k++) {
      const other = swaps[k];
      if (other > k) {
        const a = real[k], b = imaginary[k];
        real[k] = real[other]; imaginary[k] = imaginary[other];
        real[other] = a; imaginary[other] = b;
      }
    }
    for (let half = 1; half < size; half *= 2) {
      const stride = size / (2 * half);
      for (let start = 0; start < size; start += 2 * half) {
        for (let k = 0, turn = 0; k < half; k++, turn += stride) {
          const low = start + k, high = low + half;
          const x = real[high] * cos[turn] - imaginary[high] * sin[turn];
          const y = real[high] * sin[turn] + imaginary[high] * cos[turn];
          real[high] = real[low] - x; imaginary[high] = imaginary[low] - y;
          real[low] += x; imaginary[low] += y;
        }
      }
    }
  }

  // Two real frames, which lie in `this.real` and `this.imaginary`, to two half spectra.
  forwardPair(firstReal, firstImaginary, secondReal, secondImaginary) {
    const { size, bins, real, imaginary } = this;
    this.transform(real, imaginary);
    for (let k = 0; k < bins; k++) {
      const mirror = (size - k) & (size - 1);
      firstReal[k] = (real[k] + real[mirror]) / 2;
      firstImaginary[k] = (imaginary[k] - imaginary[mirror]) / 2;
      secondReal[k] = (imaginary[k] + imaginary[mirror]) / 2;
      secondImaginary[k] = (real[mirror] - real[k]) / 2;
    }
  }

  // Two half spectra to two real frames, which then lie in `this.real` and `this.imaginary`.
  inversePair(firstReal, firstImaginary, secondReal, secondImaginary) {
    const { size, bins, real, imaginary } = this;
    for (let k = 0; k < bins; k++) {
      const edge = k === 0 || k === bins - 1; // there is no imaginary part
      const a = firstReal[k], b = edge ? 0 : firstImaginary[k];
      const c = secondReal[k], d = edge ? 0 : secondImaginary[k];
      real[k] = a - d; imaginary[k] = b + c;
      const mirror = (size - k) & (size - 1);
      if (mirror !== k) { real[mirror] = a + d; imaginary[mirror] = c - b; }
    }
    this.transform(imaginary, real); // an inverse transform is one with the parts exchanged
    for (let k = 0; k < size; k++) { real[k] /= size; imaginary[k] /= size; }
  }
}

export function hann(size) {
  return Float64Array.from({ length: size }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / size));
}

// Samples of `sound` around frame `frame`, times `window`, into `out`; the ends are reflected.
export function cut(sound, frame, hop, window, out) {
  const size = window.length, last = sound.length - 1;
  for (let n = 0, place = frame * hop - size / 2; n < size; n++, place++) {
    let at = place < 0 ? -place : place;
    if (at > last) at = Math.abs(2 * last - at);
    out[n] = sound[at] * window[n];
  }
}

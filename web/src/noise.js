// Noise of models that draw, equal to that of timbre/transfer/noise.py.

function mixed(word) {
  word ^= word >>> 16;
  word = Math.imul(word, 0x7feb352d);
  word ^= word >>> 15;
  word = Math.imul(word, 0x846ca68b);
  return (word ^ (word >>> 16)) >>> 0;
}

// Standard normal numbers for the frames from `start` to `stop`, a band a row.
export function normal(seed, start, stop, bands) {
  const frames = stop - start;
  const key = mixed(mixed(seed >>> 0) ^ Math.floor(seed / 2 ** 32));
  const out = new Float32Array(bands * frames);
  for (let n = 0; n < frames; n++) {
    const frame = mixed((start + n) ^ key);
    for (let band = 0; band < bands; band++) {
      const [first, second] = [2 * band, 2 * band + 1].map((place) => mixed((mixed(place ^ frame) + frame) | 0));
      const radius = Math.sqrt(-2 * Math.log((first + 0.5) / 2 ** 32));
      out[band * frames + n] = radius * Math.cos((2 * Math.PI * (second + 0.5)) / 2 ** 32);
    }
  }
  return out;
}

// The log-mel spectrogram, as timbre/audio/mel.py computes it. A mel is {bands, frames, values}, a band
// a row, in dB.

import { FFT, cut, hann } from './fft.js';

const hzToMel = (hz) => (hz < 1000 ? (hz * 3) / 200 : 15 + (27 * Math.log(hz / 1000)) / Math.log(6.4));
const melToHz = (mel) => (mel < 15 ? (mel * 200) / 3 : 1000 * Math.exp((Math.log(6.4) * (mel - 15)) / 27));

// Filters of the settings: where each begins among the bins, and its weights from there.
export function melFilters(audio) {
  const bins = audio.n_fft / 2 + 1;
  const low = hzToMel(audio.f_min), high = hzToMel(audio.f_max);
  const edges = Array.from({ length: audio.n_mels + 2 }, (_, n) => melToHz(low + ((high - low) * n) / (audio.n_mels + 1)));
  return Array.from({ length: audio.n_mels }, (_, band) => {
    const [from, peak, to] = edges.slice(band, band + 3);
    const weights = [];
    let begin = 0;
    for (let bin = 0; bin < bins; bin++) {
      const hz = (bin * audio.sample_rate) / 2 / (bins - 1);
      const weight = Math.max(0, Math.min((hz - from) / (peak - from), (to - hz) / (to - peak)));
      if (weight > 0 && !weights.length) begin = bin;
      if (weight > 0) weights.push(weight);
    }
    if (!weights.length) { // a filter between two bins takes the nearest
      begin = Math.round((peak / audio.sample_rate) * audio.n_fft);
      weights.push(1);
    }
    return { begin, weights: Float64Array.from(weights) };
  });
}

export class Analysis {
  constructor(audio) {
    this.audio = audio;
    this.filters = melFilters(audio);
    this.fft = new FFT(audio.n_fft);
    const window = hann(audio.n_fft);
    const sum = window.reduce((a, b) => a + b);
    this.window = window.map((each) => (each * 2) / sum);
  }

  // The mel of a sound, of at least n_fft samples, its last frame repeated until there are a
  // multiple of 8.
  mel(sound) {
    const { audio, fft, filters, window } = this;
    const count = Math.floor(sound.length / audio.hop_length);
    const frames = Math.ceil(count / 8) * 8;
    const values = new Float32Array(audio.n_mels * frames);
    const parts = Array.from({ length: 4 }, () => new Float64Array(fft.bins));
    const least = 10 ** (audio.db_min / 10);
    for (let frame = 0; frame < count; frame += 2) {
      cut(sound, frame, audio.hop_length, window, fft.real);
      if (frame + 1 < count) cut(sound, frame + 1, audio.hop_length, window, fft.imaginary);
      else fft.imaginary.fill(0);
      fft.forwardPair(...parts);
      for (let second = 0; second < 2 && frame + second < count; second++) {
        const real = parts[2 * second], imaginary = parts[2 * second + 1];
        filters.forEach(({ begin, weights }, band) => {
          let power = 0;
          for (let n = 0; n < weights.length; n++) {
            const bin = begin + n;
            power += weights[n] * (real[bin] * real[bin] + imaginary[bin] * imaginary[bin]);
          }
          values[band * frames + frame + second] = 10 * Math.log10(Math.max(power, least));
        });
      }
    }
    for (let band = 0; band < audio.n_mels; band++) {
      const row = band * frames;
      values.fill(values[row + count - 1], row + count, row + frames);
    }
    return { bands: audio.n_mels, frames, values };
  }
}

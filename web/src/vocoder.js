// Mel to audio: a network tells the spectrum, and the audio is corrected by the mel, as
// timbre/runtime/vocoder.py does.

import { melFilters } from './mel.js';
import { Transform } from './transform.js';

const SILENCE = 1e-14, MAX_RATIO = 1e6, MOMENTUM = 0.7;

export class Vocoder {
  // `about` is what the graph tells of itself; `run(mel)` gives its real and imaginary parts.
  constructor(about, run) {
    const { audio } = about;
    this.audio = audio;
    this.run = run;
    this.iterations = about.iterations;
    this.step = Math.max(1, Math.floor(audio.n_fft / (4 * audio.hop_length)));
    this.filters = melFilters(audio);
    this.first = new Transform(about.n_fft, audio.hop_length);
    this.turns = new Transform(audio.n_fft, this.step * audio.hop_length);
    this.scale = (2 / this.turns.window.reduce((a, b) => a + b)) ** 2;
    this.heard = new Float64Array(audio.n_fft / 2 + 1); // by how much of all bands each bin is heard
    for (const { begin, weights } of this.filters) weights.forEach((each, n) => { this.heard[begin + n] += each; });
  }

  async decode(mel) {
    const { audio, step } = this;
    const length = mel.frames * audio.hop_length;
    const spectrum = await this.run(mel);
    let sound = this.first.inverse({ count: mel.frames + 1, ...spectrum }, length);
    const count = Math.floor(mel.frames / step) + 1;
    const wanted = new Float64Array(count * mel.bands);
    for (let frame = 0; frame < count; frame++) {
      for (let band = 0; band < mel.bands; band++) {
        const level = mel.values[band * mel.frames + Math.min(frame * step, mel.frames - 1)];
        wanted[frame * mel.bands + band] = level > audio.db_min + audio.db_step / 2 ? 10 ** (level / 10) : 0;
      }
    }
    let before = null;
    for (let turn = 0; turn < this.iterations; turn++) [sound, before] = this.corrected(sound, wanted, before);
    return sound.map((each) => Math.max(-1, Math.min(1, each)));
  }

  corrected(sound, wanted, before) {
    const { filters, heard, scale, turns } = this, { bins } = turns.fft;
    const begun = turns.forward(sound);
    const real = begun.real.slice(), imaginary = begun.imaginary.slice();
    if (before) {
      for (let n = 0; n < real.length; n++) {
        real[n] += MOMENTUM * (real[n] - before.real[n]);
        imaginary[n] += MOMENTUM * (imaginary[n] - before.imaginary[n]);
      }
    }
    const gain = new Float64Array(bins);
    for (let frame = 0; frame < begun.count; frame++) {
      const row = frame * bins;
      gain.fill(0);
      for (let band = 0; band < filters.length; band++) {
        const { begin, weights } = filters[band];
        let power = 0;
        for (let n = 0; n < weights.length; n++) {
          const at = row + begin + n;
          power += weights[n] * (real[at] * real[at] + imaginary[at] * imaginary[at]);
        }
        let ratio = (wanted[frame * filters.length + band] + SILENCE) / (power * scale + SILENCE);
        ratio = Math.log(Math.max(1 / MAX_RATIO, Math.min(MAX_RATIO, ratio)));
        for (let n = 0; n < weights.length; n++) gain[begin + n] += weights[n] * ratio;
      }
      for (let bin = 0; bin < bins; bin++) {
        const factor = Math.exp(gain[bin] / Math.max(heard[bin], 1e-6) / 2);
        real[row + bin] *= factor;
        imaginary[row + bin] *= factor;
      }
    }
    return [turns.inverse({ count: begun.count, real, imaginary }, sound.length), begun];
  }
}

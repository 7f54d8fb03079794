// Mel to audio: a network tells the spectrum, and the audio is corrected by the mel, as
// timbre/runtime/vocoder.py does.

import { melFilters } from './mel.js';
import { Transform } from './transform.js';

const SILENCE = 1e-14, MAX_RATIO = 1e6, MOMENTUM = 0.8;

export class Vocoder {
  // `about` is what the graph tells of itself; `run(mel)` gives its real and imaginary parts.
  constructor(about, run) {
    const { audio } = about;
    this.audio = audio;
    this.run = run;
    this.iterations = about.iterations;
    this.step = Math.max(1, Math.floor(audio.n_fft / (2 * audio.hop_length)));
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
    const wanted = new Float64Array(mel.frames * mel.bands);
    for (let frame = 0; frame < mel.frames; frame++) {
      for (let band = 0; band < mel.bands; band++) {
        const level = mel.values[band * mel.frames + frame];
        wanted[frame * mel.bands + band] = level > audio.db_min + audio.db_step / 2 ? 10 ** (level / 10) : 0;
      }
    }
    let before = sound;
    for (let half = 0; half < 2 * this.iterations; half++) {
      const ahead = sound.map((each, n) => each + MOMENTUM * (each - before[n]));
      before = sound;
      sound = this.corrected(ahead, wanted, mel.frames, (half % 2) * Math.floor(step / 2));
    }
    return sound.map((each) => Math.max(-1, Math.min(1, each)));
  }

  // Half a turn, of the frames that lie `early` frames of the mel before every `step`-th.
  corrected(sound, wanted, frames, early) {
    const { audio, filters, heard, scale, step, turns } = this, { bins } = turns.fft;
    const first = early * audio.hop_length, hop = step * audio.hop_length;
    const whole = Math.ceil((first + sound.length) / hop) * hop;
    const padded = new Float32Array(whole);
    padded.set(sound, first);
    for (let n = 0; n < first; n++) padded[n] = sound[first - n];
    for (let n = first + sound.length, back = sound.length - 2; n < whole; n++, back--) padded[n] = sound[back];
    const { count, real, imaginary } = turns.forward(padded);
    const gain = new Float64Array(bins);
    for (let frame = 0; frame < count; frame++) {
      const row = frame * bins, moment = frame * step - early;
      if (moment < 0 || moment >= frames) continue; // at the ends are frames without a mel
      gain.fill(0);
      for (let band = 0; band < filters.length; band++) {
        const { begin, weights } = filters[band];
        let power = 0;
        for (let n = 0; n < weights.length; n++) {
          const at = row + begin + n;
          power += weights[n] * (real[at] * real[at] + imaginary[at] * imaginary[at]);
        }
        let ratio = (wanted[moment * filters.length + band] + SILENCE) / (power * scale + SILENCE);
        ratio = Math.log(Math.max(1 / MAX_RATIO, Math.min(MAX_RATIO, ratio)));
        for (let n = 0; n < weights.length; n++) gain[begin + n] += weights[n] * ratio;
      }
      for (let bin = 0; bin < bins; bin++) {
        const factor = Math.exp(gain[bin] / Math.max(heard[bin], 1e-6) / 2);
        real[row + bin] *= factor;
        imaginary[row + bin] *= factor;
      }
    }
    return turns.inverse({ count, real, imaginary }, whole).subarray(first, first + sound.length);
  }
}

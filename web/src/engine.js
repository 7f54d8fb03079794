// A model and the vocoder over sounds of any length, in windows, as timbre/transfer/engine.py has
// them.

import { gain as loudnessGain } from './loudness.js';
import { Analysis } from './mel.js';
import { normal } from './noise.js';
import { SILENCE, levels, mono, parts, withoutRumble } from './signal.js';
import { between } from './strength.js';
import { Vocoder } from './vocoder.js';

const WINDOW = 512, OVERLAP = 64, FADE = 32; // frames, of the model
const VOCODED = 1024, HEARD = 256, JOINT = 8; // of the vocoder: half of Python's, for a tab's memory
const ALIGNED = 8, LOUDEST = 0.99;

// Where windows begin that cover everything, evenly spaced.
export function starts(total, window, overlap) {
  if (total <= window) return [0];
  const count = Math.ceil((total - overlap) / (window - overlap));
  const step = (total - window) / (count - 1);
  return Array.from({ length: count }, (_, n) =>
    n === count - 1 ? total - window : Math.floor(Math.floor(n * step) / ALIGNED) * ALIGNED);
}

// Fades pieces of `width` values a row into each other, in the middle of what they share.
class Assembly {
  constructor(rows, width, fade) {
    this.out = new Float32Array(rows * width);
    this.width = width;
    this.fade = fade;
    this.end = 0;
  }

  add(start, piece) {
    const { fade, out, width } = this, rows = piece.length / width;
    let begin = 0;
    if (start > 0) {
      begin = Math.floor((this.end - start - fade) / 2);
      const old = out.subarray((start + begin) * width, (start + begin + fade) * width);
      const fresh = piece.subarray(begin * width, (begin + fade) * width);
      const alike = width > 1 ? 1 : likeness(old, fresh); // of decibels the mean is right
      for (let row = 0; row < fade; row++) {
        const rising = (row + 1) / (fade + 1);
        const left = width > 1 ? 1 : (1 - rising) ** 2 + rising ** 2 + 2 * alike * rising * (1 - rising);
        for (let n = row * width; n < (row + 1) * width; n++) {
          old[n] = (old[n] + rising * (fresh[n] - old[n])) / Math.sqrt(left);
        }
      }
      begin += fade;
    }
    this.end = start + rows;
    out.set(piece.subarray(begin * width), (start + begin) * width);
  }
}

function likeness(one, other) {
  let a = 0, b = 0, both = 0;
  for (let n = 0; n < one.length; n++) { a += one[n] ** 2; b += other[n] ** 2; both += one[n] * other[n]; }
  const power = Math.sqrt(a * b);
  return power === 0 ? 1 : Math.max(0, Math.min(1, both / power));
}

// `{bands, frames, values}` with rows and columns exchanged, as bare values.
function turned(rows, columns, values) {
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) for (let n = 0; n < columns; n++) out[n * rows + row] = values[row * columns + n];
  return out;
}

export class Engine {
  // `about` and `vocoder` are what the graphs tell of themselves; `graphs` runs them: `style(mel)`
  // gives {vector, frames, width, patches}, `transfer(mel, style, extras)` a mel's values, and
  // `spectrum(mel)` {real, imaginary}.
  constructor(about, vocoder, graphs) {
    this.about = about;
    this.audio = about.audio;
    this.graphs = graphs;
    this.analysis = new Analysis(this.audio);
    this.vocoder = new Vocoder(vocoder, graphs.spectrum);
  }

  async timbres(clips) {
    const found = [];
    for (const clip of clips) found.push(await this.graphs.style(this.analysis.mel(clip)));
    return found;
  }

  // Between several sounds, [parts, share] each.
  average(sounds) {
    const styles = sounds.flatMap(([heard, share]) => heard.map((style) => [style, share / heard.length]));
    if (styles.length === 1) return { ...styles[0][0], bias: new Float32Array(styles[0][0].width) };
    const vector = styles[0][0].vector.map((_, n) => styles.reduce((sum, [style, weight]) => sum + weight * style.vector[n], 0));
    const width = styles.reduce((sum, [style]) => sum + style.width, 0);
    const bias = new Float32Array(width);
    const beside = (name) => {
      if (!styles[0][0][name]) return undefined;
      const rows = styles[0][0][name].length / styles[0][0].width, out = new Float32Array(rows * width);
      let begin = 0;
      for (const [style] of styles) {
        for (let row = 0; row < rows; row++) out.set(style[name].subarray(row * style.width, (row + 1) * style.width), row * width + begin);
        begin += style.width;
      }
      return out;
    };
    let begin = 0;
    for (const [style, weight] of styles) bias.fill(Math.log(weight / style.width), begin, (begin += style.width));
    return { vector, width, bias, frames: beside('frames'), patches: beside('patches') };
  }

  // The notes of a content in the sound of a style: channels at the models' rate -> samples.
  async transfer(contentChannels, styleChannels, settings, watch = () => {}) {
    const rate = this.audio.sample_rate;
    const [content, style] = [contentChannels, styleChannels].map((each) => withoutRumble(mono(each), rate));
    const { rms, peak } = levels(content);
    if (peak < SILENCE) throw new Error('The content is silent. Please choose another one.');
    const timbre = this.average([[await this.timbres(parts(style, this.audio)), 1]]);
    if (settings.strength === 0) return content;
    const gain = Math.min(10 ** (this.audio.level_db / 20) / rms, LOUDEST / peak);
    let made = await this.made(content, gain, timbre, settings, watch);
    if (settings.strength < 1) made = between(content, made, settings.strength, this.audio.f_max, rate);
    const factor = loudnessGain(made, content, rate);
    return made.map((each) => each * factor);
  }

  async made(content, gain, timbre, settings, watch) {
    const { hop_length: hop, n_fft: size, n_mels: bands } = this.audio;
    const length = content.length;
    const sound = new Float32Array(Math.max(length, size));
    sound.set(content.map((each) => each * Math.fround(gain)));
    const total = Math.ceil(Math.floor(sound.length / hop) / ALIGNED) * ALIGNED;
    const around = Math.ceil(size / 2 / hop / ALIGNED) * ALIGNED; // a frame's window reaches so far
    const mels = new Assembly(total, bands, FADE);
    for (const start of starts(total, WINDOW, OVERLAP)) {
      const stop = Math.min(start + WINDOW, total), first = Math.max(start - around, 0);
      const heard = this.analysis.mel(sound.subarray(first * hop, (stop + around) * hop));
      const mel = { bands, frames: stop - start, values: new Float32Array(bands * (stop - start)) };
      for (let band = 0; band < bands; band++) {
        const row = band * heard.frames + start - first;
        mel.values.set(heard.values.subarray(row, row + mel.frames), band * mel.frames);
      }
      const extras = this.about.draws ? { noise: normal(settings.seed, start, stop, bands) } : {};
      for (const [name, value] of Object.entries(this.about.options)) extras[name] = settings[name] ?? value;
      mels.add(start, turned(bands, mel.frames, await this.graphs.transfer(mel, timbre, extras)));
      watch((0.5 * stop) / total);
    }
    const samples = new Assembly(Math.max(total * hop, length), 1, JOINT * hop);
    for (const start of starts(total, VOCODED, HEARD)) {
      const frames = Math.min(VOCODED, total - start);
      const values = turned(frames, bands, mels.out.subarray(start * bands, (start + frames) * bands));
      samples.add(start * hop, await this.vocoder.decode({ bands, frames, values }));
      watch(0.5 + (0.5 * (start + frames)) / total);
    }
    return samples.out.slice(0, length);
  }
}

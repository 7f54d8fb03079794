// Samples: level, channels, rumble, the parts of a style; as timbre/core/signal.py and
// timbre/transfer/styles.py have them. Faults are sentences for whoever chose the file.

export const SILENCE = 1e-4; // peak
const HIGH_PASS = 0.05, CANCELLED = 0.25; // s; share of the power
const READ = 120, PART = 8, MOST = 8, LEAST = 0.5, SOFTEST = 20; // s, s, parts, s, dB

export function levels(sound) {
  let power = 0, peak = 0;
  for (const each of sound) {
    power += each * each;
    peak = Math.max(peak, Math.abs(each));
  }
  return { rms: Math.sqrt(power / sound.length), peak };
}

// The mean of channels, or the loudest where they cancel in it.
export function mono(channels) {
  if (channels.length === 1) return channels[0];
  const count = channels.length, length = channels[0].length;
  const mean = new Float32Array(length);
  for (const channel of channels) for (let n = 0; n < length; n++) mean[n] += channel[n] / count;
  const powers = channels.map((channel) => levels(channel).rms ** 2);
  const total = powers.reduce((a, b) => a + b);
  if (levels(mean).rms ** 2 >= (CANCELLED * total) / count ** 2) return mean;
  return channels[powers.indexOf(Math.max(...powers))];
}

// Without an offset and what lies below hearing: a triangular mean is subtracted.
export function withoutRumble(sound, rate) {
  const width = Math.max(3, Math.round(HIGH_PASS * rate) | 1), half = width >> 1, length = sound.length;
  let mean = Float64Array.from(sound);
  for (let turn = 0; turn < 2; turn++) {
    const sums = new Float64Array(length + 2 * half + 1);
    for (let n = 0; n < length + 2 * half; n++) {
      const period = 2 * length; // the ends are mirrored, each with itself
      const at = (((n - half) % period) + period) % period;
      sums[n + 1] = sums[n] + mean[at < length ? at : period - 1 - at];
    }
    mean = mean.map((_, n) => (sums[n + width] - sums[n]) / width);
  }
  return Float32Array.from(sound, (each, n) => each - mean[n]);
}

export function atLevel(sound, decibels) {
  const { rms, peak } = levels(sound);
  const gain = Math.min(10 ** (decibels / 20) / rms, 0.99 / peak);
  return sound.map((each) => each * gain);
}

// The loudest parts of a style, each a style of its own.
export function parts(sound, audio, most = MOST) {
  const rate = audio.sample_rate, heard = sound.subarray(0, Math.round(READ * rate));
  if (heard.length < LEAST * rate) throw new Error(`The style is too short: half a second or more is needed.`);
  if (levels(heard).peak < SILENCE) throw new Error('The style is silent. Please choose another one.');
  const count = Math.ceil(heard.length / Math.round(PART * rate)), length = Math.floor(heard.length / count);
  const cut = Array.from({ length: count }, (_, n) => heard.subarray(n * length, (n + 1) * length));
  const powers = cut.map((each) => levels(each).rms ** 2);
  const loud = powers.map((_, n) => n).sort((a, b) => powers[b] - powers[a] || a - b).slice(0, most);
  const least = Math.max(...powers) * 10 ** (-SOFTEST / 10);
  return loud.filter((n) => powers[n] > least).sort((a, b) => a - b).map((n) => atLevel(cut[n], audio.level_db));
}

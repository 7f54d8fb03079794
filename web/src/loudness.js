// How loud a sound is to ears: EBU R128 (ITU-R BS.1770), of one channel.

const CEILING = 10 ** (-1 / 20), OVERSAMPLED = 4, REACH = 12; // true peak; times; samples to each side

function filtered(sound, [b0, b1, b2, a1, a2]) {
  const out = new Float64Array(sound.length);
  let x1 = 0, x2 = 0, y1 = 0, y2 = 0;
  for (let n = 0; n < sound.length; n++) {
    const x = sound[n], y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2;
    x2 = x1; x1 = x; y2 = y1; y1 = y;
    out[n] = y;
  }
  return out;
}

// The two filters of K-weighting at any rate: their analogue forms, warped.
function weighted(sound, rate) {
  let k = Math.tan((Math.PI * 1681.974450955533) / rate), q = 0.7071752369554196;
  const high = 10 ** (3.999843853973347 / 20), middle = high ** 0.4996667741545416;
  let all = 1 + k / q + k * k;
  const shelf = [
    (high + (middle * k) / q + k * k) / all, (2 * (k * k - high)) / all, (high - (middle * k) / q + k * k) / all,
    (2 * (k * k - 1)) / all, (1 - k / q + k * k) / all,
  ];
  k = Math.tan((Math.PI * 38.13547087602444) / rate);
  q = 0.5003270373238773;
  all = 1 + k / q + k * k;
  return filtered(filtered(sound, shelf), [1, -2, 1, (2 * (k * k - 1)) / all, (1 - k / q + k * k) / all]);
}

// LUFS, to a tenth; null where R128 hears nothing.
export function integrated(sound, rate) {
  const block = Math.round(0.4 * rate), hop = Math.round(0.1 * rate), heard = weighted(sound, rate);
  const powers = [];
  for (let start = 0; start + block <= heard.length; start += hop) {
    let power = 0;
    for (let n = start; n < start + block; n++) power += heard[n] * heard[n];
    powers.push(power / block);
  }
  const loudness = (power) => -0.691 + 10 * Math.log10(power);
  const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
  const audible = powers.filter((power) => loudness(power) > -70);
  if (!audible.length) return null;
  const gate = loudness(mean(audible)) - 10;
  return Math.round(10 * loudness(mean(audible.filter((power) => loudness(power) > gate)))) / 10;
}

// The peak of what a converter makes of a sound, by a windowed sinc.
export function truePeak(sound) {
  let peak = 0;
  for (const each of sound) peak = Math.max(peak, Math.abs(each));
  for (let phase = 1; phase < OVERSAMPLED; phase++) {
    const taps = Float64Array.from({ length: 2 * REACH }, (_, n) => {
      const away = n - REACH + 1 - phase / OVERSAMPLED;
      return (Math.sin(Math.PI * away) / (Math.PI * away)) * Math.cos((Math.PI * away) / (2 * REACH + 1)) ** 2;
    });
    for (let start = 0; start + taps.length <= sound.length; start++) {
      let between = 0;
      for (let n = 0; n < taps.length; n++) between += taps[n] * sound[start + n];
      peak = Math.max(peak, Math.abs(between));
    }
  }
  return peak;
}

// By what a sound is multiplied to be as loud as another, never clipped.
export function gain(made, wanted, rate) {
  const power = (sound) => sound.reduce((sum, each) => sum + each * each, 0) / sound.length;
  const peak = truePeak(made), most = peak ? CEILING / peak : 1;
  if (!power(made)) return most;
  const [ours, theirs] = [made, wanted].map((sound) => integrated(sound, rate));
  if (ours === null || theirs === null) return Math.min(Math.sqrt(power(wanted) / power(made)), most);
  return Math.min(10 ** ((theirs - ours) / 20), most);
}

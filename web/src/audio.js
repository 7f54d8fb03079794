// Files to samples and back.

const LONGEST = 600; // s

// Channels of a recording at a rate, whatever the browser decodes.
export async function decoded(bytes, rate) {
  let found;
  try {
    found = await new OfflineAudioContext(1, 1, rate).decodeAudioData(bytes.slice(0));
  } catch {
    throw new Error('This file is no recording that the browser can read. Please choose a WAV, MP3, FLAC, OGG or M4A file.');
  }
  if (found.duration < 0.25) throw new Error('This recording is too short. Please choose one of half a second or more.');
  if (found.duration > LONGEST) throw new Error('This recording is longer than ten minutes. Please cut it.');
  return Array.from({ length: found.numberOfChannels }, (_, n) => found.getChannelData(n));
}

// A WAV file of 16 bits a sample.
export function wav(sound, rate) {
  const view = new DataView(new ArrayBuffer(44 + 2 * sound.length));
  const text = (at, letters) => [...letters].forEach((letter, n) => view.setUint8(at + n, letter.charCodeAt(0)));
  text(0, 'RIFF'); view.setUint32(4, 36 + 2 * sound.length, true); text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true); view.setUint16(20, 1, true); view.setUint16(22, 1, true);
  view.setUint32(24, rate, true); view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true); view.setUint16(34, 16, true);
  text(36, 'data'); view.setUint32(40, 2 * sound.length, true);
  sound.forEach((each, n) => view.setInt16(44 + 2 * n, Math.max(-32768, Math.min(32767, Math.round(each * 32768))), true));
  return new Blob([view], { type: 'audio/wav' });
}

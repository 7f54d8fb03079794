// Content, result and style at one clock: all play at once, and one of them is heard.

const FADED = 0.02; // s

export class Player {
  constructor(rate, onEnd) {
    this.rate = rate;
    this.onEnd = onEnd;
    this.sounds = new Map(); // mono samples by name
    this.heard = 'content';
    this.loop = true;
    this.playing = null;
  }

  set(name, samples) {
    this.stop();
    if (samples) this.sounds.set(name, samples);
    else this.sounds.delete(name);
  }

  hear(name) {
    this.heard = name;
    for (const [each, gain] of this.playing?.gains ?? []) {
      gain.gain.setTargetAtTime(each === name ? 1 : 0, this.context.currentTime, FADED / 3);
    }
  }

  async play() {
    this.stop();
    this.context ??= new AudioContext();
    await this.context.resume();
    const gains = new Map(), sources = [], at = this.context.currentTime + 0.05;
    for (const [name, samples] of this.sounds) {
      const buffer = this.context.createBuffer(1, samples.length, this.rate);
      buffer.copyToChannel(samples, 0);
      const source = new AudioBufferSourceNode(this.context, { buffer, loop: this.loop });
      const gain = new GainNode(this.context, { gain: name === this.heard ? 1 : 0 });
      source.connect(gain).connect(this.context.destination);
      source.start(at);
      gains.set(name, gain);
      sources.push(source);
    }
    const first = this.sounds.has('result') ? 'result' : 'content';
    const longest = sources[[...this.sounds.keys()].indexOf(first)] ?? sources[0];
    if (longest) longest.onended = () => { if (this.playing?.sources === sources) { this.stop(); this.onEnd(); } };
    this.playing = { gains, sources };
  }

  stop() {
    const { sources = [] } = this.playing ?? {};
    this.playing = null;
    for (const source of sources) source.stop();
  }
}

// Plays clips on one clock: changing between them keeps the position, to the sample.
class Player {
  constructor(buttons, changed, rate = 48000) {
    this.buttons = buttons;
    this.rate = rate; // Hz, at which clips are decoded
    this.changed = changed; // is told when something was heard, or cannot be loaded
    this.buffers = new Map();
    this.heard = new Map(); // by slot, the tenths of a second that were heard
    this.slot = buttons[0].dataset.slot;
    this.position = 0; // s, while it stands
    this.context = null;
    this.nodes = new Map();
    this.playing = false;
    this.repeats = false;
  }

  async load() {
    const decoder = new OfflineAudioContext(1, 1, this.rate);
    for (const { dataset: { slot, src, label } } of this.buttons) {
      try {
        const answer = await fetch(src);
        if (!answer.ok) throw new Error(answer.status);
        this.buffers.set(slot, await decoder.decodeAudioData(await answer.arrayBuffer()));
        this.heard.set(slot, new Set());
      } catch (error) {
        this.changed(`${label} could not be loaded. Please reload the page.`);
        return false;
      }
    }
    return true;
  }

  get length() { return this.buffers.get(this.slot).duration; }

  now() {
    if (!this.playing) return this.position;
    return this.position + Math.max(0, this.context.currentTime - this.begun);
  }

  // all clips run; one is heard
  play() {
    this.context ??= new AudioContext();
    this.context.resume();
    if (this.position >= this.length - 0.01) this.position = 0;
    this.begun = this.context.currentTime + 0.02;
    for (const [slot, buffer] of this.buffers) {
      const node = new AudioBufferSourceNode(this.context, { buffer });
      const gain = new GainNode(this.context, { gain: slot === this.slot ? 1 : 0 });
      node.connect(gain).connect(this.context.destination);
      if (this.position < buffer.duration) node.start(this.begun, this.position);
      this.nodes.set(slot, { node, gain });
    }
    this.playing = true;
    this.last = this.position;
  }

  pause() {
    this.follow();
    this.position = Math.min(this.now(), this.length);
    this.playing = false;
    for (const { node, gain } of this.nodes.values()) { node.disconnect(); gain.disconnect(); }
    this.nodes.clear();
  }

  seek(position) {
    const was = this.playing;
    if (was) this.pause();
    this.position = Math.min(Math.max(0, position), this.length);
    if (was) this.play();
  }

  choose(slot) {
    if (this.playing) {
      this.follow();
      for (const [name, { gain }] of this.nodes) {
        gain.gain.setTargetAtTime(name === slot ? 1 : 0, this.context.currentTime, 0.004);
      }
    }
    this.slot = slot;
    if (this.now() >= this.length) this.seek(0);
  }

  // note what was heard since the last time, and begin again or stop at the end
  follow() {
    if (!this.playing) return;
    const now = Math.min(this.now(), this.length);
    const tenths = this.heard.get(this.slot);
    for (let tenth = Math.floor(this.last * 10); tenth < now * 10; tenth++) tenths.add(tenth);
    this.last = now;
  }

  tick() {
    this.follow();
    if (this.playing && this.now() >= this.length) {
      this.pause();
      this.position = 0;
      if (this.repeats) this.play();
    }
  }

  isHeard(slot) {
    const buffer = this.buffers.get(slot);
    return Boolean(buffer) && this.heard.get(slot).size >= 0.9 * buffer.duration * 10 - 1;
  }
}

// The page: what is chosen, what is told, what is heard.

import { decoded, wav } from './audio.js';
import { mono } from './signal.js';
import { Player } from './player.js';

const at = (id) => document.getElementById(id);
const chosen = { content: null, style: null }; // {name, channels}
const asked = { content: 0, style: 0 }; // how often: what was chosen last counts
let known, player, worker, running = 0, link;

function say(text, isFault = false) {
  at('status').textContent = text;
  at('status').classList.toggle('fault', isFault);
}

function ready() {
  at('transfer').disabled = !(chosen.content && chosen.style) || at('progress').hidden === false;
  at('play').disabled = !player.sounds.size;
  for (const name of ['content', 'result', 'style']) at(`hear-${name}`).disabled = !player.sounds.has(name);
}

function hear(name) {
  at(`hear-${name}`).checked = true;
  player.hear(name);
}

function told(playing) {
  at('play').textContent = playing ? 'Stop' : 'Play';
}

async function take(side, name, bytes) {
  const turn = (asked[side] += 1);
  try {
    const channels = await decoded(await bytes, known.rate);
    if (turn !== asked[side]) return;
    chosen[side] = { name, channels };
    at(`${side}-name`).textContent = `${name}, ${(channels[0].length / known.rate).toFixed(1)} s`;
    player.set(side, Float32Array.from(mono(channels)));
    player.set('result', null);
    at('download').hidden = true;
    told(false);
    hear(side);
    say('');
  } catch (error) {
    if (turn === asked[side]) say(`${name}: ${error.message}`, true);
  }
  ready();
}

async function fetched(file) {
  try {
    return await (await fetch(file)).arrayBuffer();
  } catch {
    throw new Error('This example could not be loaded. Please try again when you are online.');
  }
}

async function example(side, file) {
  const clip = known.clips.find((each) => each.file === file);
  if (clip) await take(side, clip.title, fetched(file));
}

function choosing(side) {
  const zone = at(`${side}-zone`), input = at(`${side}-file`), select = at(`${side}-example`);
  const files = async (list) => {
    if (!list.length) return;
    select.value = '';
    await take(side, list[0].name, list[0].arrayBuffer());
  };
  for (const { file, title } of known.clips) select.add(new Option(title, file));
  select.onchange = () => example(side, select.value);
  input.onchange = () => files(input.files);
  zone.ondragover = (event) => { event.preventDefault(); zone.classList.add('over'); };
  zone.ondragleave = () => zone.classList.remove('over');
  if (input.files.length) files(input.files); // before the page was ready
  zone.ondrop = (event) => { event.preventDefault(); zone.classList.remove('over'); files(event.dataTransfer.files); };
}

function progress(share, text) {
  at('progress').hidden = share === null;
  if (share !== null) at('progress').value = share;
  if (text) say(text);
  ready();
}

function settings() {
  const given = { strength: Number(at('strength').value) / 100, seed: Math.max(0, Math.floor(Number(at('seed').value) || 0)) };
  if (model().about.draws) given.temperature = Number(at('temperature').value);
  return given;
}

const model = () => known.models.find((each) => each.name === at('model').value);

function begin(kind) {
  const name = model().name;
  if (kind === 'load') return worker.postMessage({ kind, id: 0, model: name });
  running += 1;
  progress(0, 'Working …');
  const [content, style] = [chosen.content.channels, chosen.style.channels];
  return worker.postMessage({ kind, id: running, model: name, content, style, settings: settings() });
}

function heard({ data }) {
  if (data.id !== running && data.id !== 0) return;
  if (data.kind === 'progress' && data.id) {
    const text = data.stage === 'load' ? 'Loading the model …' : 'Working …';
    progress(Math.min(1, data.share), text);
  } else if (data.kind === 'failed' && data.id) {
    progress(null);
    say(data.message, true);
  } else if (data.kind === 'done') {
    player.set('result', data.made);
    told(false);
    hear('result');
    progress(null, `Done in ${data.seconds.toFixed(1)} s.`);
    if (link) URL.revokeObjectURL(link);
    link = URL.createObjectURL(wav(data.made, known.rate));
    const stem = (name) => name.replace(/\.[^.]+$/, '').slice(0, 40);
    at('download').href = link;
    at('download').download = `${stem(chosen.content.name)} as ${stem(chosen.style.name)}.wav`;
    at('download').hidden = false;
  }
}

async function controlled() { // what is fetched then goes through the service worker, and is kept
  if (!('serviceWorker' in navigator) || !window.isSecureContext) return;
  try {
    await navigator.serviceWorker.register('sw.js');
    if (navigator.serviceWorker.controller) return;
    await Promise.race([
      new Promise((resolve) => { navigator.serviceWorker.oncontrollerchange = resolve; }),
      new Promise((resolve) => { setTimeout(resolve, 3000); }),
    ]);
  } catch { /* without one the page works, but not offline */ }
}

async function start() {
  await controlled();
  known = await (await fetch('models.json')).json();
  player = new Player(known.rate, () => told(false));
  worker = new Worker('worker.js', { type: 'module' });
  worker.onmessage = heard;
  worker.onerror = () => { progress(null); say('This browser cannot run the model. Please try a newer one.', true); };
  for (const { name, title } of known.models) at('model').add(new Option(title, name));
  at('model').value = known.models[0].name; // the smallest
  const changed = () => { at('drawing').hidden = !model().about.draws; at('temperature').value = model().about.options.temperature ?? 0; };
  at('model').onchange = () => { changed(); begin('load'); };
  changed();
  at('strength').oninput = () => { at('strength-told').textContent = `${at('strength').value} %`; };
  at('transfer').onclick = () => begin('transfer');
  at('play').onclick = async () => {
    if (player.playing) player.stop();
    else await player.play();
    told(player.playing);
  };
  at('loop').onchange = async () => {
    player.loop = at('loop').checked;
    if (player.playing) await player.play();
  };
  for (const name of ['content', 'result', 'style']) at(`hear-${name}`).onchange = () => player.hear(name);
  for (const side of ['content', 'style']) choosing(side);
  const [content, style] = ['upright_piano', 'saxophone'].map((name) => known.clips.find((each) => each.name === name) ?? known.clips[0]);
  for (const [side, clip] of [['content', content], ['style', style]]) {
    if (!clip || asked[side]) continue;
    at(`${side}-example`).value = clip.file;
    await example(side, clip.file);
  }
  hear('content');
  if (!navigator.connection?.saveData) begin('load');
}

start().catch((error) => say(`The page could not start: ${error.message}`, true));

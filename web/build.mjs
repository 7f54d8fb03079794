// Puts the page together in `dist/`: plain files for any static host.
//
// Usage: node build.mjs [MODELS [OUT]]; MODELS is a folder that `timbre export` wrote.

import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const [models = join(here, '..', 'models'), out = join(here, 'dist')] = process.argv.slice(2).map((each) => resolve(each));
const clips = join(here, '..', 'timbre', 'clips'), ort = join(here, 'node_modules', 'onnxruntime-web', 'dist');
const WEIGHTS = 'weights.safetensors', RUNTIME = ['ort.wasm.min.mjs', 'ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'];

function end(sentence) {
  console.error(`error: ${sentence}`);
  process.exit(2);
}

// What a graph tells of itself: field 14 of ONNX's ModelProto holds pairs of key and value.
function about(path) {
  const bytes = readFileSync(path);
  const walk = (from, to, each) => {
    let place = from;
    const number = () => {
      for (let value = 0, factor = 1; ; factor *= 128) {
        const byte = bytes[place++];
        value += (byte & 127) * factor;
        if (byte < 128) return value;
      }
    };
    while (place < to) {
      const key = number(), kind = key & 7;
      if (kind === 0) number();
      else if (kind === 2) { const size = number(); each(key >>> 3, place, place + size); place += size; }
      else place += kind === 1 ? 8 : 4;
    }
  };
  const told = {};
  walk(0, bytes.length, (field, from, to) => {
    if (field !== 14) return;
    const pair = {};
    walk(from, to, (part, begin, stop) => { pair[part] = bytes.subarray(begin, stop).toString('utf8'); });
    told[pair[1]] = pair[2];
  });
  if (!told.timbre) end(`expected a graph that tells what it is in ${path}, got another; please make it with \`timbre export\`.`);
  return JSON.parse(told.timbre);
}

function entry(name, graphs) {
  const folder = join(models, name);
  const found = about(join(folder, graphs.at(-1)));
  const weights = readFileSync(join(folder, WEIGHTS));
  if (createHash('sha256').update(weights).digest('hex') !== found.weights_sha256) {
    end(`expected the weights that the graphs of ${name} belong to in ${folder}, got others; please make the graphs again with \`timbre export\`.`);
  }
  const files = [...graphs, WEIGHTS];
  for (const file of files) cpSync(join(folder, file), join(out, 'models', name, file));
  const card = join(folder, 'card.json');
  const title = existsSync(card) ? JSON.parse(readFileSync(card, 'utf8')).about.title : name;
  const bytes = files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
  return { name, title, folder: `models/${name}`, bytes, about: found };
}

if (!existsSync(ort)) end('expected onnxruntime-web in node_modules, found none; please run `npm ci` here.');
const VOCODER = ['spectrum.onnx'], MODEL = ['style.onnx', 'transfer.onnx'];
const whole = (name, graphs) => [...graphs, WEIGHTS].every((file) => existsSync(join(models, name, file)));
const names = existsSync(models) ? readdirSync(models).sort().filter((name) => whole(name, MODEL)) : [];
if (!names.length || !whole('vocoder', VOCODER)) end(`expected exported models and their vocoder in ${models}, found none; please make them with \`timbre export\`.`);

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
cpSync(join(here, 'src'), out, { recursive: true });
for (const file of RUNTIME) cpSync(join(ort, file), join(out, 'ort', file));
const listed = JSON.parse(readFileSync(join(clips, 'clips.json'), 'utf8')).map(({ name, title }) => ({ name, title, file: `clips/${name}.ogg` }));
for (const { name, file } of listed) cpSync(join(clips, `${name}.ogg`), join(out, file));
const vocoder = entry('vocoder', VOCODER);
const known = { rate: vocoder.about.audio.sample_rate, models: names.map((name) => entry(name, MODEL)).sort((a, b) => a.bytes - b.bytes), vocoder, clips: listed };
for (const { name, about: { audio } } of known.models) {
  if (JSON.stringify(audio) !== JSON.stringify(vocoder.about.audio)) end(`expected ${name} and the vocoder to share one mel, they have different settings; please export others.`);
}
writeFileSync(join(out, 'models.json'), JSON.stringify(known));

const page = ['./', 'models.json', ...readdirSync(join(here, 'src')).filter((file) => file !== 'sw.js')];
const hash = createHash('sha256');
for (const file of readdirSync(out, { recursive: true, withFileTypes: true }).filter((each) => each.isFile()).map((each) => join(each.parentPath ?? each.path, each.name)).sort()) hash.update(readFileSync(file));
const worker = readFileSync(join(out, 'sw.js'), 'utf8').replace('BUILD', hash.digest('hex').slice(0, 16));
writeFileSync(join(out, 'sw.js'), `const PAGE = ${JSON.stringify(page)};\n${worker}`);
console.log(`${out}: the page with ${names.join(', ')}`);

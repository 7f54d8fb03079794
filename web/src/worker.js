// Everything that takes time, apart from the page. Messages: {kind: 'transfer', id, model, content,
// style, settings} -> {kind: 'progress' | 'done' | 'failed', id, ...}; {kind: 'load', model}.

import * as ort from './ort/ort.wasm.min.mjs';
import { Engine } from './engine.js';

ort.env.wasm.wasmPaths = new URL('./ort/', import.meta.url).href;
ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency || 1) : 1;
ort.env.logLevel = 'error';

const engines = new Map(); // promises by the model's name
const files = new Map(); // promises of bytes by the path

async function fetched(path, watch) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} could not be loaded (${response.status}).`);
  const pieces = [];
  for (const reader = response.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    watch(value.length);
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

function file(path, watch) {
  if (!files.has(path)) files.set(path, fetched(path, watch).catch((error) => { files.delete(path); throw error; }));
  return files.get(path);
}

let last = Promise.resolve(); // sessions are made one by one: weights are known by their name alone

async function session(folder, graph, watch) {
  const path = 'weights.safetensors';
  const [model, data] = await Promise.all([file(`${folder}/${graph}`, watch), file(`${folder}/${path}`, watch)]);
  const make = () => ort.InferenceSession.create(model, { executionProviders: ['wasm'], externalData: [{ path, data }] });
  last = last.then(make, make);
  return last;
}

const tensor = (values, dims) => new ort.Tensor('float32', values, dims);

async function load(name, watch) {
  const known = JSON.parse(new TextDecoder().decode(await file('models.json', () => {})));
  const model = known.models.find((each) => each.name === name), { vocoder } = known;
  let got = 0;
  const count = (bytes) => watch((got += bytes) / (model.bytes + vocoder.bytes));
  const [style, transfer, spectrum] = await Promise.all([
    session(model.folder, 'style.onnx', count), session(model.folder, 'transfer.onnx', count),
    session(vocoder.folder, 'spectrum.onnx', count),
  ]);
  const input = (mel) => tensor(mel.values, [1, mel.bands, mel.frames]);
  return new Engine(model.about, vocoder.about, {
    async style(mel) {
      const { vector, frames, patches } = await style.run({ mel: input(mel) });
      return { vector: vector.data, frames: frames.data, width: frames.dims[2], patches: patches?.data };
    },
    async transfer(mel, { vector, frames, width, bias, patches }, { noise, ...options }) {
      const rows = (values) => tensor(values, [1, values.length / width, width]);
      const inputs = { mel: input(mel), vector: tensor(vector, [1, vector.length]), frames: rows(frames), bias: tensor(bias, [1, width]) };
      if (patches) inputs.patches = rows(patches);
      if (noise) inputs.noise = tensor(noise, [1, mel.bands, mel.frames]);
      for (const [option, value] of Object.entries(options)) inputs[option] = tensor(Float32Array.of(value), []);
      return (await transfer.run(inputs)).made.data;
    },
    async spectrum(mel) {
      const { real, imaginary } = await spectrum.run({ mel: input(mel) });
      return { real: real.data, imaginary: imaginary.data };
    },
  });
}

function engine(name, watch) {
  if (!engines.has(name)) engines.set(name, load(name, watch).catch((error) => { engines.delete(name); throw error; }));
  return engines.get(name);
}

self.onmessage = async ({ data: { kind, id, model, content, style, settings } }) => {
  const tell = (stage) => (share) => self.postMessage({ kind: 'progress', id, stage, share });
  try {
    const tool = await engine(model, tell('load'));
    if (kind === 'load') return self.postMessage({ kind: 'loaded', id, model });
    const begun = performance.now();
    const made = await tool.transfer(content, style, settings, tell('transfer'));
    self.postMessage({ kind: 'done', id, made, seconds: (performance.now() - begun) / 1000 }, [made.buffer]);
  } catch (error) {
    self.postMessage({ kind: 'failed', id, message: error.message });
  }
};

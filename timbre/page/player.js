// One player for content, style and result: one clock, one scale. `Player` stands before this text.
const url = (path) =>
  new URL(`gradio_api/file=${path.split("/").map(encodeURIComponent).join("/")}`, document.baseURI).href;
const make = (tag, options = {}, ...children) => {
  const { dataset = {}, ...rest } = options;
  const made = Object.assign(document.createElement(tag), rest);
  Object.assign(made.dataset, dataset);
  made.append(...children);
  return made;
};
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300];
const LONG = 120; // s, beyond which sound is decoded at a lower rate, for it lies in memory
let player = null;
let timer = null;
let settings = null; // that now stand on the page, as JSON

function mark() {
  const made = props.value?.of;
  element.classList.toggle("changed", Boolean(made && settings) && JSON.stringify(made) !== settings);
}

// one thing is heard at once: Gradio's players of the uploads can be reached by their buttons alone
function silence() {
  for (const button of document.querySelectorAll(".clip button[aria-label=Pause]")) button.click();
}

function ticks(longest) {
  const step = STEPS.find((each) => longest / each <= 8) ?? 600;
  const axis = make("div", { className: "times" });
  axis.setAttribute("aria-hidden", "true");
  for (let at = 0; at <= longest * 0.97; at += step) {
    const tick = make("span", { textContent: at < 60 ? `${at} s` : `${Math.floor(at / 60)}:${String(at % 60).padStart(2, "0")}` });
    tick.style.left = `${(100 * at) / longest}%`;
    axis.append(tick);
  }
  return axis;
}

function draw(canvas, buffer, loudest) {
  const { width, height } = canvas;
  const pen = canvas.getContext("2d");
  const samples = buffer.getChannelData(0);
  pen.fillStyle = getComputedStyle(canvas).color;
  for (let x = 0; x < width; x++) {
    let peak = 0;
    const stop = Math.floor(((x + 1) * samples.length) / width);
    for (let n = Math.floor((x * samples.length) / width); n < stop; n++) peak = Math.max(peak, Math.abs(samples[n]));
    const half = Math.max(0.5, (peak / loudest) * (height / 2));
    pen.fillRect(x, height / 2 - half, 1, 2 * half);
  }
}

function build() {
  player?.pause();
  clearInterval(timer);
  const stage = element.querySelector(".stage");
  const made = props.value;
  mark();
  stage.replaceChildren();
  stage.hidden = !made;
  if (!made) { player = null; return; }
  const longest = Math.max(...made.clips.map(({ seconds }) => seconds));
  const play = make("button", { type: "button", className: "play", textContent: "Play", disabled: true });
  const time = make("output", { className: "time" });
  const loop = make("input", { type: "checkbox" });
  const status = make("p", { className: "status", textContent: "Loading the clips." });
  status.setAttribute("role", "status");
  const rows = made.clips.map(({ slot, label, sound, picture, seconds }, number) => {
    const key = make("kbd", { textContent: String(number + 1) });
    key.setAttribute("aria-hidden", "true");
    const button = make("button", { type: "button", className: "source", dataset: { slot, label, src: url(sound) } }, key, ` ${label}`);
    const canvas = make("canvas", { width: 1200, height: 48 });
    canvas.setAttribute("aria-hidden", "true");
    const image = make("img", { src: url(picture), alt: `Spectrogram of ${label}` });
    const cursor = make("div", { className: "cursor" });
    const track = make("div", { className: "track" }, canvas, image, cursor);
    track.style.width = `${(100 * seconds) / longest}%`;
    const marks = made.pitches.map(([name, height]) => {
      const mark = make("span", { textContent: name });
      mark.style.bottom = `${100 * height}%`;
      return mark;
    });
    const scale = make("div", { className: "marks" }, ...marks);
    scale.setAttribute("aria-hidden", "true");
    const lane = make("div", { className: "lane" }, scale, make("div", { className: "tracks" }, track));
    return { button, canvas, cursor, track, seconds, slot, whole: make("section", {}, button, lane) };
  });
  const buttons = rows.map(({ button }) => button);
  const mine = new Player(buttons, (said) => { status.textContent = said; }, longest > LONG ? 16000 : 48000);
  player = mine;
  const show = () => {
    mine.tick();
    const now = Math.min(mine.now(), mine.length);
    for (const { button, cursor, seconds, slot, whole } of rows) {
      button.setAttribute("aria-pressed", String(slot === mine.slot));
      whole.classList.toggle("heard", slot === mine.slot);
      cursor.style.left = `${Math.min(100, (100 * now) / seconds)}%`;
    }
    play.textContent = mine.playing ? "Pause" : "Play";
    time.textContent = `${now.toFixed(1)} s of ${mine.length.toFixed(1)} s`;
  };
  const toggle = () => {
    if (mine.playing) mine.pause();
    else {
      silence();
      mine.play();
    }
    show();
  };
  play.onclick = toggle;
  loop.onchange = () => { mine.repeats = loop.checked; };
  for (const { button, track, seconds, slot } of rows) {
    button.onclick = () => { mine.choose(slot); show(); };
    track.onclick = (event) => {
      const { left, width } = track.getBoundingClientRect();
      mine.choose(slot);
      mine.seek(((event.clientX - left) / width) * seconds);
      show();
    };
  }
  stage.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || play.disabled) return;
    const button = buttons[Number(event.key) - 1];
    if (button) { button.click(); button.focus(); }
    else if (event.key === " " && !event.target.matches("button, input")) toggle();
    else if (event.key.toLowerCase() === "l") { loop.checked = !loop.checked; mine.repeats = loop.checked; }
    else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      mine.seek(mine.now() + (event.key === "ArrowLeft" ? -1 : 1));
      show();
    } else return;
    event.preventDefault();
  };
  const remarks = make("ul", { className: "remarks", hidden: !made.remarks.length });
  for (const remark of made.remarks) remarks.append(make("li", { textContent: remark }));
  stage.append(
    make("p", { className: "caption" }, make("strong", { textContent: made.caption })),
    make("p", { className: "stale", textContent: "Settings or clips have changed since: this result is of before." }),
    remarks,
    make("div", { className: "transport" }, play, time, make("label", {}, loop, " Repeat"),
      make("span", { className: "keys", textContent: "Keys: space, 1 2 3, L, arrows" })),
    ...rows.map(({ whole }) => whole),
    make("div", { className: "lane" }, make("div", { className: "marks" }), make("div", { className: "tracks" }, ticks(longest))),
    status,
  );
  stage.tabIndex = 0;
  mine.load().then((loaded) => {
    if (!loaded || player !== mine) return;
    const peaks = [...mine.buffers.values()].map((buffer) => buffer.getChannelData(0).reduce((most, each) => Math.max(most, Math.abs(each)), 1e-4));
    const loudest = Math.max(...peaks);
    for (const { canvas, slot } of rows) draw(canvas, mine.buffers.get(slot), loudest);
    mine.choose("result");
    play.disabled = false;
    status.textContent = "";
    show();
    timer = setInterval(show, 50);
  });
}

document.addEventListener("click", ({ target }) => {
  if (!target.closest(".clip button[aria-label=Play]")) return;
  if (player?.playing) player.pause();
  silence();
}, true);
window.addEventListener("settings", ({ detail }) => {
  settings = detail;
  mark();
});
watch("value", build);
build();

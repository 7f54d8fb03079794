// Opens a trial's questions once all clips were heard, and says what is missing.
const form = document.querySelector("form");
const status = document.getElementById("status");
const buttons = [...document.querySelectorAll("button.source")];
const fieldsets = [...document.querySelectorAll(".questions fieldset")];
const ranges = [...document.querySelectorAll(".rating input[type=range]")];
const [play, position, time, loop, next] = ["play", "position", "time", "loop", "next"].map((id) => document.getElementById(id));
let failed = false;

function say(text) {
  if (status.textContent !== text) status.textContent = text;
}

const player = new Player(buttons, (said) => { failed = true; say(said); });

function missingAnswers() {
  const names = new Set([...form.querySelectorAll("input[type=radio]")].map(({ name }) => name));
  const open = [...names].filter((name) => !form.querySelector(`input[name="${name}"]:checked`));
  return open.length + ranges.filter((range) => range.dataset.untouched).length;
}

function update() {
  if (failed) return;
  const missing = buttons.filter(({ dataset: { slot } }) => !player.isHeard(slot));
  for (const button of buttons) {
    button.setAttribute("aria-pressed", String(button.dataset.slot === player.slot));
    button.querySelector(".heard").hidden = missing.includes(button);
  }
  form.elements.played.value = buttons.filter((button) => !missing.includes(button)).map((button) => button.dataset.slot).join(",");
  for (const fieldset of fieldsets) fieldset.disabled = missing.length > 0;
  const left = missingAnswers();
  next.disabled = missing.length > 0 || left > 0;
  play.textContent = player.playing ? "Pause" : "Play";
  if (missing.length > 0) {
    say(`Still to hear: ${missing.map(({ dataset: { slot, label } }) => (slot.length > 1 ? label.toLowerCase() : label)).join(", ")}.`);
  } else if (left > 0) {
    say(left === 1 ? "All heard. One answer is missing." : `All heard. ${left} answers are missing.`);
  } else {
    say("All answered.");
  }
}

function show() {
  player.tick();
  position.max = player.length;
  position.value = Math.min(player.now(), player.length);
  time.textContent = `${Number(position.value).toFixed(1)} s of ${player.length.toFixed(1)} s`;
  update();
}

function toggle() {
  if (player.playing) player.pause();
  else player.play();
  show();
}

function choose(button) {
  player.choose(button.dataset.slot);
  show();
}

play.addEventListener("click", toggle);
position.addEventListener("input", () => { player.seek(Number(position.value)); show(); });
loop.addEventListener("change", () => { player.repeats = loop.checked; });
for (const button of buttons) button.addEventListener("click", () => { choose(button); if (!player.playing) toggle(); });
for (const range of ranges) {
  range.addEventListener("input", () => {
    delete range.dataset.untouched;
    range.nextElementSibling.textContent = range.value;
    update();
  });
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || play.disabled) return;
  const adjusts = event.target.matches("input[type=range], input[type=radio]");
  const letter = event.key.toLowerCase();
  const button = buttons[Number(event.key) - 1] ?? (buttons.length === 4 && buttons.find(({ dataset }) => dataset.slot === letter));
  if (button) choose(button);
  else if (event.key === " " && !event.target.matches("button, input")) toggle();
  else if (letter === "l") { loop.checked = !loop.checked; player.repeats = loop.checked; }
  else if (event.key.startsWith("Arrow") && !adjusts && /Left|Right/.test(event.key)) {
    player.seek(player.now() + (event.key === "ArrowLeft" ? -1 : 1));
    show();
  } else return;
  event.preventDefault();
});
form.addEventListener("change", update);
form.addEventListener("submit", () => { next.disabled = true; });
window.addEventListener("pageshow", () => { if (!play.disabled) update(); });
player.load().then((loaded) => {
  if (!loaded) return;
  play.disabled = false;
  show();
  setInterval(show, 50);
});

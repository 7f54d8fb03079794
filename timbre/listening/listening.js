// Opens the questions once all clips were heard, and says what is missing.
const form = document.querySelector("form");
const status = document.getElementById("status");
const players = [...document.querySelectorAll("audio")];
const fieldsets = [...document.querySelectorAll("fieldset")];
const button = document.querySelector("button");
const heard = new Set();
const ENOUGH = 0.9; // of a clip

function say(text) {
  if (status.textContent !== text) status.textContent = text;
}

function update() {
  const missing = players.filter((player) => !heard.has(player.dataset.slot));
  const open = missing.length === 0;
  form.elements.played.value = [...heard].join(",");
  for (const fieldset of fieldsets) fieldset.disabled = !open;
  button.disabled = !open;
  const unanswered = fieldsets.filter((fieldset) => !fieldset.querySelector(":checked"));
  if (!open) {
    const names = missing.map(({ dataset: { slot, label } }) => (slot.length > 1 ? label.toLowerCase() : label));
    say(`Still to hear: ${names.join(", ")}.`);
  } else if (unanswered.length === fieldsets.length) {
    say("All heard. Now answer the questions.");
  } else if (unanswered.length > 0) {
    const texts = unanswered.map((fieldset) => fieldset.querySelector("legend").textContent);
    say(`Still to answer: ${texts.join(" ")}`);
  } else {
    say("All answered.");
  }
}

function played({ played: ranges }) {
  let seconds = 0;
  for (let i = 0; i < ranges.length; i++) seconds += ranges.end(i) - ranges.start(i);
  return seconds;
}

for (const player of players) {
  player.addEventListener("play", () => {
    for (const other of players) if (other !== player) other.pause();
  });
  for (const event of ["timeupdate", "pause", "ended"]) {
    player.addEventListener(event, () => {
      if (heard.has(player.dataset.slot) || !(played(player) >= ENOUGH * player.duration)) return;
      heard.add(player.dataset.slot);
      player.parentElement.querySelector(".heard").hidden = false;
      update();
    });
  }
  player.addEventListener("error", () => {
    say(`${player.dataset.label} could not be loaded. Please reload the page.`);
  });
}
form.addEventListener("change", update);
form.addEventListener("submit", () => { button.disabled = true; });
window.addEventListener("pageshow", update);

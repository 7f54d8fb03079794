// One clip sounds at a time, and the clips of a case run by one clock: what is started goes on where
// the last one was, so that two outputs are compared at the same note. Style clips, which are other music, have none.
const players = [...document.querySelectorAll("audio")];
for (const article of document.querySelectorAll(".case")) {
  let last = null;
  for (const player of article.querySelectorAll("audio[data-clock]")) {
    player.addEventListener("seeking", () => { last = player; });
    player.addEventListener("play", () => {
      if (last && last !== player) player.currentTime = last.ended ? 0 : last.currentTime;
      last = player;
    });
  }
}
for (const player of players) {
  // Chromium fails to seek in some FLAC files of less than a second: those begin anew
  player.addEventListener("error", () => player.load());
  player.addEventListener("play", () => {
    for (const other of players) if (other !== player) other.pause();
  });
}

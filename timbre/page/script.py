"""Browser scripts of the page: what Gradio leaves unnamed to screen readers, and settings."""

# Gradio's buttons of each clip are named alike: what they belong to is told by its group. Its
# place to drop a file and its speed are named otherwise than they read.
LABELS = """() => {
  const name = (place, label) => {
    if (place.getAttribute("aria-label") !== label) place.setAttribute("aria-label", label);
  };
  const mend = () => {
    for (const group of document.querySelectorAll(".clip, fieldset")) {
      if (group.matches(".clip")) group.setAttribute("role", "group");
      const label = group.querySelector("label[data-testid=block-label], [data-testid=block-info]");
      if (label) name(group, label.textContent.trim());
    }
    for (const button of document.querySelectorAll(".clip button[aria-label]")) {
      let plain = button.getAttribute("aria-label").replace(/^(Skip.*\\.\\d)\\d+/, "$1");
      if (button.matches(".playback")) plain = `${button.textContent.trim()} playback speed`;
      name(button, plain);
    }
    for (const button of document.querySelectorAll(".clip .upload-container[aria-label]")) {
      button.removeAttribute("aria-label");
    }
  };
  mend();
  const all = { childList: true, subtree: true, attributeFilter: ["aria-label"] };
  new MutationObserver(mend).observe(document.body, all);
}"""
# clips and settings are kept for a reload; the player is told, which knows what its result is of
CHANGED = """(...values) => {
  const detail = JSON.stringify(values.map((value) => value?.path ?? value ?? null));
  window.dispatchEvent(new CustomEvent("settings", { detail }));
  return [values];
}"""

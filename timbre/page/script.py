"""Browser scripts of the page: what Gradio leaves unnamed to screen readers, and settings."""

# Gradio's buttons of each clip are named alike: what they belong to is told by its group. Its
# place to drop a file is named otherwise than it reads.
LABELS = """() => {
  const mend = () => {
    for (const group of document.querySelectorAll(".clip, fieldset")) {
      if (group.matches(".clip")) group.setAttribute("role", "group");
      const label = group.querySelector("label[data-testid=block-label], [data-testid=block-info]");
      if (label) group.setAttribute("aria-label", label.textContent.trim());
    }
    for (const button of document.querySelectorAll(".clip button[aria-label^=Skip]")) {
      const name = button.getAttribute("aria-label");
      button.setAttribute("aria-label", name.replace(/(\\.\\d)\\d+/, "$1"));
    }
    for (const button of document.querySelectorAll(".clip .upload-container[aria-label]")) {
      button.removeAttribute("aria-label");
    }
  };
  mend();
  new MutationObserver(mend).observe(document.body, { childList: true, subtree: true });
}"""
# clips and settings are kept for a reload; the player is told, which knows what its result is of
CHANGED = """(...values) => {
  const detail = JSON.stringify(values.map((value) => value?.path ?? value ?? null));
  window.dispatchEvent(new CustomEvent("settings", { detail }));
  return [values];
}"""

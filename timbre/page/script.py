"""Browser script of the page: labels and plain sentences beyond what Gradio does."""

import json

from timbre.page.limits import Limits

# what is shown was made with other settings than those that now stand there
CHANGED = "() => document.querySelector('#result .stage')?.parentElement.classList.add('changed')"
# Gradio's buttons of each clip are named alike: what they belong to is told by its group.
# Some of what it says is put otherwise once it is shown.
_SCRIPT = """() => {
  const reworded = %s.map(([said, instead]) => [new RegExp(said), instead]);
  const groups = () => {
    for (const group of document.querySelectorAll(".clip, fieldset")) {
      if (group.matches(".clip")) group.setAttribute("role", "group");
      const label = group.querySelector("label[data-testid=block-label], [data-testid=block-info]");
      if (label) group.setAttribute("aria-label", label.textContent.trim());
    }
    for (const button of document.querySelectorAll(".clip button[aria-label^=Skip]")) {
      const name = button.getAttribute("aria-label");
      button.setAttribute("aria-label", name.replace(/(\\.\\d)\\d+/, "$1"));
    }
  };
  const words = () => {
    for (const place of document.querySelectorAll("[data-testid=toast-text], [role=status]")) {
      for (const text of place.childNodes) {
        if (text.nodeType !== Node.TEXT_NODE) continue;
        for (const [said, instead] of reworded) {
          const plain = text.data.trim();
          if (said.test(plain)) text.data = plain.replace(said, instead);
        }
      }
    }
  };
  const mend = () => { groups(); words(); };
  mend();
  const all = { childList: true, characterData: true, subtree: true };
  new MutationObserver(mend).observe(document.body, all);
}"""


def rewordings(limits: Limits) -> list[tuple[str, str]]:
    """Gradio's refusals as patterns, and what is said instead.

    Args:
        limits: that it refuses uploads by.
    """
    most = f"Expected {limits.megabytes} MB at most"
    smaller = "please shorten it or save it as FLAC or MP3."
    return [
        # by the browser, before anything is sent
        (
            r'^File\(s\) exceed the maximum allowed size of .*?: "(.*)"$',
            f"{most}, $1 has more; {smaller}",
        ),
        # by the server
        (
            r"^File size exceeded maximum allowed size of \d+ bytes\.$",
            f"{most}, this recording has more; {smaller}",
        ),
        (
            r"^Invalid file types?: (.*?)\. Only .* allowed\.$",
            "Expected a recording, $1 is no audio file by its name; "
            "please save its sound as WAV, FLAC or MP3.",
        ),
        (
            r"^This application is currently busy\. Please try again\.$",
            "Expected a free place in the queue, all are taken; please try again in a minute.",
        ),
        # to screen readers, for want of a translation
        (r"^common\.complete$", "Done"),
        (r"^common\.error$", "Error"),
    ]


def script(limits: Limits) -> str:
    """The function in JavaScript that the page calls when it is there."""
    return _SCRIPT % json.dumps(rewordings(limits))

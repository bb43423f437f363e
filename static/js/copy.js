// Copy buttons: beside everything that is marked with data-copy, and those that name their source with data-copy-from.
export function startCopy() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy-from], .copy-button");
    if (button) copy(button, sourceOf(button));
  });
}

// Only with JavaScript are there such buttons: nothing else could answer them.
export function addCopyButtons(root) {
  for (const source of root.querySelectorAll("[data-copy]")) {
    if (source.nextElementSibling?.matches(".copy-button")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet-button copy-button";
    button.textContent = "Copy";
    source.after(button);
  }
}

function sourceOf(button) {
  return button.dataset.copyFrom ? document.querySelector(button.dataset.copyFrom) : button.previousElementSibling;
}

async function copy(button, source) {
  if (!source) return;
  button.textContent = await write(source);
  setTimeout(() => (button.textContent = "Copy"), 1500);
}

async function write(source) {
  try {
    await navigator.clipboard.writeText(source.textContent);
    return "Copied";
  } catch {
    getSelection().selectAllChildren(source);
    return "Selected: copy by hand";
  }
}

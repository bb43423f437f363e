// Copies the text of what a button names, and says that it did.
export function startCopy() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy-from]");
    if (button) copy(button);
  });
}

async function copy(button) {
  const source = document.querySelector(button.dataset.copyFrom);
  if (!source) return;
  const before = button.textContent;
  button.textContent = await write(source.textContent);
  setTimeout(() => (button.textContent = before), 1500);
}

async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
    return "Copied";
  } catch {
    return "Select and copy by hand";
  }
}

// Stops a page that is still coming; what has come stays. A script of its own in the page, not a module: modules run
// only when all of the page is there.
{
  const button = document.currentScript.previousElementSibling;
  button.hidden = document.readyState !== "loading";
  button.addEventListener("click", () => {
    window.stop();
    button.hidden = true;
  });
  document.addEventListener("DOMContentLoaded", () => (button.hidden = true));
}

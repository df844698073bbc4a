// Says aloud how the pairs stand, but only when that changed: the overview is loaded anew every few seconds, and a live
// region that was replaced with the same words would be read out each time.
document.addEventListener("htmx:afterSettle", () => {
  const pairs = document.getElementById("pairs");
  const aloud = document.getElementById("aloud");
  if (pairs && aloud && aloud.textContent !== pairs.dataset.aloud) {
    aloud.textContent = pairs.dataset.aloud;
  }
});

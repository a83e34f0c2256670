// Runs before the first paint, so that the page does not flash. Some browsers forbid storage, for example on file://.
(function () {
  "use strict";
  var theme = null;
  try { theme = localStorage.getItem("viz-theme"); } catch { /* then the system setting applies */ }
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
})();

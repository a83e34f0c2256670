// Before the first paint, so that nothing flashes. Storage may be forbidden, as on file:// in some browsers.
(function () {
  "use strict";
  var theme = null;
  try { theme = localStorage.getItem("viz-theme"); } catch { /* then as the system has it */ }
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
})();

(function () {
  try {
    var theme = localStorage.getItem("observe.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch (error) {
    // Storage may be forbidden; the system's theme is used then.
  }
})();
